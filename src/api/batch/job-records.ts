import { childId, parseChildId } from "../../core/ids.ts";
import type { ArrayRest, JobState, JobStatus } from "../../core/job.ts";
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

/** Children of one status by index, those without a record among them. */
export async function childrenOf(
  jobs: JobTable,
  parent: JobRecord,
  { status, after, limit }: { status: JobStatus; after: number; limit: number },
): Promise<JobRecord[]> {
  const recorded = await jobs.children(parent.id, { status, after, limit });
  if (restOf(parent.state).status !== status) return recorded;
  const others = (await unrecordedIndexes(jobs, parent, after, limit)).map((index) => unrecordedChild(parent, index));
  return [...recorded, ...others].sort((a, b) => a.parent!.index - b.parent!.index).slice(0, limit);
}

/** How many children are looked at together. Records are made in order of index, mostly: few windows hold records beside other children. */
const WINDOW = 2_000;

async function unrecordedIndexes(jobs: JobTable, parent: JobRecord, after: number, limit: number): Promise<number[]> {
  const size = parent.scheduling.arraySize!;
  const found: number[] = [];
  let from = Math.max(after + 1, parent.recorded?.below ?? 0);
  while (from < size && found.length < limit) {
    const to = Math.min(from + WINDOW, size);
    const recorded = new Set(await jobs.recordedIndexes(parent.id, { from, to }));
    for (; from < to && found.length < limit; from += 1) if (!recorded.has(from)) found.push(from);
  }
  return found;
}

/** A child without a record is what its parent says of all such children. */
function unrecordedChild(parent: JobRecord, index: number): JobRecord {
  const { recorded: _, ...shared } = parent;
  return {
    ...shared,
    id: childId(parent.id, index),
    parent: { id: parent.id, index },
    state: { ...restOf(parent.state), attempts: [] } satisfies JobState,
  };
}

/** Before the first tick the children wait like their parent. */
export function restOf(state: JobState): ArrayRest {
  return state.rest ?? { status: "PENDING" };
}
