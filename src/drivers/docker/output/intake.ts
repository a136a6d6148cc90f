import type { Clock } from "../../../ports/clock.ts";
import type { LogLine } from "../../../ports/logs.ts";
import { Cursor } from "../../output/cursor.ts";
import type { CursorPlace, Resume } from "../../output/cursor.ts";
import type { EventStart } from "../event-start.ts";
import { LineJoiner } from "./line-joiner.ts";
import { matchLines } from "./line-matcher.ts";
import type { OutputPosition } from "./output.ts";

/** Takes the lines of an output into its log. */
export interface Intake {
  /** Where to go on. What was taken and is not in the log yet comes again. */
  resume(): Promise<Resume<OutputPosition>>;
  take(lines: readonly LogLine[], position: OutputPosition): void;
  /** There is no more. */
  end(rest: readonly LogLine[], position: OutputPosition): void;
  /** Lets go of what is held. */
  release(): void;
}

/** Each line is an event. */
export class LineIntake implements Intake {
  readonly #cursor: Cursor<OutputPosition>;
  #resume: Promise<Resume<OutputPosition>> | undefined;

  constructor(attemptId: string, place: CursorPlace) {
    this.#cursor = new Cursor(attemptId, place);
  }

  resume(): Promise<Resume<OutputPosition>> {
    return (this.#resume ??= this.#cursor.load());
  }

  take(lines: readonly LogLine[], position: OutputPosition): void {
    this.#cursor.append(lines, position);
    this.#resume = Promise.resolve({ position, linesAhead: 0 });
  }

  end(rest: readonly LogLine[], position: OutputPosition): void {
    if (rest.length > 0) this.#cursor.append(rest, position);
    this.#cursor.settle();
    this.#resume = Promise.resolve({ position, linesAhead: 0 });
  }

  release(): void {}
}

/** An event is told after so long, whole or not: as Docker's awslogs driver does. */
const HELD_MS = 5_000;

/**
 * Several lines may be one event, which is written when it is whole. What is held is in no log, so where to go on is not where the output was read to: the
 * lines in the log are counted each time.
 */
export class EventIntake implements Intake {
  readonly #clock: Clock;
  readonly #cursor: Cursor<OutputPosition>;
  readonly #newJoiner: () => LineJoiner;
  #joiner: LineJoiner;
  #cancelFlush: () => void = () => {};

  constructor(
    attemptId: string,
    { logs }: CursorPlace,
    start: EventStart,
    clock: Clock,
    onNotice: (message: string) => void,
  ) {
    this.#clock = clock;
    this.#cursor = new Cursor(attemptId, { logs, directory: undefined }, "joined");
    const isStart = startsOf(start, (why) =>
      onNotice(`The lines of attempt ${attemptId} are not joined any more: ${why}`),
    );
    this.#newJoiner = () => new LineJoiner(isStart);
    this.#joiner = this.#newJoiner();
  }

  resume(): Promise<Resume<OutputPosition>> {
    this.release();
    return this.#cursor.load();
  }

  take(lines: readonly LogLine[]): void {
    this.#append(this.#joiner.add(lines));
    this.#cancelFlush();
    if (this.#joiner.holds) this.#cancelFlush = this.#clock.after(HELD_MS, () => this.#append(this.#joiner.flush()));
  }

  end(rest: readonly LogLine[]): void {
    this.#append([...this.#joiner.add(rest), ...this.#joiner.flush()]);
    this.release();
    this.#cursor.settle();
  }

  release(): void {
    this.#cancelFlush();
    this.#joiner = this.#newJoiner();
  }

  #append(events: readonly LogLine[]): void {
    if (events.length > 0) this.#cursor.append(events, {});
  }
}

/** Once an expression takes too long, every line is an event: it would again. */
function startsOf(
  start: EventStart,
  onGivenUp: (why: string) => void,
): (lines: readonly string[]) => readonly boolean[] {
  let isGivenUp = false;
  return (lines) => {
    if (isGivenUp) return lines.map(() => true);
    try {
      return matchLines(start, lines);
    } catch (error) {
      isGivenUp = true;
      onGivenUp(error instanceof Error ? error.message : String(error));
      return lines.map(() => true);
    }
  };
}
