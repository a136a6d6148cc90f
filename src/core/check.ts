import { attemptsThatCount } from "./failure.ts";
import { hasShareOfMachine, holdingsOf } from "./holdings.ts";
import { unitAttemptId } from "./ids.ts";
import type { Attempt, Job, JobStatus } from "./job.ts";
import { activeAttempt, isArrayParent, isTerminal, requirementsOf } from "./job.ts";
import { instanceViolation } from "./instances/check.ts";
import { unitsAdvanced } from "./tasks/task-lifecycle.ts";
import type { World } from "./world.ts";

const HOLDS_CAPACITY: ReadonlySet<JobStatus> = new Set(["SCHEDULED", "STARTING", "RUNNING"]);

/** What must hold after every tick. Returns the first violation, or undefined. Costs in the number of jobs in the world. */
export function findViolation(world: World): string | undefined {
  let vcpuMilli = 0;
  let memoryMiB = 0;
  const held = new Map<string, number>();
  const activeChildren = new Map<string, number>();
  for (const job of world.jobs.values()) {
    const attempt = activeAttempt(job.state);
    const holdsCapacity = HOLDS_CAPACITY.has(job.state.status);
    if (holdsCapacity !== (attempt !== undefined))
      return `job ${job.id} is ${job.state.status} with active attempt ${attempt?.id}`;
    if (isTerminal(job.state.status)) return `job ${job.id} is ${job.state.status} and still in the world`;
    if (attemptsThatCount(job.state.attempts, job.scheduling.infrastructureRetries) > job.scheduling.retry.attempts)
      return `job ${job.id} has more attempts than allowed`;
    if (attempt !== undefined) {
      const requirements = requirementsOf(job);
      if (hasShareOfMachine(attempt)) {
        vcpuMilli += requirements.vcpuMilli;
        memoryMiB += requirements.memoryMiB;
      }
      for (const { key, quantity } of holdingsOf(job, attempt)) held.set(key, (held.get(key) ?? 0) + quantity);
      if (world.jobOfAttempt(attempt.id) !== job) return `attempt ${attempt.id} is not known as that of job ${job.id}`;
      const violation = unitViolation(world, job, attempt);
      if (violation !== undefined) return `attempt ${attempt.id} of job ${job.id}: ${violation}`;
    }
    if (job.parent !== undefined) activeChildren.set(job.parent.id, (activeChildren.get(job.parent.id) ?? 0) + 1);
  }
  if (vcpuMilli !== world.used.vcpuMilli || memoryMiB !== world.used.memoryMiB) {
    return `attempts hold ${vcpuMilli} milli-vCPU and ${memoryMiB} MiB, counted ${world.used.vcpuMilli} and ${world.used.memoryMiB}`;
  }
  for (const [key, quantity] of world.holdings()) {
    if (held.get(key) !== quantity) return `attempts hold ${held.get(key) ?? 0} of ${key}, counted ${quantity}`;
    held.delete(key);
  }
  for (const [key, quantity] of held) if (quantity > 0) return `attempts hold ${quantity} of ${key}, counted none`;
  const wrongInstance = instanceViolation(world);
  if (wrongInstance !== undefined) return wrongInstance;
  for (const job of world.jobs.values()) {
    if (!isArrayParent(job)) continue;
    const active = world.arrays.get(job.id)?.active;
    if (active !== (activeChildren.get(job.id) ?? 0)) return `array ${job.id} counts ${active} active children`;
  }
  return undefined;
}

/** An attempt has a state for each of the job's units; at least one is not over; and nothing follows from what they are. */
function unitViolation(world: World, job: Job, { id, units }: Attempt): string | undefined {
  const expected = job.scheduling.units?.length;
  if (units?.length !== expected) return `it has ${units?.length} units, not ${expected}`;
  if (units === undefined) return undefined;
  if (units.every(({ status }) => status === "ended")) return "all units have ended and it has not";
  for (const unit of units.keys()) {
    const known = world.unitOf(unitAttemptId(id, unit));
    if (known?.job !== job || known.unit !== unit) return `its unit ${unit} is not known`;
  }
  // Before all time: no timeout has passed.
  return unitsAdvanced(job, -Infinity) === job.state ? undefined : `its units should go on: ${JSON.stringify(units)}`;
}
