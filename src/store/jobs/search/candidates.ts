import TinyQueue from "tinyqueue";
import type { JobSort, SearchPlace } from "../../../ports/job-search.ts";
import type { Row } from "../../database.ts";

/** Some of the jobs that may match, in the order of the search: read on in portions. */
export interface Source {
  /** The time of its first job, or an earlier place in the order. Nothing is read before it is its turn. */
  readonly head: number;
  read(after: SearchPlace, count: number): Promise<Row[]>;
}

/** How many rows are read at a time, at most: some milliseconds. */
const MAX_BATCH = 500;

/** The jobs of all sources, in order. Of each source little more is read than is taken. */
export class Candidates {
  readonly #queue: TinyQueue<Reader>;
  readonly #pause: (rows: number) => Promise<void>;

  /** `pause`: called with how many rows were read. */
  constructor(
    sources: readonly Source[],
    page: { readonly order: JobSort; readonly after: SearchPlace; readonly limit: number },
    pause: (rows: number) => Promise<void>,
  ) {
    const sign = page.order === "newest" ? -1 : 1;
    const batch = Math.min(MAX_BATCH, 1 + Math.ceil(page.limit / Math.max(1, sources.length)));
    this.#queue = new TinyQueue(
      sources.map((source) => new Reader(source, page.after, batch, sign)),
      (a, b) => sign * (a.next.createdAt - b.next.createdAt || a.next.seq - b.next.seq),
    );
    this.#pause = pause;
  }

  /** The next row; undefined when something has to be read first, or there is nothing more. */
  take(): Row | undefined {
    const reader = this.#queue.peek();
    const row = reader?.take();
    if (reader === undefined || row === undefined) return undefined;
    this.#queue.pop();
    this.#queue.push(reader);
    return row;
  }

  /** Reads on where the next row is. False when there is nothing more. */
  async readOn(): Promise<boolean> {
    const reader = this.#queue.pop();
    if (reader === undefined) return false;
    const count = await reader.readOn();
    if (count > 0) this.#queue.push(reader);
    await this.#pause(count);
    return this.#queue.length > 0;
  }
}

export function placeOf(row: Row): SearchPlace {
  return { createdAt: Number(row["created_at"]), seq: Number(row["seq"]) };
}

class Reader {
  /** The next job's place; until it is read, the first that it can have. */
  next: SearchPlace;
  readonly #source: Source;
  #after: SearchPlace;
  #batch: number;
  #buffer: Row[] = [];
  #at = 0;
  #isOver = false;

  constructor(source: Source, after: SearchPlace, batch: number, sign: number) {
    this.#source = source;
    this.#after = after;
    this.#batch = batch;
    this.next = { createdAt: source.head, seq: -sign * Number.MAX_SAFE_INTEGER };
  }

  /** Undefined when the next job has to be read first. */
  take(): Row | undefined {
    const row = this.#buffer[this.#at];
    if (row === undefined) return undefined;
    this.#at += 1;
    const next = this.#buffer[this.#at];
    // Of a buffer that is used up the next one is somewhere behind.
    this.next = placeOf(next ?? row);
    return row;
  }

  async readOn(): Promise<number> {
    if (this.#isOver) return 0;
    this.#buffer = await this.#source.read(this.#after, this.#batch);
    this.#at = 0;
    this.#isOver = this.#buffer.length < this.#batch;
    this.#batch = Math.min(this.#batch * 2, MAX_BATCH);
    const [first, last] = [this.#buffer[0], this.#buffer.at(-1)];
    if (first !== undefined) this.next = placeOf(first);
    if (last !== undefined) this.#after = placeOf(last);
    return this.#buffer.length;
  }
}
