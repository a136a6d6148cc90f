import type { Dependency, Job } from "./job.ts";
import { REASONS } from "./lifecycle.ts";
import type { ChildOutcome, World } from "./world.ts";

/** What a job's dependencies come to: one that cannot be met any more fails it, one that is open keeps it waiting (reference 3.2). */
export type Readiness = "waits" | "ready" | { readonly failure: string };

/** Who knows how jobs and children ended. */
export type Outcomes = Pick<World, "outcomeOf" | "outcomeOfChild">;

/** The dependencies on whole jobs, and on single children by their ids. A job that can never start fails when they are met. */
export function wholeReadiness(world: Outcomes, job: Pick<Job, "scheduling">): Readiness {
  const { dependsOn, refusal } = job.scheduling;
  const readiness = combine(
    dependsOn.flatMap((dependency) =>
      isChildDependency(dependency) ? [] : [readinessAfter(dependency, world.outcomeOf(dependency.jobId!))],
    ),
  );
  return readiness === "ready" && refusal !== undefined ? { failure: refusal } : readiness;
}

/** The dependencies that a child of an array has beside its parent's: on its sibling, on its like in another array. */
export function childReadiness(world: Outcomes, parent: Pick<Job, "id" | "scheduling">, index: number): Readiness {
  return combine(
    parent.scheduling.dependsOn.flatMap((dependency) => {
      if (dependency.type === "N_TO_N") {
        return [readinessAfter(dependency, world.outcomeOfChild(dependency.jobId, index))];
      }
      if (dependency.type === "SEQUENTIAL" && index > 0) {
        return [readinessAfter(dependency, world.outcomeOfChild(parent.id, index - 1))];
      }
      return [];
    }),
  );
}

export function hasChildDependencies(job: Job): boolean {
  return job.scheduling.dependsOn.some(isChildDependency);
}

function isChildDependency({ type }: Dependency): boolean {
  return type === "N_TO_N" || type === "SEQUENTIAL";
}

function readinessAfter({ type }: Dependency, outcome: ChildOutcome): Readiness {
  if (outcome === "open") return "waits";
  if (type === "AFTER_ANY") return "ready";
  if (type === "AFTER_NOT_OK") return outcome === "failed" ? "ready" : { failure: REASONS.dependencySucceeded };
  return outcome === "succeeded" ? "ready" : { failure: REASONS.dependency };
}

function combine(parts: readonly Readiness[]): Readiness {
  const failed = parts.find((part) => typeof part === "object");
  if (failed !== undefined) return failed;
  return parts.includes("waits") ? "waits" : "ready";
}
