import { EVENT_OVERHEAD_BYTES, PAGE_BYTES } from "../ports/logs.ts";
import type { LogEvent, LogPage, LogQuery } from "../ports/logs.ts";
import type { OpenLog } from "./open-log.ts";
import { byteAtTime, readableEnd, segmentStartBefore, segmentStartFrom } from "./seek.ts";
import { afterEmptyLines, CUT_BACK_BYTES, LONGEST_LINE_BYTES, segmentAt, textOf } from "./segments.ts";
import type { Segment, Window } from "./segments.ts";

const CHUNK_BYTES = 1024 * 1024;
const SMALLEST_CHUNK_BYTES = 4 * 1024;
const LIKELY_LINE_BYTES = 256;
/** A page of a log full of empty lines ends here, without events, and goes on with the next page. */
const SCAN_BYTES = 16 * 1024 * 1024;

/** Whole segments, as offsets: from `from` (inclusive) to `to` (exclusive), both beginnings of segments. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** One page of a log. See LogReader.read; a page that found nothing keeps the position it was asked for. */
export async function readPage(log: OpenLog, query: LogQuery): Promise<LogPage> {
  const range = await wantedRange(log, query);
  const start = await startOf(log, query, range);
  const page =
    query.direction === "forward"
      ? await forwardScan(log, { from: Math.max(start, range.from), to: range.to }, query)
      : await backwardScan(log, { from: range.from, to: Math.min(start, range.to) }, query);
  const { events, unfinished } = page;
  const stays = events.length === 0 && !unfinished && typeof query.position === "bigint";
  return {
    events,
    forwardPosition: BigInt(stays ? start : page.forward),
    backwardPosition: BigInt(stays ? start : page.backward),
  };
}

interface Scan {
  readonly events: readonly LogEvent[];
  /** Where reading goes on, either way: bytes from the log's beginning. */
  readonly forward: number;
  readonly backward: number;
  /** The scan ended at its limit, before the range did. */
  readonly unfinished: boolean;
}

type PageSize = Pick<LogQuery, "limit" | "maxBytes">;

async function wantedRange(log: OpenLog, query: LogQuery): Promise<Range> {
  const end = await readableEnd(log);
  const byTime = async (time: number): Promise<number> =>
    Math.min(end, await segmentStartFrom(log, await byteAtTime(log, time)));
  return {
    from: query.startTime === undefined ? 0 : await byTime(query.startTime),
    to: query.endTime === undefined ? end : await byTime(query.endTime),
  };
}

async function startOf(log: OpenLog, query: LogQuery, range: Range): Promise<number> {
  if (query.position === "head") return range.from;
  if (query.position === "tail") return range.to;
  return segmentStartFrom(log, Number(query.position));
}

async function forwardScan(log: OpenLog, range: Range, size: PageSize): Promise<Scan> {
  const page = new Page(size);
  let at = range.from;
  let chunk = firstChunk(size.limit);
  while (at < range.to && !page.full && at - range.from < SCAN_BYTES) {
    const window = await log.window(at, at + chunk);
    // Of empty lines, which give no event, there is at most one run between two others.
    const segments = segmentsOf(window, at, range.to, 2 * size.limit + 1);
    if (segments.length === 0 && chunk >= CHUNK_BYTES) break;
    const taken = page.take(await dated(log, window, segments), "append");
    at = taken === 0 ? at : (segments[taken - 1]?.end ?? at);
    chunk = CHUNK_BYTES;
  }
  const unfinished = at < range.to;
  return { events: page.events, forward: at, backward: Math.min(range.from, at), unfinished };
}

async function backwardScan(log: OpenLog, range: Range, size: PageSize): Promise<Scan> {
  const page = new Page(size);
  let at = range.to;
  let chunk = firstChunk(size.limit);
  while (at > range.from && !page.full && range.to - at < SCAN_BYTES) {
    const from = Math.max(range.from, at - chunk <= 0 ? 0 : await segmentStartBefore(log, at - chunk));
    const window = await windowUpTo(log, from, at);
    const segments = segmentsOf(window, from, at);
    if (segments.length === 0) break;
    const taken = page.take(await dated(log, window, segments), "prepend");
    at = segments[segments.length - taken]?.start ?? at;
    chunk = CHUNK_BYTES;
  }
  const unfinished = at > range.from;
  return { events: page.events, forward: Math.max(range.to, at), backward: at, unfinished };
}

/** The window of the segments from `from` to `to`. When a too long line goes on behind `to`, with enough of it to see that it is too long. */
async function windowUpTo(log: OpenLog, from: number, to: number): Promise<Window> {
  const window = await log.window(from, to);
  const endsInLine = window.bytes.at(-1) !== 10 && to < log.size;
  return endsInLine ? log.window(from, to + LONGEST_LINE_BYTES + 2 * CUT_BACK_BYTES) : window;
}

/** A segment, or a run of empty lines taken as one. */
interface Part extends Segment {
  readonly empty: boolean;
}

/** The segments that begin before `to`, as far as the window shows them whole; at most `most`. */
function segmentsOf(window: Window, from: number, to: number, most = Infinity): Part[] {
  const parts: Part[] = [];
  let at = from;
  while (at < to && parts.length < most) {
    const text = afterEmptyLines(window, at, to);
    const segment = text > at ? { start: at, end: text } : segmentAt(window, at);
    if (segment === undefined) break;
    parts.push({ ...segment, empty: text > at });
    at = segment.end;
  }
  return parts;
}

interface Dated extends Part {
  readonly time: number;
  readonly text: () => string;
}

/** Gives every segment the time at which its first byte arrived. */
async function dated(log: OpenLog, window: Window, segments: readonly Part[]): Promise<Dated[]> {
  const first = segments[0];
  const last = segments.at(-1);
  if (first === undefined || last === undefined) return [];
  const marks = await log.marks.over(first.start, last.end);
  let index = 0;
  return segments.map((segment) => {
    while ((marks[index]?.end ?? Infinity) <= segment.start) index += 1;
    return { ...segment, time: marks[index]?.time ?? log.tailTime, text: () => textOf(window, segment) };
  });
}

function firstChunk(limit: number): number {
  return Math.min(CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, limit * LIKELY_LINE_BYTES));
}

/** Collects events up to a number and a size; empty lines are taken but give no event, as with the awslogs driver. */
class Page {
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #events: LogEvent[] = [];
  #bytes = 0;
  #closed = false;
  #backwards = false;

  constructor({ limit, maxBytes = PAGE_BYTES }: PageSize) {
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  /** In order of time. */
  get events(): LogEvent[] {
    return this.#backwards ? this.#events.toReversed() : this.#events;
  }

  get full(): boolean {
    return this.#closed || this.#events.length >= this.#limit;
  }

  /** Takes segments from the beginning (`append`) or from the end (`prepend`) until the page is full. Returns how many. */
  take(segments: readonly Dated[], side: "append" | "prepend"): number {
    this.#backwards = side === "prepend";
    let taken = 0;
    for (const segment of this.#backwards ? segments.toReversed() : segments) {
      if (this.full || !this.#fits(segment)) break;
      taken += 1;
      const message = segment.empty ? "" : segment.text();
      if (message === "") continue;
      this.#bytes += sizeOf(segment);
      const { start, time } = segment;
      this.#events.push({ timestamp: time, ingestionTime: time, message, position: BigInt(start) });
    }
    return taken;
  }

  /** The first event always fits, however long. One that does not fit closes the page. */
  #fits(segment: Part): boolean {
    if (segment.empty || this.#events.length === 0 || this.#bytes + sizeOf(segment) <= this.#maxBytes) return true;
    this.#closed = true;
    return false;
  }
}

function sizeOf(segment: Segment): number {
  return segment.end - segment.start + EVENT_OVERHEAD_BYTES;
}
