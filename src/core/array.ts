import type { JobStatus } from "./job.ts";
import { isWaiting, JOB_STATUSES } from "./job.ts";

/** What an array's children that have a record come to, as it is kept with their parent: nobody has to count them. */
export interface RecordedChildren {
  readonly counts: Readonly<Partial<Record<JobStatus, number>>>;
  /** All children below this index have a record. */
  readonly below: number;
}

/** What has become of the children of one array job that have a record; the others are described by the parent's `rest`. */
export class ArrayProgress {
  readonly size: number;
  /** When the first child began to run. */
  startedAt: number | undefined;
  /** By index, the child's place in STATUSES; 0 without a record. */
  readonly #codes: Uint8Array;
  readonly #counts = STATUSES.map(() => 0);
  #next = 0;

  constructor(size: number) {
    this.size = size;
    this.#codes = new Uint8Array(size);
  }

  /** Children that are recorded and not over. */
  get active(): number {
    return this.recorded - this.succeeded - this.count("FAILED");
  }

  get succeeded(): number {
    return this.count("SUCCEEDED");
  }

  get recorded(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  count(status: JobStatus): number {
    return this.#counts[STATUSES.indexOf(status)]!;
  }

  set(index: number, status: JobStatus): void {
    const before = this.#codes[index]!;
    const after = STATUSES.indexOf(status);
    if (before !== 0) this.#counts[before]! -= 1;
    this.#counts[after]! += 1;
    this.#codes[index] = after;
  }

  get(index: number): ChildCode {
    switch (STATUSES[this.#codes[index] ?? 0]) {
      case undefined:
        return "none";
      case "SUCCEEDED":
        return "succeeded";
      case "FAILED":
        return "failed";
      default:
        return "active";
    }
  }

  /** The lowest index without a record, or undefined. Amortised O(1): records are never taken back. */
  next(): number | undefined {
    while (this.#next < this.size && this.#codes[this.#next] !== 0) this.#next += 1;
    return this.#next < this.size ? this.#next : undefined;
  }

  /** Children that have a record and wait: for the child before them, or to be tried again. */
  get recordedWaiting(): number {
    return JOB_STATUSES.filter(isWaiting).reduce((sum, status) => sum + this.count(status), 0);
  }

  /** The lowest index of these, or undefined. Costs in the size where there are some. */
  firstRecordedWaiting(): number | undefined {
    if (this.recordedWaiting === 0) return undefined;
    return this.#codes.findIndex((code) => code !== 0 && isWaiting(STATUSES[code]!));
  }

  /** The indexes of children without a record, in order. */
  *unrecorded(): Iterable<number> {
    for (let index = this.next() ?? this.size; index < this.size; index += 1) {
      if (this.#codes[index] === 0) yield index;
    }
  }

  /** Children that have not succeeded; after the array's end, those that failed. */
  notSucceeded(): IndexSet {
    const succeeded = STATUSES.indexOf("SUCCEEDED");
    return new IndexSet(this.#codes.map((code) => (code === succeeded ? 0 : 1)));
  }

  summary(): RecordedChildren {
    const counted = STATUSES.flatMap((status, code) =>
      status === undefined || this.#counts[code] === 0 ? [] : [[status, this.#counts[code]!] as const],
    );
    return { counts: Object.fromEntries(counted), below: this.next() ?? this.size };
  }
}

/** Some of an array's children, in a byte each: an array may have a million. */
export class IndexSet {
  readonly #members: Uint8Array;

  /** `members`: by index, 1 for those that are in the set. */
  constructor(members: Uint8Array) {
    this.#members = members;
  }

  has(index: number): boolean {
    return this.#members[index] === 1;
  }
}

/** Without a record a child has no status of its own. */
const STATUSES: readonly (JobStatus | undefined)[] = [undefined, ...JOB_STATUSES];

export type ChildCode = "none" | "active" | "succeeded" | "failed";
