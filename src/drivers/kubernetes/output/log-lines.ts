import type { LogLine } from "../../../ports/logs.ts";

/** A longer line is cut, as CloudWatch Logs cuts its events: so a program that never ends its line does not fill the memory. */
const LONGEST_MESSAGE_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** With nanoseconds, as nodes write them. */
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /;
const LONGEST_STAMP = 64;

/** One line of output, or a piece of a long one. */
export interface StampedLine extends LogLine {
  /** As the node wrote it, where it did. */
  readonly stamp?: string;
}

/** Cuts a log with timestamps, as the API gives it, into lines. */
export class LogLines {
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Of the line whose beginning was given already. */
  #open: { readonly stamp?: string; readonly timestamp: number } | undefined;
  #lastTime = 0;

  push(chunk: Buffer): StampedLine[] {
    const lines: StampedLine[] = [];
    let rest = chunk;
    for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
      this.#keep(rest.subarray(0, end));
      lines.push(...this.#take("whole"));
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
    if (this.#bytes > LONGEST_MESSAGE_BYTES + LONGEST_STAMP) lines.push(...this.#take("piece"));
    return lines;
  }

  /** The output has ended: what is left is a line without an end. */
  end(): StampedLine[] {
    return this.#bytes === 0 ? [] : this.#take("whole");
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  #take(what: "whole" | "piece"): StampedLine[] {
    let bytes = Buffer.concat(this.#parts);
    if (this.#open === undefined) {
      const stamp = STAMP.exec(bytes.toString("latin1", 0, LONGEST_STAMP))?.[1];
      if (stamp !== undefined) bytes = bytes.subarray(stamp.length + 1);
      this.#lastTime = stamp === undefined ? this.#lastTime : Date.parse(stamp);
      this.#open = { ...(stamp !== undefined && { stamp }), timestamp: this.#lastTime };
    }
    const lines: StampedLine[] = [];
    while (bytes.length > LONGEST_MESSAGE_BYTES) {
      const cut = characterStart(bytes, LONGEST_MESSAGE_BYTES);
      lines.push({ ...this.#open, message: bytes.toString("utf8", 0, cut) });
      bytes = bytes.subarray(cut);
    }
    if (what === "whole") {
      lines.push({ ...this.#open, message: withoutReturn(bytes).toString("utf8") });
      this.#open = undefined;
    }
    this.#parts = what === "whole" || bytes.length === 0 ? [] : [Buffer.from(bytes)];
    this.#bytes = this.#parts.length === 0 ? 0 : bytes.length;
    return lines;
  }
}

function withoutReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
}

/** The last place up to `offset` where a UTF-8 character begins. */
function characterStart(bytes: Buffer, offset: number): number {
  for (let at = offset; at > offset - 4; at -= 1) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  return offset;
}
