import { createReadStream, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogLine, LogSink } from "../../ports/logs.ts";
import type { OutputPosition } from "./output.ts";

const LINE_FEED = 0x0a;

/** Where to go on copying. */
export interface Resume {
  readonly position: OutputPosition;
  /** Lines after the position that are in the log already. */
  readonly linesAhead: number;
}

interface CursorFile {
  readonly position: OutputPosition;
  /** Size of the attempt's log at this position; absent when the log's file does not show what is appended. */
  readonly logBytes?: number;
}

/**
 * Remembers how far each attempt's output has been copied into its log, across restarts of the server.
 *
 * The log and the cursor cannot change in one step, so the cursor is written after the log, and says how long the log was. Lines
 * beyond that length are counted when copying goes on, and skipped: a server killed in between doubles nothing. A cursor that is
 * absent or unreadable is one that says "nothing copied", and the same count makes it good.
 */
export class Cursors {
  readonly #logs: LogSink;
  readonly #directory: string | undefined;

  /** Without a directory nothing is kept, and copying goes on by counting alone: correct, but it reads all output again. */
  constructor(logs: LogSink, directory: string | undefined) {
    this.#logs = logs;
    this.#directory = directory;
    if (directory !== undefined) mkdirSync(directory, { recursive: true });
  }

  async load(attemptId: string): Promise<Resume> {
    const cursor = this.#read(attemptId);
    if (cursor.logBytes === undefined) return { position: cursor.position, linesAhead: 0 };
    return {
      position: cursor.position,
      linesAhead: await countLines(this.#logs.path(attemptId), cursor.logBytes),
    };
  }

  /** Appends the lines to the log and notes the position after them. */
  append(attemptId: string, lines: readonly LogLine[], position: OutputPosition): void {
    const before = this.#directory === undefined ? 0 : this.#logBytes(attemptId);
    if (lines.length > 0) this.#logs.append(attemptId, lines);
    if (this.#directory === undefined) return;
    const after = this.#logBytes(attemptId);
    const isShown = lines.length === 0 || after > before;
    const cursor: CursorFile = isShown ? { position, logBytes: after } : { position };
    writeFileSync(this.#path(this.#directory, attemptId), JSON.stringify(cursor));
  }

  remove(attemptId: string): void {
    if (this.#directory !== undefined) rmSync(this.#path(this.#directory, attemptId), { force: true });
  }

  #read(attemptId: string): CursorFile {
    const nothing: CursorFile = { position: {}, logBytes: 0 };
    if (this.#directory === undefined) return nothing;
    try {
      const text = readFileSync(this.#path(this.#directory, attemptId), "utf8");
      return JSON.parse(text) as CursorFile;
    } catch (error) {
      if (error instanceof SyntaxError || isAbsent(error)) return nothing;
      throw error;
    }
  }

  #path(directory: string, attemptId: string): string {
    return join(directory, `${attemptId}.json`);
  }

  #logBytes(attemptId: string): number {
    return statSync(this.#logs.path(attemptId), { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** Line ends in a file from byte `from` on. */
async function countLines(path: string, from: number): Promise<number> {
  let count = 0;
  try {
    for await (const chunk of createReadStream(path, { start: from })) {
      const bytes: Buffer = chunk;
      for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return count;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
