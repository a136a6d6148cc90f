import type { ComputeEnvironmentDetail } from "@aws-sdk/client-batch";
import type { EnvironmentsAnswer } from "../../ports/capacity-reports.ts";
import type { FoundJob, JobSearchAnswer, JobSearchRequest, StatusCount } from "../../ports/job-search.ts";
import type { UsageSeries } from "../../ports/usage-series.ts";
import { adminCall } from "../admin-call.ts";
import type { Connection } from "../connection.ts";

/** What `longshore top` shows, as it also prints it as JSON. */
export interface TopSnapshot {
  /** Epoch ms, as all times. */
  readonly at: number;
  readonly counts: readonly StatusCount[];
  readonly environments: readonly TopEnvironment[];
  readonly queues: readonly TopQueue[];
  /** Those that run or start, the newest first; more than so many are not looked at. */
  readonly jobs: readonly TopJob[];
}

export interface TopEnvironment {
  readonly name: string;
  readonly state: string;
  readonly vcpusInUse: number;
  /** Absent where nobody has set a limit. */
  readonly maxVcpus?: number;
  readonly instances?: number;
}

export interface TopQueue {
  readonly name: string;
  readonly state: string;
  readonly waiting: number;
  readonly running: number;
  /** There are more of either: they were not counted any further. */
  readonly isMore?: true;
  /** Of the RUNNABLE jobs the one that was submitted first. */
  readonly first?: { readonly jobId: string; readonly jobName: string; readonly reason?: string };
}

export interface TopJob {
  readonly jobId: string;
  readonly jobName: string;
  readonly queue: string;
  readonly status: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** As last seen; absent where its driver cannot measure, and in its first second. */
  readonly vcpusUsed?: number;
  readonly memoryMiBUsed?: number;
}

const JOBS_MAX = 200;
/** So many are asked what they use. */
const MEASURED_MAX = 60;
const AT_A_TIME = 8;
const QUEUES_MAX = 50;
const WAITING = ["SUBMITTED", "PENDING", "RUNNABLE"];
const ACTIVE = ["STARTING", "RUNNING"] as const;

/** @param queuePart only queues in whose names this occurs. */
export async function takeSnapshot(connection: Connection, queuePart: string): Promise<TopSnapshot> {
  const described = await connection.batch((batch) => batch.describeJobQueues({}));
  const wanted = (described.jobQueues ?? [])
    .filter(({ jobQueueName = "" }) => jobQueueName.toLowerCase().includes(queuePart.toLowerCase()))
    .slice(0, QUEUES_MAX);
  const queues = wanted.map(({ jobQueueName = "" }) => jobQueueName);
  const filters = queuePart === "" ? {} : { queues };
  const [active, environments] = await Promise.all([
    queues.length === 0
      ? undefined
      : search(connection, {
          filters: { ...filters, statuses: ACTIVE, children: true },
          limit: JOBS_MAX,
          counts: true,
        }),
    environmentsOf(connection),
  ]);
  const jobs = (active?.jobs ?? []).filter(
    ({ array, nodes }) => !(array !== undefined && "size" in array && nodes === undefined),
  );
  return {
    at: Date.now(),
    counts: active?.counts ?? [],
    environments,
    queues: await inTurn(wanted, async ({ jobQueueName = "", state = "" }) =>
      topQueue(connection, jobQueueName, state),
    ),
    jobs: await withUse(connection, jobs),
  };
}

function search(connection: Connection, request: JobSearchRequest): Promise<JobSearchAnswer> {
  return adminCall<JobSearchAnswer>(connection, "POST", "/longshore/job-search", request);
}

async function topQueue(connection: Connection, name: string, state: string): Promise<TopQueue> {
  const { jobs, counts = [] } = await search(connection, {
    ...{ filters: { queues: [name], statuses: ["RUNNABLE"] }, sort: "oldest", limit: 1, counts: true },
  });
  const sum = (statuses: readonly string[]): number =>
    counts.filter(({ status }) => statuses.includes(status)).reduce((total, { count }) => total + count, 0);
  const [first] = jobs;
  const isMore = counts.some(({ status, isMore: more }) => more === true && [...WAITING, ...ACTIVE].includes(status));
  return {
    ...{ name, state, waiting: sum(WAITING), running: sum(ACTIVE) },
    ...(isMore && { isMore: true }),
    ...(first !== undefined && {
      first: {
        ...{ jobId: first.jobId, jobName: first.jobName },
        ...(first.statusReason !== undefined && { reason: first.statusReason }),
      },
    }),
  };
}

async function environmentsOf(connection: Connection): Promise<TopEnvironment[]> {
  const [described, { environments: uses }] = await Promise.all([
    connection.batch((batch) => batch.describeComputeEnvironments({})),
    adminCall<EnvironmentsAnswer>(connection, "GET", "/longshore/environments"),
  ]);
  return (described.computeEnvironments ?? []).map((one: ComputeEnvironmentDetail) => {
    const { computeEnvironmentName: name = "", computeEnvironmentArn, state = "", computeResources } = one;
    const use = uses.find((other) => other.computeEnvironmentArn === computeEnvironmentArn);
    const maxVcpus = computeResources?.maxvCpus;
    return {
      ...{ name, state, vcpusInUse: use?.vcpusInUse ?? 0 },
      ...(maxVcpus !== undefined && { maxVcpus }),
      ...(use?.instances !== undefined && { instances: use.instances }),
    };
  });
}

async function withUse(connection: Connection, jobs: readonly FoundJob[]): Promise<TopJob[]> {
  const used = await inTurn(jobs.slice(0, MEASURED_MAX), (job) => useOf(connection, job));
  return jobs.map((job, index) => {
    const { jobId, jobName, status, createdAt, startedAt, resources } = job;
    const { vcpus, memoryMiB } = resources;
    return {
      ...{ jobId, jobName, status, createdAt, vcpus, memoryMiB },
      queue: job.jobQueue.slice(job.jobQueue.lastIndexOf("/") + 1),
      ...(startedAt !== undefined && { startedAt }),
      ...used[index],
    };
  });
}

/** One that is gone meanwhile, or that cannot be measured, is shown without. */
async function useOf(
  connection: Connection,
  { jobId, status }: FoundJob,
): Promise<Pick<TopJob, "vcpusUsed" | "memoryMiBUsed">> {
  if (status !== "RUNNING") return {};
  const path = `/longshore/jobs/${encodeURIComponent(jobId)}/usage-series`;
  const series = await adminCall<UsageSeries>(connection, "GET", path).catch(() => undefined);
  const last = (series?.attempt?.units ?? []).flatMap(({ points }) => points.at(-1) ?? []);
  if (last.length === 0) return {};
  return {
    vcpusUsed: last.reduce((sum, { vcpus }) => sum + vcpus, 0),
    memoryMiBUsed: last.reduce((sum, { memoryMiB = 0 }) => sum + memoryMiB, 0),
  };
}

/** A few at a time, in their order. */
async function inTurn<In, Out>(all: readonly In[], ask: (one: In) => Promise<Out>): Promise<Out[]> {
  const answers: Out[] = [];
  for (let first = 0; first < all.length; first += AT_A_TIME) {
    answers.push(...(await Promise.all(all.slice(first, first + AT_A_TIME).map(ask))));
  }
  return answers;
}
