import type { BatchOperationName } from "../wire/operations.ts";

/**
 * What makes or changes a reference from one resource to another, and what deletes a resource that may be referred to. Both look first and write
 * then: side by side, a queue could get what is being deleted.
 */
const TAKING_TURNS: ReadonlySet<string> = new Set<BatchOperationName>([
  ...(["CreateJobQueue", "UpdateJobQueue", "DeleteJobQueue", "CreateQuotaShare"] as const),
  ...(["DeleteComputeEnvironment", "DeleteServiceEnvironment", "DeleteSchedulingPolicy"] as const),
]);

/** Does the operations above one after the other in each account and region, whose resources refer to each other only; any other one at once. */
export class TakingTurns {
  /** By scope, as long as there is something to do. */
  readonly #last = new Map<string, Promise<unknown>>();

  run<Output>(operation: string, scope: string, work: () => Promise<Output>): Promise<Output> {
    if (!TAKING_TURNS.has(operation)) return work();
    const done = (this.#last.get(scope) ?? Promise.resolve()).then(work);
    const settled: Promise<void> = done.then(
      () => this.#forget(scope, settled),
      // One that fails is the matter of its caller only.
      () => this.#forget(scope, settled),
    );
    this.#last.set(scope, settled);
    return done;
  }

  #forget(scope: string, settled: Promise<unknown>): void {
    if (this.#last.get(scope) === settled) this.#last.delete(scope);
  }
}
