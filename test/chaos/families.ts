import { childId, parseChildId } from "../../src/core/ids.ts";
import type { Evidence, FinalJob, Intent, StopNote } from "./evidence.ts";

/** A job of the API beside what its client wanted. */
export interface Known {
  readonly job: FinalJob;
  readonly intent: Intent;
  /** Of an array's child: its array, and its index. */
  readonly parentId?: string;
  readonly index?: number;
}

/** Looks things up in the evidence. */
export class Families {
  readonly known: readonly Known[];
  readonly #byId: ReadonlyMap<string, FinalJob>;
  readonly #stops: readonly StopNote[];

  constructor({ intents, jobs, stops }: Evidence) {
    const byName = new Map(intents.map((intent) => [intent.shape.name, intent]));
    this.#byId = new Map(jobs.map((job) => [job.id, job]));
    this.#stops = stops;
    this.known = jobs.flatMap((job) => {
      const intent = byName.get(job.name);
      const child = parseChildId(job.id);
      return intent === undefined
        ? []
        : { job, intent, ...(child !== undefined && { parentId: child.parentId, index: child.index }) };
    });
  }

  job(id: string): FinalJob | undefined {
    return this.#byId.get(id);
  }

  /** Stops that are about the job, or about the array that it is a child of. */
  stopsOf({ job, parentId }: Known): StopNote[] {
    return this.#stops.filter(({ jobId }) => jobId === job.id || jobId === parentId);
  }

  /** What must have succeeded before the job starts. */
  dependenciesOf({ job, intent, parentId, index }: Known): FinalJob[] {
    const ids = intent.dependsOn.map(({ jobId, isNToN }) =>
      isNToN && index !== undefined ? childId(jobId, index) : jobId,
    );
    if (intent.shape.isSequential === true && index !== undefined && index > 0) ids.push(childId(parentId!, index - 1));
    return ids.flatMap((id) => {
      const found = this.#byId.get(id);
      return found === undefined || found.id === job.id ? [] : found;
    });
  }

  childrenOf({ id, arraySize = 0 }: FinalJob): FinalJob[] {
    return Array.from({ length: arraySize }, (_, index) => this.#byId.get(childId(id, index))).filter(
      (job) => job !== undefined,
    );
  }
}
