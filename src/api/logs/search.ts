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
  #turn = 0;

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
  look(stream: LogStream, event: LogEvent): boolean {
    const bytes = Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    if (this.#matches(event.message)) {
      if (this.found.length > 0 && this.#bytes + bytes > PAGE_BYTES) return false;
      this.#bytes += bytes;
      this.found.push({ stream, event });
    }
    this.#scannedEvents += 1;
    this.#scannedBytes += bytes;
    return true;
  }

  /** Resolves at once, or when other requests had their turn. */
  get pause(): Promise<void> | undefined {
    const turn = Math.floor(this.#scannedEvents / TURN_EVENTS) + Math.floor(this.#scannedBytes / TURN_BYTES);
    if (turn === this.#turn) return undefined;
    this.#turn = turn;
    return nextTurn();
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
  await merge.begin();
  let last = span.cursor;
  for (;;) {
    // Awaited only where there is something to wait for: most events come out of pages that are there.
    if (merge.isNextDue) await merge.open();
    const source = merge.first;
    if (source === undefined) return merge.next && { time: merge.next.bound };
    const event = source.head!;
    if (answer.full || !answer.look(source.stream, event)) return last;
    last = { time: event.timestamp, event: { stream: source.stream.name, position: event.position } };
    const loading = merge.advance();
    if (loading !== undefined) await loading;
    const pause = answer.pause;
    if (pause !== undefined) await pause;
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

  async begin(): Promise<void> {
    this.next = await this.#nextCandidate();
    this.#beginning = this.next?.bound;
  }

  /** The stream whose next event is the first. Undefined when there is none, or none in as many streams as one answer opens. */
  get first(): StreamSource | undefined {
    return this.#sources.peek();
  }

  /** Goes on behind the first event. Resolves when `first` is right again: at once, unless more must be read. */
  advance(): Promise<void> | undefined {
    const source = this.#sources.pop()!;
    if (source.step()) {
      this.#sources.push(source);
      return undefined;
    }
    return this.#load([source]);
  }

  /** Whether the next candidate may have events that come before all others. When there are no others, an answer can have cost enough. */
  get isNextDue(): boolean {
    if (this.next === undefined) return false;
    const { bound } = this.next;
    const head = this.first?.head;
    if (head === undefined) return bound === this.#beginning || !this.#isEnough();
    return this.#span.direction === "forward" ? bound <= head.timestamp : bound >= head.timestamp;
  }

  /** At least as much again as the first candidates, so that no search spends most of its time at beginnings. */
  #isEnough(): boolean {
    return this.#cost >= Math.max(COST_PER_ANSWER, 2 * this.#beginningCost);
  }

  /** Opens candidates until none is due. */
  async open(): Promise<void> {
    while (this.isNextDue) {
      const due: StreamSource[] = [];
      while (due.length < LOADED_AT_ONCE && this.isNextDue) {
        const { stream, isSilent, bound } = this.next!;
        if (!isSilent) due.push(new StreamSource({ stream, reader: this.#readerOf(stream), ...this.#span }));
        this.#cost += isSilent ? STREAM_COST.silent : STREAM_COST.opened;
        if (bound === this.#beginning) this.#beginningCost = this.#cost;
        this.next = await this.#nextCandidate();
      }
      await this.#load(due);
      if (this.#sources.length > MAX_TOGETHER) throw invalidParameterException(TEXTS.crowded(MAX_TOGETHER));
    }
  }

  async #load(sources: readonly StreamSource[]): Promise<void> {
    const share = Math.floor(READ_AHEAD_BYTES / (this.#sources.length + sources.length));
    const maxBytes = Math.min(PAGE_BYTES, Math.max(SMALLEST_PAGE_BYTES, share));
    await inParallel(sources, (source) => source.load(maxBytes));
    for (const source of sources) if (source.head !== undefined) this.#sources.push(source);
  }

  async #nextCandidate(): Promise<Candidate | undefined> {
    return (await this.#candidates.next()).value;
  }
}

function compareHeads(one: StreamSource, other: StreamSource, direction: Direction): number {
  const inOrder = one.head!.timestamp - other.head!.timestamp || (one.stream.name < other.stream.name ? -1 : 1);
  return direction === "forward" ? inOrder : -inOrder;
}
