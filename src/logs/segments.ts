import { JOINT } from "../ports/logs.ts";

/**
 * How the bytes of a log fall into events. A segment is a line with its line end, or a piece of a line that is too long for one event.
 * Where a segment begins depends only on the bytes near it, so that a 1 GB log, or a 1 GB line, can be read from any place, in either direction,
 * and always falls into the same events.
 *
 * A line longer than LONGEST_LINE_BYTES is cut at the multiples of that number (offsets in the log), moved back to the beginning of a
 * UTF-8 character. So no event is over 262,118 bytes: the largest that the awslogs driver of Docker sends to CloudWatch.
 */
export const LONGEST_LINE_BYTES = 262_112;

/** A cut moves back at most this far: a UTF-8 character has up to three continuation bytes. */
export const CUT_BACK_BYTES = 3;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Bytes of a log from `offset` on. `complete`: nothing will ever follow them. */
export interface Window {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly complete: boolean;
}

export interface Segment {
  readonly start: number;
  readonly end: number;
}

export function windowEnd(window: Window): number {
  return window.offset + window.bytes.length;
}

/**
 * The segment that begins at `start`; undefined when the window ends too early to tell. `start` is the beginning of a segment, and the
 * window holds the CUT_BACK_BYTES bytes before it too (or begins with the log).
 */
export function segmentAt(window: Window, start: number): Segment | undefined {
  const from = start - window.offset;
  if (from >= window.bytes.length) return undefined;
  const found = window.bytes.indexOf(LINE_FEED, from);
  const lineEnd = found < 0 ? windowEnd(window) : window.offset + found;
  if (beginsLine(window, start) && lineEnd - start <= LONGEST_LINE_BYTES) return segmentOf(window, start, found);
  const cut = cutAfter(window, start);
  if (cut !== undefined && cut <= lineEnd) return { start, end: cut };
  return segmentOf(window, start, found);
}

/** Up to and with the line end found in the window; without one, up to the log's end, if that is known. */
function segmentOf(window: Window, start: number, found: number): Segment | undefined {
  if (found >= 0) return { start, end: window.offset + found + 1 };
  return window.complete ? { start, end: windowEnd(window) } : undefined;
}

function beginsLine(window: Window, start: number): boolean {
  return start === 0 || window.bytes[start - window.offset - 1] === LINE_FEED;
}

/** The first cut of a too long line after `start`; undefined when it is not within the window. */
function cutAfter(window: Window, start: number): number | undefined {
  for (let grid = Math.floor(start / LONGEST_LINE_BYTES) + 1; ; grid += 1) {
    const at = grid * LONGEST_LINE_BYTES;
    if (at >= windowEnd(window)) return undefined;
    const cut = cutAt(window, at);
    if (cut > start) return cut;
  }
}

/** The last cut of a too long line that fills the whole window. Undefined when the window holds no multiple with the bytes before it. */
export function lastCut(window: Window): number | undefined {
  const at = Math.floor((windowEnd(window) - 1) / LONGEST_LINE_BYTES) * LONGEST_LINE_BYTES;
  return at - CUT_BACK_BYTES < window.offset ? undefined : cutAt(window, at);
}

/** Moves `at` back to the first byte of the character that it is in; bytes that are no UTF-8 are cut where they are. */
function cutAt(window: Window, at: number): number {
  for (let back = 0; back <= CUT_BACK_BYTES; back += 1) {
    const byte = window.bytes[at - back - window.offset];
    if (byte === undefined) break;
    if (!isContinuation(byte)) return back === 0 || byte >= 0xc0 ? at - back : at;
  }
  return at;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** The place after the last line feed before the window's end; undefined when there is none. */
export function lastLineStart(window: Window): number | undefined {
  const found = window.bytes.lastIndexOf(LINE_FEED);
  return found < 0 ? undefined : window.offset + found + 1;
}

/** Where the empty lines end that begin with the segment at `start`; not behind `to`. `start` when there are none. */
export function afterEmptyLines(window: Window, start: number, to: number): number {
  const { bytes, offset } = window;
  const limit = Math.min(to, windowEnd(window)) - offset;
  let at = start - offset;
  while (at < limit) {
    if (bytes[at] === LINE_FEED) at += 1;
    else if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED && at + 2 <= limit) at += 2;
    else break;
  }
  return offset + at;
}

/** The segment's text: without its line end (`\n` or `\r\n`), joints as line ends, invalid UTF-8 replaced. Empty for an empty line. */
export function textOf(window: Window, segment: Segment): string {
  const from = segment.start - window.offset;
  let to = segment.end - window.offset;
  if (window.bytes[to - 1] === LINE_FEED) to -= 1;
  if (to > from && window.bytes[to - 1] === CARRIAGE_RETURN && endsLine(window, segment)) to -= 1;
  return window.bytes.toString("utf8", from, to).replaceAll(JOINT, "\n");
}

/** A piece cut out of a long line keeps a carriage return at its end; a line, or the log, drops it. */
function endsLine(window: Window, segment: Segment): boolean {
  if (window.bytes[segment.end - 1 - window.offset] === LINE_FEED) return true;
  return window.complete && segment.end === windowEnd(window);
}
