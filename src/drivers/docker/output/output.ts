import type { LogLine } from "../../../ports/logs.ts";

const STREAMS = ["stdout", "stderr"] as const;
export type StreamName = (typeof STREAMS)[number];

/** One record of the engine's log: a line, or a piece of one. `data` ends in a line end only when the line does, if at all (PieceEnd). */
export interface OutputEntry {
  readonly stream: StreamName;
  /** As the engine wrote it: RFC 3339 with nanoseconds. */
  readonly timestamp: string;
  readonly data: Buffer;
}

const HEADER_BYTES = 8;
const SPACE = 0x20;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Cuts the engine's multiplexed log stream (8-byte header: stream, 0, 0, 0, length; then a timestamp and a blank) into its entries. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): OutputEntry[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const entries: OutputEntry[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 4);
      if (bytes.length < end) break;
      entries.push(entryOf(bytes[at] === 2 ? "stderr" : "stdout", bytes.subarray(at + HEADER_BYTES, end)));
      at = end;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return entries;
  }
}

function entryOf(stream: StreamName, payload: Buffer): OutputEntry {
  const blank = payload.indexOf(SPACE);
  return { stream, timestamp: payload.toString("latin1", 0, blank), data: payload.subarray(blank + 1) };
}

/**
 * How far one stream of a container has been copied: the timestamp of the last copied entry, and how many copied entries in
 * succession carry it (the pieces of one long line share theirs).
 */
export interface StreamPosition {
  readonly timestamp: string;
  readonly count: number;
}

/** Each stream has its own position: the engine orders entries within a stream, not between the two. */
export interface OutputPosition extends Readonly<Partial<Record<StreamName, StreamPosition>>> {
  /** When the oldest line began whose end has yet to come. */
  readonly openSince?: string;
}

/**
 * How the last piece of a long line is known. The `local` log driver of Docker 20.10 leaves out its line end; but Docker cuts lines into
 * pieces of exactly 16 KiB, so that a shorter one without a line end is a last one. Podman's pieces have any size.
 */
export type PieceEnd = "line-end" | "line-end-or-short";
const PIECE_BYTES = 16 * 1024;

/** A longer line is cut, as CloudWatch Logs cuts its events: so a program that never ends its line does not fill the memory. */
export const LONGEST_MESSAGE_BYTES = 256 * 1024;

/**
 * Makes log lines of entries, beginning after `position`: entries up to it are skipped, so the caller may read the engine's log
 * from a little earlier. Then, `linesAhead` lines are skipped too: those that are in the log although the position does not say so.
 */
export class LineReader {
  readonly #lines: Readonly<Record<StreamName, StreamLines>>;
  #linesAhead: number;

  constructor(position: OutputPosition, linesAhead: number, pieceEnd: PieceEnd = "line-end") {
    this.#lines = {
      stdout: new StreamLines(position.stdout, pieceEnd),
      stderr: new StreamLines(position.stderr, pieceEnd),
    };
    this.#linesAhead = linesAhead;
  }

  /** The position after the last whole line given. */
  get position(): OutputPosition {
    const { stdout, stderr } = this.#lines;
    const open = STREAMS.map((stream) => this.#lines[stream].openSince).filter((since) => since !== undefined);
    const openSince = open.sort((a, b) => millisecondsOf(a) - millisecondsOf(b))[0];
    return {
      ...(stdout.position === undefined ? {} : { stdout: stdout.position }),
      ...(stderr.position === undefined ? {} : { stderr: stderr.position }),
      ...(openSince === undefined ? {} : { openSince }),
    };
  }

  read(entries: readonly OutputEntry[]): LogLine[] {
    return this.#notAhead(entries.flatMap((entry) => this.#lines[entry.stream].read(entry)));
  }

  /** The output has ended: gives what is left without a line end. */
  end(): LogLine[] {
    return this.#notAhead(STREAMS.flatMap((stream) => this.#lines[stream].end()));
  }

  #notAhead(lines: LogLine[]): LogLine[] {
    const skipped = Math.min(this.#linesAhead, lines.length);
    this.#linesAhead -= skipped;
    return skipped === 0 ? lines : lines.slice(skipped);
  }
}

class StreamLines {
  readonly #pieceEnd: PieceEnd;
  /** After the last whole line, and after the last entry read. */
  #position: StreamPosition | undefined;
  #read: StreamPosition | undefined;
  #resume: { readonly at: bigint; left: number } | undefined;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #firstTimestamp = "";

  constructor(position: StreamPosition | undefined, pieceEnd: PieceEnd) {
    this.#pieceEnd = pieceEnd;
    this.#position = position;
    this.#read = position;
    this.#resume = position && { at: nanosecondsOf(position.timestamp), left: position.count };
  }

  get position(): StreamPosition | undefined {
    return this.#position;
  }

  get openSince(): string | undefined {
    return this.#pieces.length === 0 ? undefined : this.#firstTimestamp;
  }

  read({ timestamp, data }: OutputEntry): LogLine[] {
    if (this.#isCopied(timestamp)) return [];
    this.#read = { timestamp, count: this.#read?.timestamp === timestamp ? this.#read.count + 1 : 1 };
    if (this.#pieces.length === 0) this.#firstTimestamp = timestamp;
    this.#pieces.push(data);
    this.#pieceBytes += data.length;
    const isShort = this.#pieceEnd === "line-end-or-short" && data.length < PIECE_BYTES;
    const isWhole = data.at(-1) === LINE_FEED || isShort;
    if (!isWhole && this.#pieceBytes <= LONGEST_MESSAGE_BYTES) return [];
    return this.#take(isWhole);
  }

  end(): LogLine[] {
    return this.#pieces.length === 0 ? [] : this.#take(true);
  }

  /** Only until the first entry past the position: the machine's clock may be set back later, and what comes then is new. */
  #isCopied(timestamp: string): boolean {
    if (this.#resume === undefined) return false;
    const at = nanosecondsOf(timestamp);
    if (at < this.#resume.at) return true;
    if (at === this.#resume.at && this.#resume.left > 0) {
      this.#resume.left -= 1;
      return true;
    }
    this.#resume = undefined;
    return false;
  }

  #take(isWhole: boolean): LogLine[] {
    const timestamp = millisecondsOf(this.#firstTimestamp);
    let bytes = withoutLineEnd(Buffer.concat(this.#pieces));
    const lines: LogLine[] = [];
    while (bytes.length > LONGEST_MESSAGE_BYTES) {
      const cut = characterStart(bytes, LONGEST_MESSAGE_BYTES);
      lines.push({ timestamp, message: bytes.toString("utf8", 0, cut) });
      bytes = bytes.subarray(cut);
    }
    if (isWhole) lines.push({ timestamp, message: bytes.toString("utf8") });
    this.#pieces = isWhole ? [] : [Buffer.from(bytes)];
    this.#pieceBytes = isWhole ? 0 : bytes.length;
    this.#position = this.#read;
    return lines;
  }
}

function withoutLineEnd(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== LINE_FEED) return bytes;
  return bytes.subarray(0, bytes.at(-2) === CARRIAGE_RETURN ? -2 : -1);
}

/** The last place up to `offset` where a UTF-8 character begins. */
function characterStart(bytes: Buffer, offset: number): number {
  for (let at = offset; at > offset - 4; at -= 1) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  }
  return offset;
}

const FRACTION = /\.(\d+)/;

/** RFC 3339 to milliseconds since the epoch; what is finer is cut off. */
export function millisecondsOf(timestamp: string): number {
  const parsed = Date.parse(
    timestamp.replace(FRACTION, (_, digits: string) => `.${digits.padEnd(3, "0").slice(0, 3)}`),
  );
  return Number.isNaN(parsed) ? 0 : parsed;
}

function nanosecondsOf(timestamp: string): bigint {
  const seconds = Math.floor(millisecondsOf(timestamp) / 1000);
  const fraction = FRACTION.exec(timestamp)?.[1] ?? "";
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0").slice(0, 9));
}

/** The engine reads the two streams side by side and notes their entries in either order, a little apart. */
const DISORDER_MS = 60_000;

/** The second (since the epoch) to ask the engine's log from, so that everything after `position` is in the answer. 0: from the start. */
export function secondBefore({ stdout, stderr, openSince }: OutputPosition): number {
  const copied = [stdout, stderr].filter((stream) => stream !== undefined);
  if (copied.length === 0) return 0;
  const latest = Math.max(...copied.map(({ timestamp }) => millisecondsOf(timestamp)));
  const earliest = Math.min(latest - DISORDER_MS, openSince === undefined ? latest : millisecondsOf(openSince));
  return Math.max(0, Math.floor(earliest / 1000));
}
