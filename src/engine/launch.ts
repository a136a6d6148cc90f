import type { Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import type { Environment } from "../core/resources.ts";
import type { AttemptSpec } from "../ports/driver.ts";
import type { Launch } from "../ports/store.ts";

/** All that a driver needs to run the active attempt of `job`. */
export function attemptSpec(job: Job, launch: Launch, environment: Environment | undefined): AttemptSpec {
  const attempt = activeAttempt(job.state)!;
  const { vcpuMilli, memoryMiB } = job.scheduling.requirements;
  const { container } = launch.spec;
  if (container === undefined) throw new Error(`job ${job.id} has no container`);
  const given = (container.environment ?? []).map(({ name, value }) => [name!, value ?? ""] as const);
  return {
    attemptId: attempt.id,
    jobId: job.id,
    container,
    environment: { ...Object.fromEntries(given), ...batchEnvironment(job, launch, environment) },
    vcpuMilli,
    memoryMiB,
  };
}

/** The variables that AWS Batch sets (reference 4.5); they win over the user's. */
function batchEnvironment(job: Job, launch: Launch, environment: Environment | undefined): Record<string, string> {
  const region = launch.scope.split("/")[1]!;
  return {
    AWS_BATCH_JOB_ID: job.id,
    AWS_BATCH_JOB_ATTEMPT: String(job.state.attempts.length),
    AWS_BATCH_JQ_NAME: resourceName(job.queueArn),
    AWS_BATCH_CE_NAME: resourceName(activeAttempt(job.state)!.environmentArn),
    AWS_EXECUTION_ENV: environment?.isFargate === true ? "AWS_ECS_FARGATE" : "AWS_ECS_EC2",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...(job.parent !== undefined && {
      AWS_BATCH_JOB_ARRAY_INDEX: String(job.parent.index),
      AWS_BATCH_JOB_ARRAY_SIZE: String(launch.arraySize),
    }),
  };
}

function resourceName(arn: string): string {
  return arn.slice(arn.indexOf("/") + 1);
}
