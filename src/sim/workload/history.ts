import type { JobDetail } from "@aws-sdk/client-batch";
import { totalRequirements } from "../../core/submission/requirements.ts";
import { EXPECTED_SECONDS_TAG } from "../../core/submission/own-tags.ts";
import type { JobKind, Workload, WorkloadJob } from "./workload.ts";
import { jobKinds, workloadOf } from "./workload.ts";

/**
 * The jobs that a server has run, as DescribeJobs tells of them, with the children of arrays in the place of their parents. Each comes when it came
 * then, or when the last of those that it depends on had ended, and runs as long as its last attempt did. What never ran is left out.
 */
export function historyWorkload(details: readonly JobDetail[]): Workload {
  const kindOf = jobKinds();
  const endOf = new Map(details.map(({ jobId, stoppedAt }) => [jobId!, stoppedAt]));
  const ran = details.filter(({ startedAt, stoppedAt }) => startedAt !== undefined && stoppedAt !== undefined);
  const jobs = ran.map((detail) => toJob(detail, endOf, kindOf));
  const leftOut = details.length - ran.length;
  return workloadOf(jobs, leftOut === 0 ? [] : [`${leftOut} jobs that never ran, or run still, are left out.`]);
}

function toJob(
  detail: JobDetail,
  endOf: ReadonlyMap<string, number | undefined>,
  kindOf: (kind: JobKind) => JobKind,
): WorkloadJob {
  const { createdAt = 0, startedAt = 0, stoppedAt = 0, status, container, jobName = "", arrayProperties } = detail;
  const readyAt = (detail.dependsOn ?? []).map(({ jobId = "" }) => endOf.get(jobId) ?? 0);
  const runMs = Math.max(0, stoppedAt - startedAt);
  const index = arrayProperties?.index;
  return {
    submitMs: Math.max(createdAt, ...readyAt),
    runMs,
    exitCode: status === "SUCCEEDED" ? 0 : container?.exitCode || 1,
    kind: kindOf(kindOfJob(detail, Math.max(1, Math.ceil(runMs / 1000)))),
    name: index === undefined ? jobName : `${jobName}:${index}`,
  };
}

function kindOfJob(detail: JobDetail, ranSeconds: number): JobKind {
  const { container, ecsProperties, eksProperties, nodeProperties, jobQueue = "", tags = {} } = detail;
  // What was described has the members of what was registered.
  const properties = { container, ecsProperties, eksProperties, nodeProperties } as Parameters<
    typeof totalRequirements
  >[0];
  const { vcpuMilli, memoryMiB, gpus } = totalRequirements(properties);
  const nodes = nodeProperties?.numNodes ?? 1;
  const timeoutSeconds = detail.timeout?.attemptDurationSeconds;
  const { shareIdentifier: share, schedulingPriority: priority } = detail;
  return {
    ...{ vcpus: vcpuMilli / 1000 / nodes, memoryMiB: Math.ceil(memoryMiB / nodes), gpus: Math.ceil(gpus / nodes) },
    ...(nodes > 1 && { nodes }),
    queue: jobQueue.slice(jobQueue.lastIndexOf("/") + 1),
    ...(share !== undefined && { share }),
    ...(priority !== undefined && { priority }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    expectedSeconds: Number(tags[EXPECTED_SECONDS_TAG] ?? ranSeconds),
  };
}
