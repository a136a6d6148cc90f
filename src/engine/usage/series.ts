import type { UsageSample } from "../../ports/usage-samples.ts";

/** Of one attempt, when there is nothing dear about it. */
export const MOST_SAMPLES = 240;
/** The first look at an attempt comes so long after its start, and at first another one so long after the last. */
const FIRST_STEP_MS = 1_000;
const NUMBERS = 3;

/** What one attempt has used, at moments that are farther apart the longer it runs: when there is no more room, every second one goes and the step doubles. */
export class Series {
  readonly startedAt: number;
  dueAt: number;
  /** Looks that saw nothing, in a row. */
  misses = 0;
  /** Of an attempt that an earlier leader has looked at. */
  mustLoad: boolean;
  #stepMs = FIRST_STEP_MS;
  /** Three numbers each: there can be many attempts. */
  #numbers: number[] = [];
  /** How many were added and not written. */
  #fresh = 0;

  constructor(startedAt: number, mustLoad: boolean) {
    this.startedAt = startedAt;
    this.mustLoad = mustLoad;
    this.dueAt = startedAt + FIRST_STEP_MS;
  }

  get count(): number {
    return this.#numbers.length / NUMBERS;
  }

  get fresh(): number {
    return this.#fresh;
  }

  /** Each row is written again and again as it grows: not for every sample. */
  get isWorthWriting(): boolean {
    return this.#fresh >= Math.max(4, this.count / 8);
  }

  /** Those of an earlier leader. */
  load(samples: readonly UsageSample[], now: number): void {
    this.mustLoad = false;
    this.#numbers = samples.flatMap(({ at, cpuMs, memoryMiB }) => [at, cpuMs, memoryMiB]);
    while ((now - this.startedAt) / this.#stepMs > MOST_SAMPLES) this.#stepMs *= 2;
  }

  /** @param most how many it may keep. */
  add({ at, cpuMs, memoryMiB }: UsageSample, most: number): void {
    this.misses = 0;
    // The clock was set back.
    if (at <= (this.#numbers.at(-NUMBERS) ?? this.startedAt)) return;
    this.#numbers.push(at, cpuMs, memoryMiB);
    this.#fresh += 1;
    while (this.count > most) this.#thin();
  }

  /** Nothing was seen of it: perhaps it is about to end, or its engine is out of sight. */
  miss(): void {
    this.misses += 1;
  }

  next(now: number): void {
    this.dueAt = now + this.#stepMs * (1 + this.misses);
  }

  samples(): UsageSample[] {
    return Array.from({ length: this.count }, (_, index) => {
      const [at, cpuMs, memoryMiB] = this.#numbers.slice(index * NUMBERS) as [number, number, number];
      return { at, cpuMs, memoryMiB };
    });
  }

  /** @param fresh how many were new when it was written. */
  written(fresh: number): void {
    this.#fresh -= fresh;
  }

  /** Those that stay tell the same: processor time counts from the start. The last one stays. */
  #thin(): void {
    const { count } = this;
    this.#numbers = this.#numbers.filter((_, place) => (count - Math.floor(place / NUMBERS)) % 2 === 1);
    this.#stepMs *= 2;
  }
}
