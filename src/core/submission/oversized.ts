import { amounts } from "../amounts.ts";
import type { Scheduling } from "../job.ts";
import { fitsCapacity } from "../machine.ts";
import type { Capacity } from "../resources.ts";

/** What becomes of a job that asks for more than the machine has in all: it waits and says so, asks for all that there is instead, or fails. */
export const OVERSIZED_JOBS = ["wait", "clamp", "fail"] as const;
export type OversizedJobs = (typeof OVERSIZED_JOBS)[number];

/** What a job is scheduled by on a machine. GPUs that are not there cannot be done without, and nodes not be taken together: neither is clamped. */
export function fitted(scheduling: Scheduling, machine: Capacity, policy: OversizedJobs): Scheduling {
  const { requirements, nodes } = scheduling;
  if (policy === "wait" || fitsCapacity(requirements, machine)) return scheduling;
  const { vcpuMilli, memoryMiB, gpus } = requirements;
  if (policy === "fail") {
    const refusal = `The job resource requirement (vCPU/memory/GPU) is higher than that this machine has. It asks for ${amounts(requirements)}; the machine has ${amounts(machine)}.`;
    return { ...scheduling, refusal };
  }
  if (nodes !== undefined || gpus > (machine.gpus ?? 0)) return scheduling;
  const clamped = {
    vcpuMilli: Math.min(vcpuMilli, machine.vcpuMilli),
    memoryMiB: Math.min(memoryMiB, machine.memoryMiB),
    gpus,
  };
  return { ...scheduling, requirements: clamped };
}
