import TinyQueue from "tinyqueue";
import type { Demand, Job } from "./job.ts";
import { shapeKey } from "./job.ts";

/** A RUNNABLE job, child, or (as one entry) all RUNNABLE children of an array that have no record yet. */
export interface Waiting {
  readonly job: Job;
  /** Retried jobs go to the front of their queue (reference 5.1). */
  readonly retried: boolean;
}

/** The jobs of one queue that have one shape, in the order in which they are to start. */
export interface WaitingShape {
  readonly key: string;
  readonly demand: Demand;
  /** A heap; entries that no longer wait are dropped when they come to the top. */
  readonly entries: TinyQueue<Waiting>;
}

/** The RUNNABLE jobs of one job queue, grouped by shape: one representative is tried, its siblings need not be. */
export class WaitingJobs {
  readonly #shapes = new Map<string, WaitingShape>();
  /** By array: what waits for siblings to end, and for nothing else. */
  readonly #parked = new Map<string, TinyQueue<Waiting>>();

  add(entry: Waiting): void {
    const key = shapeKey(entry.job.scheduling);
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      shape = { key, demand: entry.job.scheduling, entries: new TinyQueue([], compareWaiting) };
      this.#shapes.set(key, shape);
    }
    shape.entries.push(entry);
  }

  /** Takes the first entry of a shape, a child or children of an array of which as many run as may, out of everybody's way. */
  park({ entries }: WaitingShape): void {
    const entry = entries.pop()!;
    const arrayId = entry.job.parent?.id ?? entry.job.id;
    const parked = this.#parked.get(arrayId);
    if (parked === undefined) this.#parked.set(arrayId, new TinyQueue([entry], compareWaiting));
    else parked.push(entry);
  }

  /** One more child of the array may start: the first parked entry that still waits goes back to its place. Costs nothing for the others. */
  unpark(arrayId: string, waits: (entry: Waiting) => boolean): void {
    const parked = this.#parked.get(arrayId);
    let first = parked?.pop();
    while (first !== undefined && !waits(first)) first = parked?.pop();
    if (first !== undefined) this.add(first);
    if (parked?.length === 0) this.#parked.delete(arrayId);
  }

  /** The shapes that still have jobs waiting, the one with the first job of the queue on top. `waits` tells whether an entry still does. */
  heads(waits: (entry: Waiting) => boolean): TinyQueue<WaitingShape> {
    const heads: WaitingShape[] = [];
    for (const shape of this.#shapes.values()) {
      if (dropStale(shape, waits) === undefined) this.#shapes.delete(shape.key);
      else heads.push(shape);
    }
    return new TinyQueue(heads, (a, b) => compareWaiting(a.entries.peek()!, b.entries.peek()!));
  }
}

/** The first entry of a shape that still waits. */
export function dropStale(shape: WaitingShape, waits: (entry: Waiting) => boolean): Waiting | undefined {
  for (;;) {
    const head = shape.entries.peek();
    if (head === undefined || waits(head)) return head;
    shape.entries.pop();
  }
}

/** FIFO (reference 7.2): retried first, then in order of submission, children of an array by index. */
function compareWaiting(a: Waiting, b: Waiting): number {
  if (a.retried !== b.retried) return a.retried ? -1 : 1;
  return a.job.seq - b.job.seq || (a.job.parent?.index ?? -1) - (b.job.parent?.index ?? -1);
}
