import type { Outcome } from "./changes.ts";
import { parseChildId } from "./ids.ts";
import type { Job } from "./job.ts";
import { SetsByKey } from "./sets-by-key.ts";

/** Who depends on what, and how that ended which is not in the world any more. */
export class Dependents {
  readonly #dependents = new SetsByKey();
  readonly #outcomes = new Map<string, Outcome>();

  add(job: Job): void {
    for (const key of dependencyKeys(job)) this.#dependents.add(key, job.id);
  }

  remove(job: Job): void {
    for (const key of dependencyKeys(job)) {
      this.#dependents.remove(key, job.id);
      if (!this.#dependents.has(key)) this.#outcomes.delete(key);
    }
  }

  /** Ids of the jobs that depend on a job, an array, or one child. */
  of(jobId: string): Iterable<string> {
    return this.#dependents.get(jobId);
  }

  isWaitedFor(jobId: string): boolean {
    return this.#dependents.has(jobId);
  }

  setOutcome(jobId: string, outcome: Outcome): void {
    this.#outcomes.set(jobId, outcome);
  }

  outcome(jobId: string): Outcome | undefined {
    return this.#outcomes.get(jobId);
  }
}

/** Who depends on one child by its id also hears what becomes of the whole array. */
function dependencyKeys({ scheduling }: Job): string[] {
  return scheduling.dependsOn.flatMap(({ jobId }) => {
    if (jobId === undefined) return [];
    const child = parseChildId(jobId);
    return child === undefined ? [jobId] : [jobId, child.parentId];
  });
}
