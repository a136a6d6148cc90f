import type { World } from "./world.ts";
import { activeAttempt, isArrayParent, isTerminal } from "./job.ts";

/** What must hold after every tick. Returns the first violation, or undefined. Costs in the number of jobs in the world. */
export function findViolation(world: World): string | undefined {
  let vcpuMilli = 0;
  let memoryMiB = 0;
  const activeChildren = new Map<string, number>();
  for (const job of world.jobs.values()) {
    const attempt = activeAttempt(job.state);
    const holdsCapacity = job.state.status === "STARTING" || job.state.status === "RUNNING";
    if (holdsCapacity !== (attempt !== undefined))
      return `job ${job.id} is ${job.state.status} with active attempt ${attempt?.id}`;
    if (isTerminal(job.state.status)) return `job ${job.id} is ${job.state.status} and still in the world`;
    if (job.state.attempts.length > job.scheduling.retry.attempts)
      return `job ${job.id} has more attempts than allowed`;
    if (attempt !== undefined) {
      vcpuMilli += job.scheduling.requirements.vcpuMilli;
      memoryMiB += job.scheduling.requirements.memoryMiB;
      if (world.jobOfAttempt(attempt.id) !== job) return `attempt ${attempt.id} is not known as that of job ${job.id}`;
    }
    if (job.parent !== undefined) activeChildren.set(job.parent.id, (activeChildren.get(job.parent.id) ?? 0) + 1);
  }
  if (vcpuMilli !== world.used.vcpuMilli || memoryMiB !== world.used.memoryMiB) {
    return `attempts hold ${vcpuMilli} milli-vCPU and ${memoryMiB} MiB, counted ${world.used.vcpuMilli} and ${world.used.memoryMiB}`;
  }
  for (const job of world.jobs.values()) {
    if (!isArrayParent(job)) continue;
    const active = world.arrays.get(job.id)?.active;
    if (active !== (activeChildren.get(job.id) ?? 0)) return `array ${job.id} counts ${active} active children`;
  }
  return undefined;
}
