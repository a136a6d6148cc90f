import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { decodeMark, encodeMarks, MARK_BYTES } from "./mark.ts";
import type { Mark } from "./mark.ts";
import { writeAll } from "./write-all.ts";

/**
 * Adds marks to a sidecar, which is made if it is not there. `limit` is how far its old marks can be true, the log's size before or now: those
 * that speak of bytes behind it (a lost write, a truncated log) are dropped, as is a torn last one. New marks that tell nothing new are left
 * out; times are raised to the last mark's.
 */
export function appendMarks(path: string, limit: number, marks: readonly Mark[]): void {
  if (marks.length === 0) return;
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    const size = fstatSync(file).size;
    const { count, last } = soundMarks(file, size, limit);
    if (size !== count * MARK_BYTES) ftruncateSync(file, count * MARK_BYTES);
    writeAll(file, encodeMarks(rising(last, marks)), count * MARK_BYTES);
  } finally {
    closeSync(file);
  }
}

/** The last mark of a sidecar, if there is one. */
export function lastMark(path: string): Mark | undefined {
  if (!existsSync(path)) return undefined;
  const file = openSync(path, "r");
  try {
    return soundMarks(file, fstatSync(file).size, Number.MAX_SAFE_INTEGER).last;
  } finally {
    closeSync(file);
  }
}

/** Counts the marks that can be trusted: whole, not the zeros of a lost write, and about bytes up to `limit`. */
function soundMarks(file: number, size: number, limit: number): { count: number; last: Mark | undefined } {
  for (let count = Math.floor(size / MARK_BYTES); count > 0; count -= 1) {
    const last = readMark(file, count - 1);
    if (last !== undefined && last.end > 0 && last.end <= limit) return { count, last };
  }
  return { count: 0, last: undefined };
}

function readMark(file: number, index: number): Mark | undefined {
  const bytes = Buffer.alloc(MARK_BYTES);
  const got = readSync(file, bytes, 0, MARK_BYTES, index * MARK_BYTES);
  return got === MARK_BYTES ? decodeMark(bytes, 0) : undefined;
}

/** The marks with times that do not fall, without those that add nothing. */
function rising(last: Mark | undefined, marks: readonly Mark[]): Mark[] {
  const result: Mark[] = [];
  let { end, time } = last ?? { end: 0, time: 0 };
  for (const mark of marks) {
    if (mark.end <= end) continue;
    end = mark.end;
    time = Math.max(time, Math.floor(mark.time));
    result.push({ end, time });
  }
  return result;
}
