import { childId, parseChildId } from "../../../core/ids.ts";
import type { Attempt } from "../../../core/job.ts";
import { requirementsOf } from "../../../core/job.ts";
import type { PastJob } from "../../../ports/what-if.ts";
import type { JobPlace, JobRecord, JobTable, QueueSettings, ResourceRecord } from "../../../ports/store.ts";

export interface PastJobs {
  readonly jobs: readonly PastJob[];
  /** Later than asked for where there are too many jobs. */
  readonly from: number;
  readonly notes: readonly string[];
}

export interface PastJobsQuery {
  readonly queues: readonly ResourceRecord<QueueSettings>[];
  /** Epoch ms. */
  readonly from: number;
  readonly now: number;
  /** Of single jobs, arrays and children. */
  readonly changedPriorities: ReadonlyMap<string, number>;
  readonly signal: AbortSignal;
  readonly onProgress: (read: number) => void;
}

const MOST_JOBS = 50_000;
/** Of jobs from before the window, so many are looked at for those that were still there. */
const MOST_EARLIER = 20_000;
const PAGE = 1_000;
const RAN = ["SUCCEEDED", "FAILED", "RUNNING"] as const;

interface Found {
  readonly record: JobRecord;
  readonly queue: string;
}

/** What ran: jobs, and children of arrays, that were submitted since, and those before them that were not over. */
export async function pastJobs(table: JobTable, query: PastJobsQuery): Promise<PastJobs> {
  const { queues, from, now, onProgress, signal } = query;
  const found: Found[] = [];
  let [waiting, isCut, usesConsumables] = [0, false, false];
  const take = async (record: JobRecord, queue: string): Promise<void> => {
    signal.throwIfAborted();
    usesConsumables ||= record.scheduling.consumables !== undefined;
    if (record.scheduling.arraySize === undefined) {
      if (hasRun(record)) found.push({ record, queue });
      else waiting += 1;
      return;
    }
    const before = found.length;
    for await (const child of childrenThatRan(table, record.id)) found.push({ record: child, queue });
    waiting += record.scheduling.arraySize - (found.length - before);
  };
  for await (const { job, queue } of newestFirst(table, queues, from)) {
    if (found.length >= MOST_JOBS) {
      isCut = true;
      break;
    }
    await take(job, queue);
    onProgress(found.length);
  }
  const begin = isCut ? Math.min(...found.map(({ record }) => record.createdAt)) : from;
  for (const { arn, name } of queues) {
    for await (const job of earlier(table, arn, begin)) {
      if ((job.state.stoppedAt ?? Infinity) > begin) await take(job, name);
    }
  }
  const ends = new Map(found.map(({ record }) => [record.id, record.state.stoppedAt]));
  const jobs = found
    .map((one) => toPastJob(one, { begin, now, ends, priorities: query.changedPriorities }))
    // What was over before the window is in nobody's way.
    .filter(({ stoppedMs, startedMs }) => (stoppedMs ?? Infinity) > 0 && startedMs <= now - begin);
  const notes = [
    isCut && `There are more jobs than ${MOST_JOBS.toLocaleString("en")}: the window begins later than asked for.`,
    waiting > 0 &&
      `${waiting.toLocaleString("en")} jobs that never ran are left out: nobody knows for how long they would.`,
    usesConsumables && "Consumable resources are not simulated: jobs do not wait for them.",
  ];
  return { jobs, from: begin, notes: notes.filter((note) => note !== false) };
}

/** The newest of all queues together, so that a bound leaves out the oldest. */
async function* newestFirst(
  table: JobTable,
  queues: readonly ResourceRecord<QueueSettings>[],
  from: number,
): AsyncIterable<{ readonly job: JobRecord; readonly queue: string }> {
  const readers = queues.map(({ arn, name }) => ({
    queue: name,
    jobs: listed(table, arn, { createdAfter: from - 1 }),
  }));
  const heads = await Promise.all(readers.map(async (reader) => ({ ...reader, head: await reader.jobs.next() })));
  for (;;) {
    const open = heads.filter(({ head }) => head.done !== true);
    if (open.length === 0) return;
    const newest = open.reduce((a, b) => (a.head.value!.createdAt >= b.head.value!.createdAt ? a : b));
    yield { job: newest.head.value!, queue: newest.queue };
    newest.head = await newest.jobs.next();
  }
}

async function* earlier(table: JobTable, arn: string, before: number): AsyncIterable<JobRecord> {
  let looked = 0;
  for await (const job of listed(table, arn, { createdBefore: before })) {
    yield job;
    looked += 1;
    if (looked >= MOST_EARLIER) return;
  }
}

async function* listed(
  table: JobTable,
  arn: string,
  bounds: { readonly createdAfter?: number; readonly createdBefore?: number },
): AsyncGenerator<JobRecord, undefined> {
  for (let after: JobPlace | undefined; ;) {
    const page = await table.list(arn, { ...bounds, ...(after && { after }), limit: PAGE });
    for (const { job } of page) yield job;
    if (page.length < PAGE) return undefined;
    after = page.at(-1)!.place;
    await nextTurn();
  }
}

async function* childrenThatRan(table: JobTable, parentId: string): AsyncIterable<JobRecord> {
  for (const status of RAN) {
    for (let after = -1; ;) {
      const page = await table.children(parentId, { status, after, limit: PAGE });
      yield* page.filter(hasRun);
      if (page.length < PAGE) break;
      after = page.at(-1)!.parent!.index;
      await nextTurn();
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function hasRun({ state }: JobRecord): boolean {
  return firstStart(state.attempts) !== undefined;
}

function firstStart(attempts: readonly Attempt[]): number | undefined {
  return attempts.find(({ startedAt }) => startedAt !== undefined)?.startedAt;
}

interface Times {
  readonly begin: number;
  readonly now: number;
  readonly ends: ReadonlyMap<string, number | undefined>;
  readonly priorities: ReadonlyMap<string, number>;
}

function toPastJob({ record, queue }: Found, { begin, now, ends, priorities }: Times): PastJob {
  const { id, createdAt, scheduling, state, shareIdentifier } = record;
  const { priority, nodes, eachNode, expectedSeconds } = scheduling;
  const count = nodes?.count ?? 1;
  const whole = requirementsOf({ scheduling, state });
  const each =
    eachNode ??
    ({ vcpuMilli: whole.vcpuMilli / count, memoryMiB: Math.ceil(whole.memoryMiB / count), gpus: whole.gpus } as const);
  const changedPriority = priorities.get(id) ?? priorities.get(parseChildId(id)?.parentId ?? "");
  const runMs = state.attempts.reduce(
    (sum, { startedAt, stoppedAt }) => sum + (startedAt === undefined ? 0 : (stoppedAt ?? now) - startedAt),
    0,
  );
  const startedAt = firstStart(state.attempts)!;
  // Clocks can be set: nothing starts before it may.
  const readyAt = Math.min(startedAt, Math.max(createdAt, ...prerequisites(record).map((one) => ends.get(one) ?? 0)));
  return {
    queue,
    ...(shareIdentifier !== undefined && { share: shareIdentifier }),
    ...(priority !== undefined && { priority }),
    ...(changedPriority !== undefined && { changedPriority }),
    ...{ vcpus: each.vcpuMilli / 1000, memoryMiB: Math.max(4, each.memoryMiB), gpus: each.gpus },
    ...(count > 1 && { nodes: count }),
    ...(expectedSeconds !== undefined && { expectedSeconds }),
    ...{ readyMs: readyAt - begin, startedMs: startedAt - begin, runMs: Math.max(0, runMs) },
    ...(state.stoppedAt !== undefined && { stoppedMs: state.stoppedAt - begin }),
  };
}

/** Ids of the jobs and children whose ends a job, or a child, waited for. */
function prerequisites({ parent, scheduling: { dependsOn } }: JobRecord): string[] {
  return dependsOn.flatMap(({ type, jobId }) => {
    if (type === "SEQUENTIAL")
      return parent === undefined || parent.index === 0 ? [] : [childId(parent.id, parent.index - 1)];
    if (type === "N_TO_N") return parent === undefined ? [] : [childId(jobId, parent.index)];
    return [jobId];
  });
}
