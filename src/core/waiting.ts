import TinyQueue from "tinyqueue";
import type { Demand, Job } from "./job.ts";
import { demandOf, shapeKey, shareOf } from "./job.ts";

/** A RUNNABLE job, child, or (as one entry) all RUNNABLE children of an array that have no record yet. */
export interface Waiting {
  readonly job: Job;
  /** Retried jobs go to the front of their queue (reference 5.1). */
  readonly retried: boolean;
}

/** The jobs of one lane that have one shape, in the order in which they are to start. */
export interface WaitingShape {
  readonly key: string;
  readonly demand: Demand;
  /** A heap; entries that no longer wait are dropped when they come to the top, or when there are too many. */
  entries: TinyQueue<Waiting>;
  /** With how many entries they are looked through for such as no longer wait. */
  lookThroughAt: number;
}

/** Fewer entries are not worth a look. */
const LEAST_LOOKED_THROUGH = 1_024;

export interface Heap {
  readonly entries: TinyQueue<Waiting>;
}

/** An entry of a heap, by its place in the array that the heap is kept in. */
interface HeapEntry<Heap> {
  readonly heap: Heap;
  readonly entries: readonly Waiting[];
  readonly at: number;
}

/** The RUNNABLE jobs of one job queue: in lanes, one for each share that has some. A queue without shares has one lane. */
export class WaitingJobs {
  readonly #lanes = new Map<string, Lane>();
  /** By array: what waits for siblings to end, and for nothing else. */
  readonly #parked = new Map<string, TinyQueue<Waiting>>();

  /** `waits`: whether an entry still waits. */
  add(entry: Waiting, waits: (entry: Waiting) => boolean): void {
    const share = shareOf(entry.job.scheduling);
    let lane = this.#lanes.get(share);
    if (lane === undefined) this.#lanes.set(share, (lane = new Lane(share)));
    lane.add(entry, waits);
  }

  /** In no order. A lane whose last job has left may still be among them until somebody has looked. */
  lanes(): Lane[] {
    for (const lane of this.#lanes.values()) if (lane.isEmpty) this.#lanes.delete(lane.share);
    return [...this.#lanes.values()];
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
    if (first !== undefined) this.add(first, waits);
    if (parked?.length === 0) this.#parked.delete(arrayId);
  }

  /** All that waits, what is parked among it, by share. Costs in shapes and parked arrays. */
  byShare(): Map<string, Heap[]> {
    const heaps = new Map<string, Heap[]>();
    for (const lane of this.#lanes.values()) heaps.set(lane.share, [...lane.shapes()]);
    for (const entries of this.#parked.values()) {
      const share = shareOf(entries.peek()!.job.scheduling);
      heaps.set(share, [...(heaps.get(share) ?? []), { entries }]);
    }
    return heaps;
  }

  /**
   * The first entries that wait, in the order of one lane, without taking them out. Costs in `limit`, shapes and parked arrays: of a heap, only what
   * is next to an entry that was given can be the next one.
   */
  front(limit: number, waits: (entry: Waiting) => boolean): Waiting[] {
    const shapes = [...this.#lanes.values()].flatMap((lane) => [...lane.shapes()]);
    return frontOf(shapes, [...this.#parked.values()], limit, waits);
  }
}

function frontOf(
  shapes: readonly WaitingShape[],
  parked: readonly TinyQueue<Waiting>[],
  limit: number,
  waits: (entry: Waiting) => boolean,
): Waiting[] {
  const front: Waiting[] = [];
  let stale = 0;
  for (const { entry } of inOrder([...shapes, ...parked.map((entries) => ({ entries }))])) {
    if (front.length === limit) break;
    if (waits(entry)) front.push(entry);
    else stale += 1;
  }
  // Many jobs that were cancelled in the middle of the queue: the next look shall not pass them again.
  if (stale > limit) dropAllStale(shapes, waits);
  return front;
}

/**
 * The entries of several heaps in the order in which they are to start, without taking them out; also such as no longer wait. Costs in the heaps and in
 * the entries that are asked for: of a heap, only what is next to an entry that was given can be the next one. A heap that is closed gives no more.
 */
export function* inOrder<Heap extends { readonly entries: TinyQueue<Waiting> }>(
  heaps: Iterable<Heap>,
  isClosed: (heap: Heap) => boolean = () => false,
): Generator<{ readonly heap: Heap; readonly entry: Waiting }> {
  const next = new TinyQueue<HeapEntry<Heap>>([], (a, b) => compareWaiting(a.entries[a.at]!, b.entries[b.at]!));
  for (const heap of heaps) if (heap.entries.length > 0) next.push({ heap, entries: heap.entries.data, at: 0 });
  for (let found = next.pop(); found !== undefined; found = next.pop()) {
    const { heap, entries, at } = found;
    if (isClosed(heap)) continue;
    yield { heap, entry: entries[at]! };
    for (const below of [2 * at + 1, 2 * at + 2]) if (below < entries.length) next.push({ heap, entries, at: below });
  }
}

export function dropAllStale(shapes: Iterable<WaitingShape>, waits: (entry: Waiting) => boolean): void {
  for (const shape of shapes) shape.entries = new TinyQueue(shape.entries.data.filter(waits), compareWaiting);
}

/** The RUNNABLE jobs of one share of a queue, grouped by shape: one representative is tried, its siblings need not be. */
export class Lane {
  /** "" in a queue without shares. */
  readonly share: string;
  readonly #shapes = new Map<string, WaitingShape>();

  constructor(share: string) {
    this.share = share;
  }

  add(entry: Waiting, waits: (entry: Waiting) => boolean): void {
    const demand = demandOf(entry.job);
    const key = shapeKey(demand);
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      shape = { key, demand, entries: new TinyQueue([], compareWaiting), lookThroughAt: LEAST_LOOKED_THROUGH };
      this.#shapes.set(key, shape);
    }
    shape.entries.push(entry);
    if (shape.entries.length < shape.lookThroughAt) return;
    // Who was cancelled behind a job that has waited for long would stay for as long.
    dropAllStale([shape], waits);
    shape.lookThroughAt = Math.max(LEAST_LOOKED_THROUGH, 2 * shape.entries.length);
  }

  get isEmpty(): boolean {
    return this.#shapes.size === 0;
  }

  shapes(): Iterable<WaitingShape> {
    return this.#shapes.values();
  }

  /** The entry that is to start first, of the shapes whose first one is `isTried`. Costs in shapes. */
  first(waits: (entry: Waiting) => boolean, isTried: (entry: Waiting) => boolean = () => true): Waiting | undefined {
    let first: Waiting | undefined;
    for (const shape of this.#shapes.values()) {
      const head = dropStale(shape, waits);
      if (head === undefined) this.#shapes.delete(shape.key);
      else if (isTried(head) && (first === undefined || compareWaiting(head, first) < 0)) first = head;
    }
    return first;
  }

  /** The first entries that wait, in their order, without taking them out; what is parked is not among them. Costs in `limit` and shapes. */
  front(limit: number, waits: (entry: Waiting) => boolean): Waiting[] {
    return frontOf([...this.#shapes.values()], [], limit, waits);
  }

  /** The shapes that still have jobs waiting, the one with the first job of the lane on top. */
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

/**
 * The order within a lane (reference 7.2, 7.3; 10 no. 32): priority, higher first; retried first; then in order of submission, children of an array by
 * index. In a queue without a scheduling policy no job has a priority.
 */
export function compareWaiting(a: Waiting, b: Waiting): number {
  const priority = (b.job.scheduling.priority ?? 0) - (a.job.scheduling.priority ?? 0);
  if (priority !== 0) return priority;
  if (a.retried !== b.retried) return a.retried ? -1 : 1;
  return a.job.seq - b.job.seq || (a.job.parent?.index ?? -1) - (b.job.parent?.index ?? -1);
}
