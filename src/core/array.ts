/** What has become of the children of one array job that have a record; the others are described by the parent's `rest`. */
export class ArrayProgress {
  readonly size: number;
  /** Children that are recorded and not over. */
  active = 0;
  succeeded = 0;
  failed = 0;
  /** When the first child began to run. */
  startedAt: number | undefined;
  #codes: Uint8Array;
  #next = 0;

  constructor(size: number) {
    this.size = size;
    this.#codes = new Uint8Array(size);
  }

  get recorded(): number {
    return this.active + this.succeeded + this.failed;
  }

  set(index: number, code: ChildCode): void {
    this.#count(this.get(index), -1);
    this.#count(code, 1);
    this.#codes[index] = CODES.indexOf(code);
  }

  get(index: number): ChildCode {
    return CODES[this.#codes[index] ?? 0]!;
  }

  /** The lowest index without a record, or undefined. Amortised O(1): records are never taken back. */
  next(): number | undefined {
    while (this.#next < this.size && this.#codes[this.#next] !== 0) this.#next += 1;
    return this.#next < this.size ? this.#next : undefined;
  }

  failedChildren(): Set<number> {
    const failed = new Set<number>();
    for (let index = 0; index < this.size; index += 1) if (this.get(index) === "failed") failed.add(index);
    return failed;
  }

  #count(code: ChildCode, by: number): void {
    if (code === "none") return;
    this[code] += by;
  }
}

const CODES = ["none", "active", "succeeded", "failed"] as const;
export type ChildCode = (typeof CODES)[number];
