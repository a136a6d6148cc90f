import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { LogLine } from "../ports/logs.ts";
import { appendMarks } from "./mark-writer.ts";
import { unmarkedTime } from "./mark.ts";
import type { Mark } from "./mark.ts";
import type { LogWriting } from "./log-writing.ts";
import { isSystemError } from "./system-error.ts";
import { writeAll } from "./write-all.ts";

const FLUSH_AFTER_MS = 20;
const RETRY_AFTER_MS = 1_000;
/** All logs together; above it lines are written at once. */
const BUFFERED_BYTES = 1024 * 1024;
/** All logs together while the disk refuses them: above it lines are lost, and their log will say how many. */
const UNWRITTEN_BYTES = 8 * 1024 * 1024;

/** Appends lines that come with their times. Lines of one log keep their order. */
export interface Appender {
  append(attemptId: string, lines: readonly LogLine[]): void;
  /** Afterwards the file holds all lines appended before, unless the disk refuses them. */
  flush(attemptId: string): void;
  close(): void;
}

interface Pending {
  lines: LogLine[];
  bytes: number;
  lost: number;
}

export function createAppender({ paths, clock, term, onGrowth }: LogWriting): Appender {
  const pending = new Map<string, Pending>();
  let cancel: (() => void) | undefined;
  let buffered = 0;

  function flushAll(): void {
    cancel?.();
    cancel = undefined;
    for (const attemptId of [...pending.keys()]) flush(attemptId);
    if (pending.size > 0) schedule(RETRY_AFTER_MS);
  }

  function schedule(delayMs: number): void {
    cancel ??= clock.after(delayMs, () => {
      cancel = undefined;
      flushAll();
    });
  }

  function flush(attemptId: string): void {
    const batch = pending.get(attemptId);
    if (batch === undefined) return;
    buffered -= batch.bytes;
    pending.delete(attemptId);
    if (!term.holds()) return keep(attemptId, batch);
    try {
      paths.prepare(attemptId);
      onGrowth(writeLines(paths.log(attemptId), paths.marks(attemptId), withLoss(batch)));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      keep(attemptId, batch);
    }
  }

  /** Keeps what could not be written for the next attempt, up to a limit; the oldest lines go first. */
  function keep(attemptId: string, batch: Pending): void {
    const room = UNWRITTEN_BYTES - buffered;
    let dropped = 0;
    while (batch.bytes > room && dropped < batch.lines.length - 1) {
      batch.bytes -= sizeOf(batch.lines[dropped]);
      dropped += 1;
    }
    batch.lines = batch.lines.slice(dropped);
    batch.lost += dropped;
    pending.set(attemptId, batch);
    buffered += batch.bytes;
    schedule(RETRY_AFTER_MS);
  }

  return {
    append(attemptId, lines) {
      const batch = pending.get(attemptId) ?? { lines: [], bytes: 0, lost: 0 };
      pending.set(attemptId, batch);
      for (const line of lines) {
        const bytes = sizeOf(line);
        batch.lines.push(line);
        batch.bytes += bytes;
        buffered += bytes;
      }
      if (buffered > BUFFERED_BYTES) flushAll();
      else schedule(FLUSH_AFTER_MS);
    },
    flush,
    close() {
      for (const attemptId of [...pending.keys()]) flush(attemptId);
      cancel?.();
      cancel = undefined;
      pending.clear();
    },
  };
}

function sizeOf(line: LogLine | undefined): number {
  return line === undefined ? 0 : Buffer.byteLength(line.message) + 1;
}

function withLoss(batch: Pending): readonly LogLine[] {
  const first = batch.lines[0];
  if (batch.lost === 0 || first === undefined) return batch.lines;
  const message = `[longshore] ${batch.lost} lines are missing here: the disk of the logs did not take them`;
  return [{ timestamp: first.timestamp, message }, ...batch.lines];
}

/** Writes the text, then its marks: after a crash between the two the file's own time serves. Returns how many bytes that were. */
function writeLines(log: string, sidecar: string, lines: readonly LogLine[]): number {
  const file = openSync(log, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o644);
  try {
    const before = fstatSync(file);
    const text = Buffer.from(`${endsInLine(file, before.size) ? "\n" : ""}${textOf(lines)}`);
    writeAll(file, text);
    const earlier = { end: before.size, time: unmarkedTime(before) };
    tryMark(sidecar, before.size, [earlier, ...marksOf(lines, before.size + text.length)]);
    return text.length;
  } finally {
    closeSync(file);
  }
}

/** The lines are there: they must not be written again because their times could not be. */
function tryMark(sidecar: string, size: number, marks: readonly Mark[]): void {
  try {
    appendMarks(sidecar, size, marks);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** A line that was torn (by a crash, or a program that ended without a line end) must not swallow the next one. */
function endsInLine(file: number, size: number): boolean {
  if (size === 0) return false;
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, size - 1);
  return byte[0] !== 10;
}

function textOf(lines: readonly LogLine[]): string {
  return lines.map((line) => `${line.message}\n`).join("");
}

/** One mark for each run of lines with the same time; the last one ends at `end`. */
function marksOf(lines: readonly LogLine[], end: number): Mark[] {
  const marks: Mark[] = [];
  let at = end;
  for (const line of lines.toReversed()) {
    if (marks.at(-1)?.time !== line.timestamp) marks.push({ end: at, time: line.timestamp });
    at -= sizeOf(line);
  }
  return marks.toReversed();
}
