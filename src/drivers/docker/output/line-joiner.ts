import type { LogLine } from "../../../ports/logs.ts";
import { JOINT } from "../../../ports/logs.ts";

/** CloudWatch Logs takes no larger event, and the log would cut it. */
const MOST_BYTES = 256_000;

/** Makes one event of several lines, with JOINT between them. It knows that one is whole when the next one begins. */
export class LineJoiner {
  readonly #isStart: (lines: readonly string[]) => readonly boolean[];
  #held: LogLine[] = [];
  #heldBytes = 0;

  /** @param isStart tells which of some lines begin an event. */
  constructor(isStart: (lines: readonly string[]) => readonly boolean[]) {
    this.#isStart = isStart;
  }

  get holds(): boolean {
    return this.#held.length > 0;
  }

  /** The events that are whole now. */
  add(lines: readonly LogLine[]): LogLine[] {
    const starts = this.#isStart(lines.map(({ message }) => message));
    return lines.flatMap((line, index) => {
      const bytes = Buffer.byteLength(line.message) + JOINT_BYTES;
      const begins = starts[index] === true || this.#heldBytes + bytes > MOST_BYTES;
      const whole = begins ? this.flush() : [];
      this.#held.push(line);
      this.#heldBytes += bytes;
      return whole;
    });
  }

  /** What is held, as an event: nothing more comes, or not soon. */
  flush(): LogLine[] {
    const [first] = this.#held;
    if (first === undefined) return [];
    const message = this.#held.map((line) => line.message.replaceAll(JOINT, REPLACEMENT)).join(JOINT);
    this.#held = [];
    this.#heldBytes = 0;
    return [{ timestamp: first.timestamp, message }];
  }
}

const JOINT_BYTES = Buffer.byteLength(JOINT);
/** A joint in a program's own output would be counted as a line end. */
const REPLACEMENT = "\ufffd";
