import { childId, parseChildId } from "../../core/ids.ts";
import type { ArrayRest, JobState } from "../../core/job.ts";
import type { JobRecord, JobTable } from "../../ports/store.ts";

/** Jobs by id: single jobs, array parents, and children whether they have a record of their own or not. Unknown ids are left out. */
export async function findJobs(jobs: JobTable, scope: string, ids: readonly string[]): Promise<JobRecord[]> {
  const parentIds = ids.flatMap((id) => parseChildId(id)?.parentId ?? []);
  const records = await jobs.find(scope, [...new Set([...ids, ...parentIds])]);
  const byId = new Map(records.map((record) => [record.id, record]));
  return ids.flatMap((id) => byId.get(id) ?? unrecorded(id, byId) ?? []);
}

function unrecorded(id: string, byId: Map<string, JobRecord>): JobRecord | undefined {
  const child = parseChildId(id);
  const parent = child && byId.get(child.parentId);
  if (child === undefined || parent === undefined) return undefined;
  return child.index < (parent.scheduling.arraySize ?? 0) ? unrecordedChild(parent, child.index) : undefined;
}

/** A child without a record is what its parent says of all such children. */
export function unrecordedChild(parent: JobRecord, index: number): JobRecord {
  return {
    ...parent,
    id: childId(parent.id, index),
    parent: { id: parent.id, index },
    state: { ...restOf(parent.state), attempts: [] } satisfies JobState,
  };
}

/** Before the first tick the children wait like their parent. */
export function restOf(state: JobState): ArrayRest {
  return state.rest ?? { status: "PENDING" };
}
