import type { Change } from "./changes.ts";
import type { World } from "./world.ts";

/** What the children of the arrays that a tick has touched come to, to be committed with the children themselves. */
export function summaries(world: World): Change[] {
  const changes: Change[] = [];
  for (const [jobId, progress] of world.unsummarised) {
    const change = { kind: "array-summary", jobId, recorded: progress.summary() } as const;
    world.apply(change);
    changes.push(change);
  }
  return changes;
}

/** Since when the instances are idle that have lost their last attempt in a tick, and got no other one. */
export function idleInstances(world: World): Change[] {
  const changes: Change[] = [];
  for (const [instanceId, since] of world.instances.idled) {
    const change = { kind: "instance-idle", instanceId, since } as const;
    world.apply(change);
    changes.push(change);
  }
  return changes;
}
