import type { OpenLog } from "./open-log.ts";
import { CUT_BACK_BYTES, LONGEST_LINE_BYTES, lastCut, lastLineStart, segmentAt } from "./segments.ts";
import type { Segment } from "./segments.ts";

const TWO_LINES = 2 * LONGEST_LINE_BYTES + 2 * CUT_BACK_BYTES;

/** Most lines are short: look near first. The last step always decides. */
const STEPS = [4 * 1024, 64 * 1024, TWO_LINES];

/** A place at or before `position` where a segment begins, near it. */
export async function segmentStartBefore(log: OpenLog, position: number): Promise<number> {
  for (const step of STEPS) {
    const window = await log.window(position - step, position);
    const found = lastLineStart(window) ?? (window.offset === 0 ? 0 : undefined);
    if (found !== undefined) return found;
    const cut = step === TWO_LINES ? lastCut(window) : undefined;
    if (cut !== undefined) return cut;
  }
  throw new Error(`The log was cut off while being read at ${position}`);
}

/** The first segment that begins at `position` or later; where the readable part of the log ends when there is none. */
export async function segmentStartFrom(log: OpenLog, position: number): Promise<number> {
  const wanted = Math.min(position, log.size);
  let at = await segmentStartBefore(log, wanted);
  while (at < wanted) {
    const segment = await segmentOf(log, at);
    if (segment === undefined) return at;
    at = segment.end;
  }
  return at;
}

/** The end of the last segment that can be given: a last line that may still grow is not given yet. */
export async function readableEnd(log: OpenLog): Promise<number> {
  return log.complete ? log.size : segmentStartFrom(log, log.size);
}

/** Where the first byte lies that arrived at `time` (epoch ms) or later; the log's size when none did. */
export async function byteAtTime(log: OpenLog, time: number): Promise<number> {
  const index = await log.marks.firstIndex((mark) => mark.time >= time);
  if (index === log.marks.count && log.tailTime < time) return log.size;
  const covered = index === 0 ? 0 : (await log.marks.at(index - 1)).end;
  return Math.min(covered, log.size);
}

async function segmentOf(log: OpenLog, at: number): Promise<Segment | undefined> {
  for (const step of STEPS) {
    const segment = segmentAt(await log.window(at, at + step), at);
    if (segment !== undefined) return segment;
  }
  return undefined;
}
