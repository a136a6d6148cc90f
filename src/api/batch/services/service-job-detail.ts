import type {
  DescribeServiceJobResponse,
  LatestServiceJobAttempt,
  ServiceJobAttemptDetail,
  ServiceJobSummary,
} from "@aws-sdk/client-batch";
import { wasPreempted } from "../../../core/quota/preempted.ts";
import type { Attempt } from "../../../core/job.ts";
import { trainingJobArn } from "../../../core/submission/training-job.ts";
import type { JobRecord, JobSpec } from "../../../ports/store.ts";
import type { Scheduler } from "../../../ports/scheduler.ts";
import { statusReason } from "../jobs/job-detail.ts";

/** DescribeServiceJob's view of a job (reference 3.7). */
export function serviceJobDetail(
  job: JobRecord,
  spec: JobSpec,
  scheduler: Pick<Scheduler, "waitingText">,
): DescribeServiceJobResponse {
  return {
    ...serviceJobHead(job, scheduler),
    ...spec.service!,
    jobQueue: job.queueArn,
    // The SDK's type requires startedAt; it is absent before the start, as DescribeJobs has it.
    startedAt: job.state.startedAt!,
    attempts: job.state.attempts.filter((one) => !wasPreempted(one)).map((attempt) => attemptDetail(job, attempt)),
    ...preemptionSummary(job),
    schedulingPriority: spec.schedulingPriority,
    tags: spec.tags,
    isTerminated: job.state.isTerminated ?? false,
  };
}

/** What was preempted is told apart from the attempts that count. Only jobs that were preempted have a summary. */
function preemptionSummary(job: JobRecord): Pick<DescribeServiceJobResponse, "preemptionSummary"> {
  const { preemptions, attempts } = job.state;
  if (preemptions === undefined) return {};
  const recent = attempts.filter(wasPreempted).map((attempt) => attemptDetail(job, attempt));
  return { preemptionSummary: { preemptedAttemptCount: preemptions, recentPreemptedAttempts: recent } };
}

export function serviceJobSummary(job: JobRecord, scheduler: Scheduler): ServiceJobSummary {
  return {
    ...serviceJobHead(job, scheduler),
    ...(job.scheduling.service!.quotaShare !== undefined && { quotaShareName: job.shareIdentifier }),
    ...(job.state.isTerminated === true && { isTerminated: true }),
  };
}

/** What DescribeServiceJob and ListServiceJobs say alike. */
function serviceJobHead(job: JobRecord, scheduler: Pick<Scheduler, "waitingText">) {
  const { state, scheduling } = job;
  const reason = statusReason(job, scheduler);
  const latest = state.attempts.at(-1);
  return {
    jobArn: serviceJobArn(job),
    jobId: job.id,
    jobName: job.name,
    serviceJobType: scheduling.service!.type,
    createdAt: job.createdAt,
    status: state.status,
    capacityUsage: scheduling.instances!.map(({ type, count }) => ({ capacityUnit: type, quantity: count })),
    ...(reason !== undefined && { statusReason: reason }),
    ...(scheduling.service!.quotaShare === undefined && { shareIdentifier: job.shareIdentifier }),
    ...(latest !== undefined && { latestAttempt: latestAttempt(job, latest) }),
    scheduledAt: state.scheduledAt,
    startedAt: state.startedAt,
    stoppedAt: state.stoppedAt,
  };
}

function latestAttempt({ scope, scheduling }: JobRecord, attempt: Attempt): LatestServiceJobAttempt {
  const value = trainingJobArn(scope, scheduling.service!, attempt);
  return { serviceResourceId: { name: "TrainingJobArn", value } };
}

function attemptDetail(job: JobRecord, attempt: Attempt): ServiceJobAttemptDetail {
  const { startedAt, stoppedAt, statusReason: reason } = attempt;
  return { ...latestAttempt(job, attempt), startedAt, stoppedAt, statusReason: reason };
}

function serviceJobArn({ id, scope }: Pick<JobRecord, "id" | "scope">): string {
  const [account, region] = scope.split("/");
  return `arn:aws:batch:${region}:${account}:service-job/${id}`;
}
