import type {
  ArrayPropertiesDetail,
  AttemptDetail,
  ContainerDetail,
  ContainerProperties,
  JobDetail,
} from "@aws-sdk/client-batch";
import { containerInstanceArn, taskArn } from "../../core/ecs-names.ts";
import type { Attempt } from "../../core/job.ts";
import { JOB_STATUSES } from "../../core/job.ts";
import type { JobRecord, JobSpec } from "../../ports/store.ts";
import type { Scheduler } from "../../ports/scheduler.ts";
import type { Backend } from "./backend.ts";
import { restOf } from "./job-records.ts";

/** DescribeJobs' view of a job (reference 2.6). */
export function jobDetail(
  job: JobRecord,
  spec: JobSpec,
  { scheduler, clock }: Pick<Backend, "scheduler" | "clock">,
): JobDetail {
  const { state } = job;
  const now = clock.now();
  return {
    ...jobHead(job, scheduler),
    jobQueue: job.queueArn,
    attempts: state.attempts.map((attempt) => attemptDetail(attempt, spec)),
    eksAttempts: [],
    dependsOn: [...spec.dependsOn],
    parameters: spec.parameters,
    retryStrategy: spec.retryStrategy,
    timeout: spec.timeout,
    schedulingPriority: spec.schedulingPriority,
    consumableResourceProperties: spec.consumableResourceProperties,
    ...(spec.container !== undefined && { container: containerDetail(job, spec, spec.container) }),
    // Children do not take over their parent's tags (reference 1.7).
    tags: job.parent === undefined ? spec.tags : {},
    propagateTags: spec.propagateTags,
    platformCapabilities: [...spec.platformCapabilities],
    arrayProperties: arrayProperties(job, now),
    isCancelled: state.isCancelled ?? false,
    isTerminated: state.isTerminated ?? false,
  };
}

/** What DescribeJobs and ListJobs say alike of a job. */
export function jobHead(job: JobRecord, scheduler: Scheduler) {
  const { state } = job;
  const reason = statusReason(job, scheduler);
  return {
    jobArn: jobArn(job),
    jobId: job.id,
    jobName: job.name,
    jobDefinition: job.definitionArn,
    createdAt: job.createdAt,
    shareIdentifier: job.shareIdentifier,
    status: state.status,
    ...(reason !== undefined && { statusReason: reason }),
    // The SDK's type requires startedAt; AWS omits it before the start, and clients take its presence for a start.
    startedAt: state.startedAt!,
    stoppedAt: state.stoppedAt,
  };
}

/** A RUNNABLE job says why it waits. */
function statusReason(job: JobRecord, scheduler: Scheduler): string | undefined {
  if (job.state.statusReason !== undefined || job.state.status !== "RUNNABLE") return job.state.statusReason;
  return scheduler.waitingText(job.queueArn, job.node?.jobId ?? job.id, job.scheduling);
}

function jobArn(job: Pick<JobRecord, "id" | "scope">): string {
  return `${arnPrefix("batch", job.scope)}:job/${job.id}`;
}

/** All seven states, zeros included; children without a record are counted as their parent describes them. */
export function statusSummary(parent: JobRecord): Record<string, number> {
  const counts = parent.recorded?.counts ?? {};
  const summary: Record<string, number> = Object.fromEntries(
    JOB_STATUSES.map((status) => [status, counts[status] ?? 0]),
  );
  const recorded = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { status } = restOf(parent.state);
  summary[status] = summary[status]! + parent.scheduling.arraySize! - recorded;
  return summary;
}

/** Summaries are written with each change of a child, so they are as of now until the array is over. */
function arrayProperties(job: JobRecord, now: number): ArrayPropertiesDetail | undefined {
  if (job.parent !== undefined) return { index: job.parent.index, statusSummary: {} };
  const size = job.scheduling.arraySize;
  if (size === undefined) return undefined;
  return {
    size,
    statusSummary: statusSummary(job),
    statusSummaryLastUpdatedAt: job.state.stoppedAt ?? now,
  };
}

function containerDetail(job: JobRecord, spec: JobSpec, container: ContainerProperties): ContainerDetail {
  const last = job.state.attempts.at(-1);
  return {
    logConfiguration: { logDriver: "awslogs", options: {}, secretOptions: [] },
    ...container,
    networkInterfaces: [],
    ...(last !== undefined && attemptContainer(last, spec)),
  };
}

function attemptDetail(attempt: Attempt, spec: JobSpec): AttemptDetail {
  return {
    container: { ...attemptContainer(attempt, spec), networkInterfaces: [] },
    startedAt: attempt.startedAt,
    stoppedAt: attempt.stoppedAt,
    statusReason: attempt.statusReason,
    taskProperties: [],
  };
}

function attemptContainer({ id, environmentArn, exitCode, reason, logStreamName }: Attempt, spec: JobSpec) {
  return {
    taskArn: taskArn(environmentArn, id),
    // What runs on Fargate is on no instance that one could see.
    ...(!spec.platformCapabilities.includes("FARGATE") && {
      containerInstanceArn: containerInstanceArn(environmentArn),
    }),
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
    ...(logStreamName !== undefined && { logStreamName }),
  };
}

function arnPrefix(service: string, scope: string): string {
  const [account, region] = scope.split("/");
  return `arn:aws:${service}:${region}:${account}`;
}
