import type { Requirements } from "../job.ts";

/** Takes nothing, not even a job that asks for nothing. */
const CLOSED = -1;

/**
 * Finds the first of many places with room for a shape: a tree of the maxima of free vCPU, memory and GPUs. A look-up costs O(log n) where one
 * kind of room decides, and more where places with much of one kind and little of another alternate.
 */
export class RoomIndex {
  /** A power of two. Leaves are `size` to `2 * size - 1`, the root is 1. */
  readonly size: number;
  readonly #vcpuMilli: Int32Array;
  readonly #memoryMiB: Int32Array;
  readonly #gpus: Int32Array;

  constructor(minSize: number) {
    this.size = 2 ** Math.ceil(Math.log2(Math.max(1, minSize)));
    this.#vcpuMilli = new Int32Array(2 * this.size).fill(CLOSED);
    this.#memoryMiB = new Int32Array(2 * this.size).fill(CLOSED);
    this.#gpus = new Int32Array(2 * this.size).fill(CLOSED);
  }

  /** Without `room` the place takes nothing. */
  set(place: number, room: Requirements | undefined): void {
    const leaf = this.size + place;
    this.#put(this.#vcpuMilli, leaf, room?.vcpuMilli ?? CLOSED);
    this.#put(this.#memoryMiB, leaf, room?.memoryMiB ?? CLOSED);
    this.#put(this.#gpus, leaf, room?.gpus ?? CLOSED);
  }

  /** The first place that has this room. */
  first(needed: Requirements): number | undefined {
    const found = this.#firstBelow(1, needed);
    return found === CLOSED ? undefined : found;
  }

  /** The first place behind this one that has this room. */
  firstAfter(place: number, needed: Requirements): number | undefined {
    for (let node = this.size + place; node > 1; node >>= 1) {
      const found = node % 2 === 0 ? this.#firstBelow(node + 1, needed) : CLOSED;
      if (found !== CLOSED) return found;
    }
    return undefined;
  }

  /** The first of those places that have the most vCPUs. */
  mostVcpus(): number | undefined {
    const most = this.#vcpuMilli[1]!;
    return most === CLOSED ? undefined : this.first({ vcpuMilli: most, memoryMiB: CLOSED, gpus: CLOSED });
  }

  #put(maxima: Int32Array, leaf: number, value: number): void {
    maxima[leaf] = value;
    for (let node = leaf >> 1; node >= 1; node >>= 1) {
      const largest = Math.max(maxima[2 * node]!, maxima[2 * node + 1]!);
      if (maxima[node] === largest) return;
      maxima[node] = largest;
    }
  }

  #firstBelow(node: number, needed: Requirements): number {
    if (this.#vcpuMilli[node]! < needed.vcpuMilli) return CLOSED;
    if (this.#memoryMiB[node]! < needed.memoryMiB) return CLOSED;
    if (this.#gpus[node]! < needed.gpus) return CLOSED;
    if (node >= this.size) return node - this.size;
    const left = this.#firstBelow(2 * node, needed);
    return left === CLOSED ? this.#firstBelow(2 * node + 1, needed) : left;
  }
}
