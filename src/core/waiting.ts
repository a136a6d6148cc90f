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
  entries: TinyQueue<Waiting>;
}

/** An entry of a heap, by its place in the array that the heap is kept in. */
interface HeapEntry {
  readonly heap: readonly Waiting[];
  readonly at: number;
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

  /**
   * The first entries that wait, in their order, without taking them out. Costs in `limit`, shapes and parked arrays: of a heap, only what is next to an
   * entry that was given can be the next one.
   */
  front(limit: number, waits: (entry: Waiting) => boolean): Waiting[] {
    const heaps = [...this.#shapes.values()].map(({ entries }) => entries.data);
    for (const parked of this.#parked.values()) heaps.push(parked.data);
    const next = new TinyQueue(
      heaps.flatMap((heap): HeapEntry[] => (heap.length === 0 ? [] : [{ heap, at: 0 }])),
      (a, b) => compareWaiting(a.heap[a.at]!, b.heap[b.at]!),
    );
    const front: Waiting[] = [];
    let stale = 0;
    for (let found = next.pop(); found !== undefined && front.length < limit; found = next.pop()) {
      const { heap, at } = found;
      for (const below of [2 * at + 1, 2 * at + 2]) if (below < heap.length) next.push({ heap, at: below });
      if (waits(heap[at]!)) front.push(heap[at]!);
      else stale += 1;
    }
    // Many jobs that were cancelled in the middle of the queue: the next look shall not pass them again.
    if (stale > limit) this.#dropAllStale(waits);
    return front;
  }

  #dropAllStale(waits: (entry: Waiting) => boolean): void {
    for (const shape of this.#shapes.values()) {
      shape.entries = new TinyQueue(shape.entries.data.filter(waits), compareWaiting);
    }
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
