import type { Clock } from "../../../ports/clock.ts";

/** Who follows its output for so long lets others do so, if they wait. */
const TURN_MS = 10_000;

interface Turn {
  readonly run: (signal: AbortSignal) => Promise<void>;
  isWanted: boolean;
}

/** So many outputs are followed at a time; where there are more of them, they take turns. */
export class FollowTurns {
  readonly #clock: Clock;
  readonly #waiting: Turn[] = [];
  #free: number;

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#free = most;
  }

  /**
   * Runs the task again and again, each time until it ends or its signal fires, as long as it is wanted.
   *
   * @returns what makes it unwanted.
   */
  join(run: (signal: AbortSignal) => Promise<void>): () => void {
    const turn: Turn = { run, isWanted: true };
    this.#waiting.push(turn);
    this.#next();
    return () => {
      turn.isWanted = false;
    };
  }

  #next(): void {
    while (this.#free > 0 && this.#waiting.length > 0) {
      const turn = this.#waiting.shift()!;
      if (turn.isWanted) void this.#take(turn);
    }
  }

  async #take(turn: Turn): Promise<void> {
    this.#free -= 1;
    const over = new AbortController();
    let cancel = () => {};
    const look = (): void => {
      cancel = this.#clock.after(TURN_MS, () => {
        if (this.#waiting.some(({ isWanted }) => isWanted)) over.abort();
        else look();
      });
    };
    look();
    await turn.run(over.signal).catch(() => {});
    cancel();
    this.#free += 1;
    if (turn.isWanted && over.signal.aborted) this.#waiting.push(turn);
    this.#next();
  }
}
