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
