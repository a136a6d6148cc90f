import type { JobStatus } from "../../../core/job.ts";
import type { CountsByStatus, Flow } from "../../../core/status-counts.ts";
import type { EnvironmentFacts } from "../../../ports/present.ts";
import { StoreUnavailable } from "../../../ports/store.ts";
import type { EnvironmentSummary, JobCounts, QueueSummary, SummaryReport } from "../../../ports/summary-report.ts";
import { arnOf, nameOf, scopeOf } from "../../batch/names.ts";
import type { Call } from "../../wire/operations.ts";
import type { Backend } from "../../batch/backend.ts";
import { toStoredSearch } from "../job-search/read-search.ts";
import type { HistoryBackend } from "./history.ts";
import { demandSight } from "./history.ts";
import { readStretch } from "./reading.ts";

type SummaryBackend = HistoryBackend & { readonly store: Pick<Backend["store"], "jobSearch"> };

const DAY_MS = 24 * 3_600_000;
/** Ten minutes: of a day that is read quickly. */
const STEP_SECONDS = 600;
const WAITING: readonly JobStatus[] = ["SUBMITTED", "PENDING", "RUNNABLE", "SCHEDULED"];
const RUNNING: readonly JobStatus[] = ["STARTING", "RUNNING"];
const NO_FLOW: Readonly<Flow> = { submitted: 0, succeeded: 0, failed: 0 };

/** How things are now in the caller's account and region. For who may list jobs and describe environments. */
export async function summarise(backend: SummaryBackend, call: Call): Promise<SummaryReport> {
  demandSight(call);
  const now = backend.clock.now();
  const lastDay = await flowsOfLastDay(backend, scopeOf(call), now);
  const facts = backend.present.facts();
  if (facts === undefined) throw new StoreUnavailable("This server has not scheduled anything yet. Try again.");
  const ownQueues = own(facts.queues, arnOf(call, "job-queue", ""));
  const oldest = await oldestWaits(backend, call, ownQueues);
  const queues = ownQueues.map(([arn, counts]): QueueSummary => {
    const oldestWaitSince = oldest.get(arn);
    return {
      ...{ jobQueue: nameOf(arn), jobQueueArn: arn, ...jobCounts([counts], [lastDay.get(arn) ?? NO_FLOW]) },
      ...(oldestWaitSince !== undefined && { oldestWaitSince }),
    };
  });
  const counted = ownQueues.map(([, counts]) => counts);
  const environments = [
    ...own(facts.environments, arnOf(call, "compute-environment", "")),
    ...own(facts.environments, arnOf(call, "service-environment", "")),
  ];
  return {
    jobs: jobCounts(counted, [...lastDay.values()]),
    queues,
    environments: environments.map(([arn, one]) => environmentSummary(arn, one)),
  };
}

/** Each costs a look into an index. */
const MOST_LOOKED_INTO = 100;

/** By ARN, of the queues in which jobs are RUNNABLE, those with most of them: when the oldest was submitted. */
async function oldestWaits(
  { store }: SummaryBackend,
  call: Call,
  queues: readonly [string, CountsByStatus][],
): Promise<Map<string, number>> {
  const runnable = (counts: CountsByStatus): number => counts.get("RUNNABLE") ?? 0;
  const waiting = queues.filter(([, counts]) => runnable(counts) > 0);
  const looked = waiting.toSorted(([, a], [, b]) => runnable(b) - runnable(a)).slice(0, MOST_LOOKED_INTO);
  const found = await Promise.all(
    looked.map(async ([arn]) => {
      const search = { ...toStoredSearch(call, { statuses: ["RUNNABLE"] }), queueArns: [arn] };
      const page = await store.jobSearch.find(search, { order: "oldest", limit: 1, isOver: () => false });
      return page.found.map(({ place }) => [arn, place.createdAt] as const);
    }),
  );
  return new Map(found.flat());
}

/** In order of name. */
function own<Facts>(all: ReadonlyMap<string, Facts>, prefix: string): [string, Facts][] {
  return [...all].filter(([arn]) => arn.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** By ARN of a queue, also of such as are gone. */
async function flowsOfLastDay(backend: HistoryBackend, scope: string, now: number): Promise<Map<string, Flow>> {
  const from = Math.ceil((now - DAY_MS) / (STEP_SECONDS * 1000)) * STEP_SECONDS * 1000;
  const flows = new Map<string, Flow>();
  for (const { entry } of await readStretch(backend, { from, to: now + 60_000, step: STEP_SECONDS, scope }, now))
    for (const [arn, point] of entry.queues) flows.set(arn, sumOfFlows(flows.get(arn) ?? NO_FLOW, point));
  return flows;
}

function sumOfFlows(a: Flow, b: Flow): Flow {
  return { submitted: a.submitted + b.submitted, succeeded: a.succeeded + b.succeeded, failed: a.failed + b.failed };
}

function jobCounts(queues: readonly CountsByStatus[], lastDay: readonly Flow[]): JobCounts {
  const byStatus: Record<string, number> = {};
  for (const counts of queues) for (const [status, count] of counts) byStatus[status] = (byStatus[status] ?? 0) + count;
  const total = (statuses: readonly JobStatus[]): number =>
    statuses.reduce((sum, status) => sum + (byStatus[status] ?? 0), 0);
  const flow = lastDay.reduce(sumOfFlows, NO_FLOW);
  return {
    ...{ running: total(RUNNING), waiting: total(WAITING), byStatus },
    ...{ submittedLastDay: flow.submitted, succeededLastDay: flow.succeeded, failedLastDay: flow.failed },
  };
}

function environmentSummary(arn: string, facts: EnvironmentFacts): EnvironmentSummary {
  const { vcpuMilli, memoryMiB, jobs, maxVcpuMilli, desiredVcpuMilli, instances } = facts;
  return {
    ...{ computeEnvironment: nameOf(arn), computeEnvironmentArn: arn },
    ...{ vcpusInUse: vcpuMilli / 1000, memoryMiBInUse: memoryMiB, runningJobs: jobs },
    ...(maxVcpuMilli !== undefined && { maxvCpus: maxVcpuMilli / 1000 }),
    ...(desiredVcpuMilli !== undefined && { desiredvCpus: desiredVcpuMilli / 1000 }),
    ...(instances !== undefined && { instances }),
  };
}
