import type { Clock } from "../../ports/clock.ts";

/** In one turn of the event loop. What else it does (the scheduler's tick, commits, news of jobs) waits for no longer. */
const WORK_PER_TURN_MS = 10;
/** Begin in each turn, however long the machine kept the process from working. */
const LEAST_PER_TURN = 4;
/** Refusals are cheap, but a client that asks again at once could keep the server busy with nothing else. */
const REFUSALS_PER_TURN = 20;
/** More than this are answered at once, so that the list stays short. */
const MAX_REFUSALS_WAITING = 4_096;

type Task = () => void;

/**
 * Requests begin in turns of the event loop, so many milliseconds of them in each, and one of each account after the other. So the scheduler's
 * turn comes soon under any load, and who sends a thousand requests does not make another one wait for all of them.
 */
export class Turns {
  readonly #clock: Pick<Clock, "now">;
  /** What waits, by account, the account that is next first. None of the lists is empty. */
  readonly #waiting = new Map<string, Task[]>();
  readonly #refusals: Task[] = [];
  /** Of the time that is being used up, perhaps by several turns in which little was to do. */
  #startedAt: number | undefined;
  #isNextTurnDue = false;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Begins the task now, or when it is its account's turn. */
  enter(account: string, task: Task): void {
    if (this.#waiting.size === 0 && this.#hasTime()) return task();
    const tasks = this.#waiting.get(account);
    if (tasks === undefined) this.#waiting.set(account, [task]);
    else tasks.push(task);
    this.#goOnNextTurn();
  }

  /** Refuses a request, when there is time for that. */
  refuse(refusal: Task): void {
    if (this.#refusals.length >= MAX_REFUSALS_WAITING) return refusal();
    this.#refusals.push(refusal);
    this.#goOnNextTurn();
  }

  /** Only when something waits: else the event loop would turn more often than it has to, with less in each turn. */
  #goOnNextTurn(): void {
    if (this.#isNextTurnDue) return;
    this.#isNextTurnDue = true;
    setImmediate(() => {
      this.#isNextTurnDue = false;
      this.#beginTurn();
    });
  }

  #beginTurn(): void {
    for (const refusal of this.#refusals.splice(0, REFUSALS_PER_TURN)) refusal();
    this.#startedAt = undefined;
    if (this.#waiting.size > 0 || this.#refusals.length > 0) this.#goOnNextTurn();
    this.#workOn(0);
  }

  /** One after the other, each behind the steps that the last one has just taken: so the time counts what they do, not only their beginning. */
  #workOn(begun: number): void {
    if (this.#waiting.size === 0 || (!this.#hasTime() && begun >= LEAST_PER_TURN)) return;
    this.#next()();
    queueMicrotask(() => this.#workOn(begun + 1));
  }

  #next(): Task {
    const [account, tasks] = this.#waiting.entries().next().value!;
    const task = tasks.shift()!;
    this.#waiting.delete(account);
    if (tasks.length > 0) this.#waiting.set(account, tasks);
    return task;
  }

  #hasTime(): boolean {
    const now = this.#clock.now();
    this.#startedAt ??= now;
    const passedMs = now - this.#startedAt;
    // A clock that was set back ends the turn, no more.
    return passedMs >= 0 && passedMs < WORK_PER_TURN_MS;
  }
}
