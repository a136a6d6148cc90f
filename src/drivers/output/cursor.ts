import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { LogLine, LogSink } from "../../ports/logs.ts";
import { JOINT as JOINT_TEXT } from "../../ports/logs.ts";

const LINE_FEED = Buffer.from("\n");
const JOINT = Buffer.from(JOINT_TEXT);

/** So much new output is worth a note: counting its lines again takes less time than asking the engine anything. */
const NOTE_AFTER_BYTES = 64 * 1024;

/** Where to go on copying. All members of a position are optional: `{}` is the beginning. */
export interface Resume<Position extends object> {
  readonly position: Position;
  /** Lines after the position that are in the log already. */
  readonly linesAhead: number;
}

/** The log held `logBytes` when exactly the output up to `position` was in it. */
interface Note<Position extends object> {
  readonly position: Position;
  readonly logBytes: number;
}

/** Where cursors keep their notes. */
export interface CursorPlace {
  readonly logs: LogSink;
  /** Without one no notes are kept: correct, but the next server reads all output again to find its place. */
  readonly directory: string | undefined;
}

/**
 * Writes one attempt's output into its log and knows, also after a restart of the server, how far it is.
 *
 * What is in the log itself decides, since nothing else changes together with it: the lines there are counted, and as many of the output
 * are skipped. A note only spares counting from the beginning. It is taken when the log is seen to hold all that was appended, so it
 * does not matter when the sink writes; and without a note, or with an old one, the count is merely longer.
 */
export class Cursor<Position extends object> {
  readonly #attemptId: string;
  readonly #place: CursorPlace;
  readonly #ends: readonly Buffer[];
  #position = {} as Position;
  /** Size of the log when all that was appended is written. */
  #logBytes = 0;
  #notedBytes = 0;

  /** `joined`: joints in the log are line ends of the output. */
  constructor(attemptId: string, place: CursorPlace, lines: "plain" | "joined" = "plain") {
    this.#attemptId = attemptId;
    this.#place = place;
    this.#ends = lines === "plain" ? [LINE_FEED] : [LINE_FEED, JOINT];
  }

  async load(): Promise<Resume<Position>> {
    this.settle();
    // Also without a word of output there is a log: it shows that the attempt has begun, to whoever restores a backup.
    closeSync(openSync(this.#logPath(), "a"));
    const note = this.#read();
    const size = this.#sizeOfLog();
    this.#position = note.position;
    this.#logBytes = size;
    this.#notedBytes = note.logBytes;
    return { position: note.position, linesAhead: await count(this.#ends, this.#logPath(), note.logBytes, size) };
  }

  /** Appends the lines, after which the output is copied up to `position`. */
  append(lines: readonly LogLine[], position: Position): void {
    if (this.#logBytes - this.#notedBytes >= NOTE_AFTER_BYTES) this.#note();
    this.#place.logs.append(this.#attemptId, lines);
    for (const { message } of lines) this.#logBytes += Buffer.byteLength(message) + 1;
    this.#position = position;
  }

  /** Has the sink write what it may still hold of this attempt. */
  settle(): void {
    this.#place.logs.unfollow(this.#attemptId);
  }

  #note(): void {
    const path = this.#notePath();
    if (path === undefined || this.#sizeOfLog() !== this.#logBytes) return;
    const note: Note<Position> = { position: this.#position, logBytes: this.#logBytes };
    writeFileSync(path, JSON.stringify(note));
    this.#notedBytes = this.#logBytes;
  }

  /** A note that is absent, or was being written when the server died, is as good as none. */
  #read(): Note<Position> {
    const nothing = { position: {} as Position, logBytes: 0 };
    const path = this.#notePath();
    if (path === undefined) return nothing;
    try {
      return JSON.parse(readFileSync(path, "utf8")) as Note<Position>;
    } catch (error) {
      if (error instanceof SyntaxError || isAbsent(error)) return nothing;
      throw error;
    }
  }

  #notePath(): string | undefined {
    return notePath(this.#place.directory, this.#attemptId);
  }

  #logPath(): string {
    return this.#place.logs.path(this.#attemptId);
  }

  #sizeOfLog(): number {
    return statSync(this.#logPath(), { throwIfNoEntry: false })?.size ?? 0;
  }
}

export function prepareNotes({ directory }: CursorPlace): void {
  if (directory !== undefined) mkdirSync(directory, { recursive: true });
}

export function removeNote({ directory }: CursorPlace, attemptId: string): void {
  const path = notePath(directory, attemptId);
  if (path !== undefined) rmSync(path, { force: true });
}

function notePath(directory: string | undefined, attemptId: string): string | undefined {
  return directory === undefined ? undefined : join(directory, `${attemptId}.json`);
}

/** How often these are in the bytes of a file from `from` up to `to`. */
async function count(ends: readonly Buffer[], file: string, from: number, to: number): Promise<number> {
  if (to <= from) return 0;
  const overlap = Math.max(...ends.map(({ length }) => length)) - 1;
  let found = 0;
  let before: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { start: from, end: to - 1 })) {
    const bytes = Buffer.concat([before, chunk as Buffer]);
    for (const end of ends) {
      // What ends in what was looked at before is counted already.
      const first = Math.max(0, before.length - end.length + 1);
      for (let at = bytes.indexOf(end, first); at !== -1; at = bytes.indexOf(end, at + end.length)) found += 1;
    }
    before = bytes.subarray(bytes.length - Math.min(overlap, bytes.length));
  }
  return found;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
