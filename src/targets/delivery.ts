import type { Matches } from "../core/events/pattern.ts";
import { hexId } from "../core/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventEnvelope } from "../ports/event-report.ts";
import type { EventLog, LoggedEvent } from "../ports/events.ts";
import type { NewDeadLetter, TargetState, TargetTable } from "../ports/event-targets.ts";
import type { Sender } from "./sender.ts";
import { DeliveryFailed } from "./sender.ts";

export interface Target {
  readonly name: string;
  readonly matches: Matches;
  readonly sender: Sender;
  /** An event that could not be delivered is a dead letter after so many tries, or when it is so old. */
  readonly mostAttempts: number;
  readonly mostAgeMs: number;
}

export interface DeliveryOptions {
  readonly events: EventLog;
  readonly table: TargetTable;
  readonly clock: Clock;
  readonly render: (events: readonly LoggedEvent[]) => Promise<readonly EventEnvelope[]>;
  onError(what: string, error: unknown): void;
}

const PAGE = 100;
const FIRST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 5 * 60_000;
/** What is the event's own fault is not tried for long. */
const MOST_FINAL_ATTEMPTS = 3;
/** So far the written place may be behind when nothing was for this target: it is looked at again after a restart. */
const UNWRITTEN = 1_000;
const STORE_PAUSE_MS = 5_000;

interface Pending {
  readonly seq: number;
  readonly at: number;
  readonly event: EventEnvelope;
}

/** Gives one target its events, in order, each at least once, and goes on with the next when one cannot be given. Others do not wait for it. */
export class Delivery {
  readonly #target: Target;
  readonly #options: DeliveryOptions;
  #cursor = 0;
  #written = 0;
  #isClosed = false;
  readonly #closing = new AbortController();
  #hasNews = true;
  #wake: () => void = () => {};
  readonly #unwatch: () => void;
  readonly #running: Promise<void>;
  #state: Pick<TargetState, "status" | "delivered" | "missed" | "lastDeliveredAt" | "lastError"> = {
    ...{ status: "idle", delivered: 0, missed: 0 },
  };

  constructor(target: Target, options: DeliveryOptions) {
    this.#target = target;
    this.#options = options;
    this.#unwatch = options.events.watch(() => {
      this.#hasNews = true;
      if (this.#state.status === "idle") this.#wake();
    });
    this.#running = this.#run();
  }

  get name(): string {
    return this.#target.name;
  }

  /** Breaks off a request that is under way: what it was to tell is told again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.abort();
    this.#unwatch();
    this.#wake();
    await this.#running;
  }

  state(last: number, deadLetters: number): TargetState {
    const { type, to } = this.#target.sender;
    return { name: this.name, type, to, ...this.#state, lag: Math.max(0, last - this.#cursor), deadLetters };
  }

  /** Once, now. Resolves with what is wrong; undefined: it was taken. */
  async tryOnce(event: EventEnvelope): Promise<string | undefined> {
    const [outcome] = await this.#send([event]);
    return outcome?.problem;
  }

  async #run(): Promise<void> {
    const { onError } = this.#options;
    while (!this.#isClosed) {
      try {
        if (await this.#page()) continue;
        this.#state = { ...this.#state, status: "idle" };
        if (!this.#hasNews) await this.#pause(undefined);
      } catch (error) {
        onError(`delivering events to the target ${this.name} failed; it goes on in a while`, error);
        await this.#pause(STORE_PAUSE_MS);
      }
    }
  }

  /** Whether there may be more. */
  async #page(): Promise<boolean> {
    const { events, render, table } = this.#options;
    this.#hasNews = false;
    const { last, removedTo } = await events.bounds();
    if (this.#cursor === 0) await this.#begin(last);
    if (this.#cursor < removedTo) {
      this.#state = { ...this.#state, missed: this.#state.missed + removedTo - this.#cursor };
      this.#cursor = removedTo;
    }
    const { events: page, lookedTo } = await events.after(this.#cursor, last, PAGE, {});
    const told = await render(page);
    const pending = page
      .map(({ seq, at }, index): Pending => ({ seq, at, event: told[index]! }))
      .filter(({ event }) => this.#target.matches(event));
    for (const batch of this.#batches(pending)) {
      this.#state = { ...this.#state, status: "delivering" };
      const dead = await this.#deliver(batch);
      if (dead === undefined) return false;
      this.#cursor = batch.at(-1)!.seq;
      await table.settle(this.name, this.#cursor, dead);
      this.#written = this.#cursor;
    }
    this.#cursor = Math.max(this.#cursor, lookedTo);
    if (this.#cursor - this.#written >= UNWRITTEN) {
      await table.settle(this.name, this.#cursor, []);
      this.#written = this.#cursor;
    }
    return lookedTo < last;
  }

  /** A target that is new gets what happens from now on. */
  async #begin(last: number): Promise<void> {
    const { table } = this.#options;
    const known = await table.cursor(this.name);
    if (known === undefined) await table.settle(this.name, last, []);
    this.#cursor = known ?? last;
    this.#written = this.#cursor;
  }

  #batches(pending: readonly Pending[]): Pending[][] {
    const { mostEvents, mostBytes } = this.#target.sender;
    const batches: Pending[][] = [];
    let bytes = Infinity;
    for (const one of pending) {
      const size = JSON.stringify(one.event).length;
      const batch = batches.at(-1);
      if (batch === undefined || batch.length >= mostEvents || bytes + size > mostBytes) {
        batches.push([one]);
        bytes = size;
      } else {
        batch.push(one);
        bytes += size;
      }
    }
    return batches;
  }

  /** Until all of it is taken or given up. What is given up; undefined when the delivery was closed meanwhile. */
  async #deliver(batch: readonly Pending[]): Promise<NewDeadLetter[] | undefined> {
    const { clock } = this.#options;
    const dead: NewDeadLetter[] = [];
    let left = batch;
    for (let attempts = 1; left.length > 0; attempts += 1) {
      if (this.#isClosed) return undefined;
      const refused = await this.#send(left.map(({ event }) => event));
      if (this.#isClosed) return undefined;
      const now = clock.now();
      if (refused.length < left.length)
        this.#state = {
          ...this.#state,
          delivered: this.#state.delivered + left.length - refused.length,
          lastDeliveredAt: now,
        };
      const [first] = refused;
      if (first === undefined) break;
      this.#state = { ...this.#state, status: "retrying", lastError: { at: now, message: first.problem, attempts } };
      const again: Pending[] = [];
      for (const { index, problem, isFinal } of refused) {
        const one = left[index]!;
        if (this.#isOver(one, attempts, now, isFinal))
          dead.push({ target: this.name, seq: one.seq, event: one.event, error: problem, attempts, at: now });
        else again.push(one);
      }
      left = again;
      if (left.length > 0) await this.#pause(this.#pauseMs(left[0]!.seq, attempts));
    }
    return dead;
  }

  #isOver({ at }: Pending, attempts: number, now: number, isFinal: boolean): boolean {
    const { mostAttempts, mostAgeMs } = this.#target;
    return attempts >= (isFinal ? Math.min(MOST_FINAL_ATTEMPTS, mostAttempts) : mostAttempts) || now - at >= mostAgeMs;
  }

  async #send(events: readonly EventEnvelope[]): Promise<{ index: number; problem: string; isFinal: boolean }[]> {
    try {
      return (await this.#target.sender.send(events, this.#closing.signal)).map((refusal) => ({
        ...refusal,
        isFinal: false,
      }));
    } catch (error) {
      if (!(error instanceof DeliveryFailed)) this.#options.onError(`the target ${this.name} failed`, error);
      const problem = error instanceof Error ? error.message : String(error);
      const isFinal = error instanceof DeliveryFailed && error.isFinal;
      return events.map((_, index) => ({ index, problem, isFinal }));
    }
  }

  /** Doubled with each try, up to some minutes; of that at least half, so that targets do not all come back at once. */
  #pauseMs(seq: number, attempts: number): number {
    const full = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), MOST_PAUSE_MS);
    const share = parseInt(hexId(`${this.name} ${seq} ${attempts}`, 4), 16) / 0xffff;
    return full / 2 + (full / 2) * share;
  }

  /** Ends when it is woken, too. Without a time it lasts until then. */
  async #pause(ms: number | undefined): Promise<void> {
    if (this.#isClosed) return;
    let cancel = (): void => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms !== undefined) cancel = this.#options.clock.after(ms, resolve);
    });
    cancel();
  }
}
