import { parseChildId } from "./ids.ts";
import type { Job } from "./job.ts";
import type { World } from "./world.ts";

/** The parent of an agenda entry that names a child without a record. */
export function virtualChild(world: World, id: string): { parent: Job; index: number } | undefined {
  const child = parseChildId(id);
  const parent = child === undefined ? undefined : world.jobs.get(child.parentId);
  if (child === undefined || parent === undefined) return undefined;
  const progress = world.arrays.get(parent.id);
  if (progress === undefined || child.index >= progress.size || progress.get(child.index) !== "none") return undefined;
  return { parent, index: child.index };
}
