import { setImmediate as nextTurn } from "node:timers/promises";
import TinyQueue from "tinyqueue";
import type { LogStream } from "../../ports/log-streams.ts";
import { EVENT_OVERHEAD_BYTES, PAGE_BYTES } from "../../ports/logs.ts";
import type { LogEvent, LogReader } from "../../ports/logs.ts";
import { invalidParameterException } from "../wire/errors.ts";
import { MAX_TOGETHER } from "./candidates.ts";
import type { Candidate, SearchSpan } from "./candidates.ts";
import { inParallel } from "./in-parallel.ts";
import type { Matches } from "./pattern/pattern.ts";
import type { Direction, SearchCursor } from "./search-order.ts";
import { StreamSource } from "./stream-source.ts";
import type { PageSize } from "./stream-source.ts";
import { TEXTS } from "./texts.ts";

/** An answer looks at no more than this, matching or not; the next page goes on. */
const SCANNED_EVENTS = 100_000;
const SCANNED_BYTES = 16 * 1024 * 1024;
/** What looking at streams costs. An answer that has found nothing for so much is given, empty, and the next page goes on. */
const STREAM_COST = { silent: 1, opened: 20 } as const;
const COST_PER_ANSWER = 40_000;
/** Other requests are served after looking at so much. */
const TURN_EVENTS = 1_000;
const TURN_BYTES = 256 * 1024;
/** What may be read ahead, of all streams together. */
const READ_AHEAD_BYTES = 32 * 1024 * 1024;
const SMALLEST_PAGE_BYTES = 16 * 1024;
const PAGE_EVENTS = 1_000;
const LOADED_AT_ONCE = 32;

export interface Found {
  readonly stream: LogStream;
  readonly event: LogEvent;
}

/** Collects what one answer may hold. */
export class Answer {
  readonly found: Found[] = [];
  readonly #limit: number;
  readonly #matches: Matches;
  #bytes = 0;
  #scannedEvents = 0;
  #scannedBytes = 0;
  #turnEvents = 0;
  #turnBytes = 0;

  constructor(limit: number, matches: Matches) {
    this.#limit = limit;
    this.#matches = matches;
  }

  get full(): boolean {
    return (
      this.found.length >= this.#limit || this.#scannedEvents >= SCANNED_EVENTS || this.#scannedBytes >= SCANNED_BYTES
    );
  }

  /** Looks at an event. False when it matches and there is no room for it. */
  async look(stream: LogStream, event: LogEvent): Promise<boolean> {
    const bytes = Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    await this.#takeTurns(bytes);
    if (this.#matches(event.message)) {
      if (this.found.length > 0 && this.#bytes + bytes > PAGE_BYTES) return false;
      this.#bytes += bytes;
      this.found.push({ stream, event });
    }
    this.#scannedEvents += 1;
    this.#scannedBytes += bytes;
    return true;
  }

  async #takeTurns(bytes: number): Promise<void> {
    this.#turnEvents += 1;
    this.#turnBytes += bytes;
    if (this.#turnEvents < TURN_EVENTS && this.#turnBytes < TURN_BYTES) return;
    this.#turnEvents = 0;
    this.#turnBytes = 0;
    await nextTurn();
  }
}

/**
 * Looks through the candidates' events behind the cursor, in order, until they end or the answer is full. Returns where it stopped;
 * undefined at the end. However much there is, a search that is gone on with from there comes to its end.
 */
export async function search(
  readerOf: (stream: LogStream) => LogReader,
  candidates: AsyncIterator<Candidate, undefined>,
  span: SearchSpan,
  answer: Answer,
): Promise<SearchCursor | undefined> {
  const merge = new Merge(readerOf, candidates, span);
  let last = span.cursor;
  for (;;) {
    const source = await merge.first();
    if (source === undefined) return merge.next && { time: merge.next.bound };
    if (answer.full) return last;
    const head = source.head!;
    if (!(await answer.look(source.stream, head))) return last;
    last = { time: head.timestamp, event: { stream: source.stream.name, position: head.position } };
    await merge.advance();
  }
}

/** Streams in order of their next events. A stream is opened when the merge comes to its bound. */
class Merge {
  readonly #readerOf: (stream: LogStream) => LogReader;
  readonly #candidates: AsyncIterator<Candidate, undefined>;
  readonly #span: SearchSpan;
  readonly #sources: TinyQueue<StreamSource>;
  /** The candidate that comes next; undefined after the last one. */
  next: Candidate | undefined;
  /** Where the first candidates stand, and what they cost: each answer looks at them again. */
  #beginning: number | undefined;
  #beginningCost = 0;
  #cost = 0;
  #isBegun = false;

  constructor(
    readerOf: (stream: LogStream) => LogReader,
    candidates: AsyncIterator<Candidate, undefined>,
    span: SearchSpan,
  ) {
    this.#readerOf = readerOf;
    this.#candidates = candidates;
    this.#span = span;
    this.#sources = new TinyQueue<StreamSource>([], (one, other) => compareHeads(one, other, span.direction));
  }

  /** The stream whose next event is the first. Undefined when there is none, or none in as many streams as one answer opens. */
  async first(): Promise<StreamSource | undefined> {
    if (!this.#isBegun) {
      this.#isBegun = true;
      this.next = await this.#nextCandidate();
      this.#beginning = this.next?.bound;
    }
    while (this.#isNextDue()) await this.#open();
    return this.#sources.peek();
  }

  /** Goes on behind the first event. */
  async advance(): Promise<void> {
    const source = this.#sources.pop()!;
    await source.advance(this.#pageSize());
    if (source.head !== undefined) this.#sources.push(source);
  }

  /** Whether the next candidate may have events that come before all others. When there are no others, an answer can have cost enough. */
  #isNextDue(): boolean {
    if (this.next === undefined) return false;
    const { bound } = this.next;
    const head = this.#sources.peek()?.head;
    if (head === undefined) return bound === this.#beginning || !this.#isEnough();
    return this.#span.direction === "forward" ? bound <= head.timestamp : bound >= head.timestamp;
  }

  /** At least as much again as the first candidates, so that no search spends most of its time at beginnings. */
  #isEnough(): boolean {
    return this.#cost >= Math.max(COST_PER_ANSWER, 2 * this.#beginningCost);
  }

  /** Opens the next candidates, several at a time: those that are due now. */
  async #open(): Promise<void> {
    const due: StreamSource[] = [];
    while (due.length < LOADED_AT_ONCE && this.#isNextDue()) {
      const { stream, isSilent, bound } = this.next!;
      if (!isSilent) due.push(new StreamSource({ stream, reader: this.#readerOf(stream), ...this.#span }));
      this.#cost += isSilent ? STREAM_COST.silent : STREAM_COST.opened;
      if (bound === this.#beginning) this.#beginningCost = this.#cost;
      this.next = await this.#nextCandidate();
    }
    await inParallel(due, (source) => source.load());
    for (const source of due) if (source.head !== undefined) this.#sources.push(source);
    if (this.#sources.length > MAX_TOGETHER) throw invalidParameterException(TEXTS.crowded(MAX_TOGETHER));
  }

  async #nextCandidate(): Promise<Candidate | undefined> {
    return (await this.#candidates.next()).value;
  }

  #pageSize(): PageSize {
    const share = Math.floor(READ_AHEAD_BYTES / (this.#sources.length + 1));
    return { limit: PAGE_EVENTS, maxBytes: Math.min(PAGE_BYTES, Math.max(SMALLEST_PAGE_BYTES, share)) };
  }
}

function compareHeads(one: StreamSource, other: StreamSource, direction: Direction): number {
  const inOrder = one.head!.timestamp - other.head!.timestamp || (one.stream.name < other.stream.name ? -1 : 1);
  return direction === "forward" ? inOrder : -inOrder;
}
