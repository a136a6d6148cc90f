import type { BatchOperationName } from "../wire/operations.ts";

/**
 * What makes or changes a reference from one resource to another, and what deletes a resource that may be referred to. Both look first and write
 * then: side by side, a queue could get what is being deleted.
 */
const TAKING_TURNS: ReadonlySet<string> = new Set<BatchOperationName>([
  ...(["CreateJobQueue", "UpdateJobQueue", "DeleteJobQueue", "CreateQuotaShare"] as const),
  ...(["DeleteComputeEnvironment", "DeleteServiceEnvironment", "DeleteSchedulingPolicy"] as const),
]);

/** Does the operations above one after the other, any other one at once. */
export class TakingTurns {
  #last: Promise<unknown> = Promise.resolve();

  run<Output>(operation: string, work: () => Promise<Output>): Promise<Output> {
    if (!TAKING_TURNS.has(operation)) return work();
    const done = this.#last.then(work);
    // One that fails is the matter of its caller only.
    this.#last = done.catch(() => undefined);
    return done;
  }
}
