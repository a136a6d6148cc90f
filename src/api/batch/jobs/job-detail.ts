import type { ArrayPropertiesDetail, JobDetail } from "@aws-sdk/client-batch";
import type { PlainJobStatus } from "../../../core/job.ts";
import { JOB_STATUSES } from "../../../core/job.ts";
import type { JobProperties } from "../../../core/submission/job-properties.ts";
import { MEMORY_LEARNED_TAG } from "../../../core/submission/own-tags.ts";
import { rangeOfEachNode } from "../../../core/tasks/nodes.ts";
import type { JobRecord, JobSpec } from "../../../ports/store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Scheduler } from "../../../ports/scheduler.ts";
import { attemptDetail, containerDetail, taskDetails } from "./ecs-detail.ts";
import { nodeRecord, restOf } from "./job-records.ts";
import type { Cluster } from "./pod-detail.ts";
import { podAttempt, podDetail } from "./pod-detail.ts";

/** What DescribeJobs needs beside the job and its spec. */
export interface DetailContext {
  readonly scheduler: Pick<Scheduler, "waitingText">;
  readonly clock: Pick<Clock, "now">;
  readonly cluster: Cluster;
}

/** DescribeJobs' view of a job (reference 2.6). */
export function jobDetail(job: JobRecord, spec: JobSpec, context: DetailContext): JobDetail {
  const { state, node } = job;
  const range = node === undefined ? undefined : rangeOfEachNode(spec.nodeProperties!)[node.index]!;
  return {
    ...jobHead(job, context.scheduler),
    jobQueue: job.queueArn,
    ...kindDetail(job, spec, range ?? spec, context.cluster),
    dependsOn: [...spec.dependsOn],
    parameters: spec.parameters,
    retryStrategy: spec.retryStrategy,
    timeout: spec.timeout,
    schedulingPriority: spec.schedulingPriority,
    consumableResourceProperties: (range ?? spec).consumableResourceProperties,
    // Children and nodes do not take over the tags of the job that they are of (reference 1.7).
    tags: { ...(job.parent === undefined && node === undefined && spec.tags), ...learnedTag(job) },
    propagateTags: spec.propagateTags,
    platformCapabilities: [...spec.platformCapabilities],
    arrayProperties: arrayProperties(job, context.clock.now()),
    nodeDetails: node && { nodeIndex: node.index, isMainNode: node.index === job.scheduling.nodes!.main },
    isCancelled: state.isCancelled ?? false,
    isTerminated: state.isTerminated ?? false,
  };
}

/** What the job has learned about itself is shown where every client shows something. */
function learnedTag({ state: { memoryMiB } }: JobRecord): Record<string, string> {
  return memoryMiB === undefined ? {} : { [MEMORY_LEARNED_TAG]: String(memoryMiB) };
}

/** What tells of the containers, by the kind of job. What a job of many nodes did is what its main node did. */
function kindDetail(job: JobRecord, spec: JobSpec, properties: JobProperties, cluster: Cluster): Partial<JobDetail> {
  const { container, ecsProperties, eksProperties, nodeProperties } = properties;
  if (nodeProperties !== undefined) {
    const main = nodeRecord(job, nodeProperties.mainNode!);
    const range = rangeOfEachNode(nodeProperties)[nodeProperties.mainNode!]!;
    const { attempts, eksAttempts } = kindDetail(main, spec, range, cluster);
    return { attempts, eksAttempts, nodeProperties };
  }
  if (eksProperties !== undefined) {
    return {
      attempts: [],
      eksAttempts: job.state.attempts.map((attempt) => podAttempt(attempt, eksProperties, cluster)),
      eksProperties: podDetail(job, eksProperties, cluster),
    };
  }
  const isTask = ecsProperties !== undefined;
  return {
    attempts: job.state.attempts.map((attempt) => attemptDetail(job, spec, attempt, isTask)),
    eksAttempts: [],
    container: container === undefined ? {} : containerDetail(job, spec, container),
    ...(isTask && { ecsProperties: taskDetails(job, spec, ecsProperties) }),
  };
}

/** What DescribeJobs and ListJobs say alike of a job. */
export function jobHead(job: JobRecord, scheduler: Pick<Scheduler, "waitingText">) {
  const { state } = job;
  const reason = statusReason(job, scheduler);
  return {
    jobArn: jobArn(job),
    jobId: job.id,
    jobName: job.name,
    jobDefinition: job.definitionArn,
    createdAt: job.createdAt,
    shareIdentifier: job.shareIdentifier,
    status: state.status as PlainJobStatus,
    ...(reason !== undefined && { statusReason: reason }),
    // The SDK's type requires startedAt; AWS omits it before the start, and clients take its presence for a start.
    startedAt: state.startedAt!,
    stoppedAt: state.stoppedAt,
  };
}

/** A RUNNABLE job says why it waits. */
export function statusReason(job: JobRecord, scheduler: Pick<Scheduler, "waitingText">): string | undefined {
  if (job.state.statusReason !== undefined || job.state.status !== "RUNNABLE") return job.state.statusReason;
  return scheduler.waitingText({ ...job, id: job.node?.jobId ?? job.id });
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

function arnPrefix(service: string, scope: string): string {
  const [account, region] = scope.split("/");
  return `arn:aws:${service}:${region}:${account}`;
}
