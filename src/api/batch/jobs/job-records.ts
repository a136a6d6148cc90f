import { childId, nodeId, parseChildId, parseNodeId } from "../../../core/ids.ts";
import type { ArrayRest, JobState, JobStatus } from "../../../core/job.ts";
import { nodeState } from "../../../core/tasks/node-state.ts";
import type { JobRecord, JobSpec, JobTable } from "../../../ports/store.ts";

/** Jobs and service jobs are kept side by side, and no operation knows both. */
export type JobKind = "job" | "service-job";

export function isOfKind(kind: JobKind, { scheduling }: Pick<JobRecord, "scheduling">): boolean {
  return (scheduling.service === undefined) === (kind === "job");
}

/**
 * Jobs by id: single jobs, array parents, children whether they have a record of their own or not, nodes of multi-node parallel jobs. Unknown ids
 * are left out.
 */
export async function findJobs(
  jobs: JobTable,
  scope: string,
  ids: readonly string[],
  kind: JobKind | "any" = "job",
): Promise<JobRecord[]> {
  const records = await jobs.find(scope, withOwners(ids));
  return pick(
    ids,
    records.filter((record) => kind === "any" || isOfKind(kind, record)),
  );
}

/** The same, each with its spec. */
export async function findJobsWithSpecs(
  jobs: JobTable,
  scope: string,
  ids: readonly string[],
  kind: JobKind | "any" = "job",
): Promise<{ readonly job: JobRecord; readonly spec: JobSpec }[]> {
  const owners = await jobs.findWithSpecs(scope, withOwners(ids));
  const found = owners.filter(({ job }) => kind === "any" || isOfKind(kind, job));
  const specs = new Map(found.map(({ job, spec }) => [job.id, spec]));
  const records = found.map(({ job }) => job);
  return pick(ids, records).map((job) => ({ job, spec: specs.get(ownerId(job))! }));
}

function withOwners(ids: readonly string[]): string[] {
  const ownerIds = ids.flatMap((id) => parseChildId(id)?.parentId ?? parseNodeId(id)?.jobId ?? []);
  return [...new Set([...ids, ...ownerIds])];
}

function pick(ids: readonly string[], records: readonly JobRecord[]): JobRecord[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  return ids.flatMap((id) => byId.get(id) ?? unrecorded(id, byId) ?? nodeOf(id, byId) ?? []);
}

function unrecorded(id: string, byId: Map<string, JobRecord>): JobRecord | undefined {
  const child = parseChildId(id);
  const parent = child && byId.get(child.parentId);
  if (child === undefined || parent === undefined) return undefined;
  return child.index < (parent.scheduling.arraySize ?? 0) ? unrecordedChild(parent, child.index) : undefined;
}

function nodeOf(id: string, byId: Map<string, JobRecord>): JobRecord | undefined {
  const node = parseNodeId(id);
  const job = node && byId.get(node.jobId);
  if (node === undefined || job === undefined) return undefined;
  return node.node < (job.scheduling.nodes?.count ?? 0) ? nodeRecord(job, node.node) : undefined;
}

/** The id of the job whose spec a child or a node has. */
export function ownerId({ id, parent, node }: JobRecord): string {
  return parent?.id ?? node?.jobId ?? id;
}

/** A node of a multi-node parallel job, as though it were a job. */
export function nodeRecord(job: JobRecord, index: number): JobRecord {
  const { units } = job.scheduling;
  return {
    ...job,
    id: nodeId(job.id, index),
    node: { jobId: job.id, index },
    scheduling: {
      ...job.scheduling,
      ...(units !== undefined && { units: units.filter(({ node }) => node === index) }),
    },
    state: nodeState(job.state, job.scheduling, index),
  };
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
