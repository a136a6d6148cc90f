import type { Job } from "./job.ts";
import type { ChildOutcome, World } from "./world.ts";

/** What a job's dependencies come to: one that failed fails it, one that is open keeps it waiting (reference 3.2). */
export type Readiness = "waits" | "ready" | "failed";

/** The dependencies on whole jobs. */
export function wholeReadiness(world: World, job: Job): Readiness {
  return combine(
    job.scheduling.dependsOn.flatMap(({ jobId, type }) =>
      jobId === undefined || type === "N_TO_N" ? [] : [world.outcomeOf(jobId)],
    ),
  );
}

/** The dependencies that a child of an array has beside its parent's: on its sibling, on its like in another array. */
export function childReadiness(world: World, parent: Job, index: number): Readiness {
  return combine(
    parent.scheduling.dependsOn.flatMap((dependency) => {
      if (dependency.type === "N_TO_N") return [world.outcomeOfChild(dependency.jobId, index)];
      if (dependency.type === "SEQUENTIAL" && index > 0) return [world.outcomeOfChild(parent.id, index - 1)];
      return [];
    }),
  );
}

export function hasChildDependencies(job: Job): boolean {
  return job.scheduling.dependsOn.some(({ type }) => type !== undefined);
}

function combine(outcomes: readonly ChildOutcome[]): Readiness {
  if (outcomes.includes("failed")) return "failed";
  return outcomes.includes("open") ? "waits" : "ready";
}
