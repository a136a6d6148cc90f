import type { Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import type { Environment } from "../core/resources.ts";
import type { AttemptSpec } from "../ports/driver.ts";
import type { Launch } from "../ports/store.ts";
import type { CallingBack } from "./job-environment.ts";
import { jobEnvironment } from "./job-environment.ts";

/** All that a driver needs to run the active attempt of `job`. */
export function attemptSpec(
  job: Job,
  launch: Launch,
  environment: Environment | undefined,
  callingBack: CallingBack,
): AttemptSpec {
  const attempt = activeAttempt(job.state)!;
  const { vcpuMilli, memoryMiB } = job.scheduling.requirements;
  const { container } = launch.spec;
  if (container === undefined) throw new Error(`job ${job.id} has no container`);
  const place = { job, launch, environment, containerId: attempt.id };
  return {
    attemptId: attempt.id,
    jobId: job.id,
    container,
    environment: jobEnvironment(place, container.environment, callingBack),
    vcpuMilli,
    memoryMiB,
  };
}
