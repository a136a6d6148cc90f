import { childId } from "./ids.ts";
import type { Job } from "./job.ts";
import { isArrayParent } from "./job.ts";
import type { World } from "./world.ts";

/** The ids of the jobs for which one entry stands: of an array all its children that have no record. */
export function* waitingIds(world: World, job: Job): Generator<string> {
  if (!isArrayParent(job)) yield job.id;
  else for (const index of world.arrays.get(job.id)!.unrecorded()) yield childId(job.id, index);
}
