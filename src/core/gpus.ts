import type { Job } from "./job.ts";
import { activeAttempt, requirementsOf } from "./job.ts";
import type { Spot } from "./placement.ts";
import type { World } from "./world.ts";

/**
 * The GPUs that an attempt gets where it is to run, by their numbers there: those of lowest number that no other attempt has. Undefined for a job that asks
 * for none. Costs in active attempts, and only for jobs that ask for some.
 */
export function gpusFor(world: World, job: Job, { instanceIds }: Spot): readonly string[] | undefined {
  const wanted = requirementsOf(job).gpus;
  if (wanted === 0) return undefined;
  const place = placeOf(world, instanceIds);
  const taken = new Set<string>();
  for (const attemptId of world.activeAttemptIds()) {
    const attempt = activeAttempt(world.jobOfAttempt(attemptId)!.state)!;
    if (placeOf(world, attempt.instanceIds) === place) for (const id of attempt.gpuIds ?? []) taken.add(id);
  }
  const free: string[] = [];
  for (let number = 0; free.length < wanted; number += 1) if (!taken.has(String(number))) free.push(String(number));
  return free;
}

/** Whose GPUs they are: this machine's, or those of an instance that is no part of it. */
function placeOf(world: World, [instanceId]: readonly string[] = []): string {
  const isElsewhere = instanceId !== undefined && world.instances.get(instanceId)?.isSlice !== true;
  return isElsewhere ? instanceId : "machine";
}
