import TinyQueue from "tinyqueue";
import type { Attempt, Scheduling } from "./job.ts";
import type { Environment } from "./resources.ts";

/** When an attempt runs out of time, epoch ms. */
export interface Deadline {
  readonly at: number;
  readonly jobId: string;
  readonly attemptId: string;
}

/** Below this many, attempts that are over are not worth clearing away. */
const MIN_TO_CLEAR = 1_000;

/**
 * The deadlines of attempts, the next one first. Most attempts end long before theirs: what is over stays until it comes to the top, or until
 * it is the larger part. So a day's timeout does not keep a day's jobs in memory.
 */
export class Deadlines {
  #queue = new TinyQueue<Deadline>([], byTime);
  readonly #active: ReadonlyMap<string, unknown>;

  /** `active`: by attempt id, those that are not over. */
  constructor(active: ReadonlyMap<string, unknown>) {
    this.#active = active;
  }

  /** How many are kept, those of attempts that are over among them. */
  get size(): number {
    return this.#queue.length;
  }

  add(deadline: Deadline): void {
    this.#queue.push(deadline);
    if (this.#queue.length > MIN_TO_CLEAR + 2 * this.#active.size) {
      this.#queue = new TinyQueue(
        this.#queue.data.filter((one) => this.#active.has(one.attemptId)),
        byTime,
      );
    }
  }

  next(): Deadline | undefined {
    for (;;) {
      const next = this.#queue.peek();
      if (next === undefined || this.#active.has(next.attemptId)) return next;
      this.#queue.pop();
    }
  }

  /** Ids of jobs whose deadline has come by `now`; each is given once. */
  takeDue(now: number): string[] {
    const due: string[] = [];
    for (let next = this.next(); next !== undefined && next.at <= now; next = this.next()) {
      due.push(next.jobId);
      this.#queue.pop();
    }
    return due;
  }
}

/** When the time of a running attempt is over, by its timeout or because its task is taken back. Epoch ms; Infinity: never, or it does not run yet. */
export function outOfTimeAt(
  { timeoutSeconds = Infinity }: Scheduling,
  { startedAt = Infinity, clockSetMs = 0 }: Attempt,
  environment: Environment | undefined,
): number {
  return startedAt + clockSetMs + Math.min(timeoutSeconds * 1000, environment?.interruptTasksAfterMs ?? Infinity);
}

type Begun = Pick<Attempt, "startedAt" | "clockSetMs">;

/** Whether deadlines are others than before: it has begun, or the clock was set. */
export function isMeasuredAnew(before: Begun | undefined, after: Begun): boolean {
  return before?.startedAt === undefined || before.clockSetMs !== after.clockSetMs;
}

function byTime(a: Deadline, b: Deadline): number {
  return a.at - b.at;
}
