/** One line of a container's log as the runtime keeps it (CRI). */
interface Entry {
  /** Nanoseconds since the epoch. */
  readonly atNs: bigint;
  readonly text: string;
  /** A part of a long line; the next entry of its stream goes on with it. */
  readonly isPartial: boolean;
}

export interface LogRequest {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** Epoch ms. */
  readonly sinceMs: number | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
}

/** Longer lines are kept in parts (containerd's limit). */
const MAX_ENTRY_BYTES = 16 * 1024;
const NS_PER_MS = 1_000_000n;

/** What a container wrote: stdout and stderr in the order in which they were read, each line with its time. */
export class ContainerLog {
  readonly #entries: Entry[] = [];
  readonly #readers = new Set<() => void>();
  #isComplete = false;

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** A sink of one of the two streams. `end` keeps what has no end of line as a line. */
  stream(): { write(chunk: Buffer): void; end(): void } {
    let rest: Buffer = Buffer.alloc(0);
    return {
      write: (chunk) => {
        rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        for (;;) {
          const end = rest.indexOf(0x0a);
          if (end !== -1 && end <= MAX_ENTRY_BYTES) {
            this.#add(rest.subarray(0, end), false);
            rest = rest.subarray(end + 1);
          } else if (rest.length > MAX_ENTRY_BYTES) {
            this.#add(rest.subarray(0, MAX_ENTRY_BYTES), true);
            rest = rest.subarray(MAX_ENTRY_BYTES);
          } else break;
        }
        this.#wake();
      },
      end: () => {
        if (rest.length > 0) this.#add(rest, false);
        rest = Buffer.alloc(0);
        this.#wake();
      },
    };
  }

  /** The container is over: nothing comes any more. */
  complete(): void {
    this.#isComplete = true;
    this.#wake();
  }

  /** Hands the log to `write` piece by piece, until all is told (or for ever, if it follows and the container runs). `isWanted` ends it early. */
  async read(request: LogRequest, write: (text: string) => void, isWanted: () => boolean): Promise<void> {
    let next = this.#first(request);
    let left = request.limitBytes ?? Infinity;
    let isNewLine = true;
    for (;;) {
      const pieces: string[] = [];
      for (; next < this.#entries.length; next += 1) {
        const entry = this.#entries[next]!;
        const prefix = request.timestamps && isNewLine ? `${rfc3339Nano(entry.atNs)} ` : "";
        pieces.push(`${prefix}${entry.text}${entry.isPartial ? "" : "\n"}`);
        isNewLine = !entry.isPartial;
      }
      const text = cut(pieces.join(""), left);
      left -= Buffer.byteLength(text);
      if (text !== "") write(text);
      if (left <= 0 || !request.follow || this.#isComplete || !isWanted()) return;
      await new Promise<void>((resolve) => this.#readers.add(resolve));
    }
  }

  /** Lets those who follow look whether they are still wanted. */
  wake(): void {
    this.#wake();
  }

  #first({ sinceMs, tailLines }: LogRequest): number {
    const since = sinceMs === undefined ? 0n : BigInt(Math.trunc(sinceMs)) * NS_PER_MS;
    const at = this.#entries.findIndex(({ atNs }) => atNs >= since);
    const first = at === -1 ? this.#entries.length : at;
    if (tailLines === undefined) return first;
    const ends = [...this.#entries.keys()].filter((index) => !this.#entries[index]!.isPartial);
    const tail = tailLines === 0 ? this.#entries.length : ends.length <= tailLines ? 0 : ends.at(-tailLines - 1)! + 1;
    return Math.max(first, tail);
  }

  #add(text: Buffer, isPartial: boolean): void {
    this.#entries.push({ atNs: nowNs(), text: text.toString("utf8"), isPartial });
  }

  #wake(): void {
    const readers = [...this.#readers];
    this.#readers.clear();
    for (const wake of readers) wake();
  }
}

const EPOCH_NS = BigInt(Date.now()) * NS_PER_MS - process.hrtime.bigint();

function nowNs(): bigint {
  return EPOCH_NS + process.hrtime.bigint();
}

/** With nine digits after the point, as the kubelet prints it. */
function rfc3339Nano(atNs: bigint): string {
  const seconds = new Date(Number(atNs / NS_PER_MS)).toISOString().slice(0, 19);
  return `${seconds}.${String(atNs % 1_000_000_000n).padStart(9, "0")}Z`;
}

function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  return Buffer.from(text).subarray(0, bytes).toString("utf8");
}
