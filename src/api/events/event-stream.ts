import type { ServerResponse } from "node:http";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/events.ts";
import type { Envelopes } from "./envelopes.ts";
import type { EventQuery } from "./event-query.ts";

/** What is read and rendered at a time: all that a stream ever has in memory. */
const FULL_PAGE = 50;
const BRIEF_PAGE = 200;
const HEARTBEAT_MS = 15_000;
/** So long at most somebody goes on listening who may not any more. */
const CHECK_MS = 1_000;
/** Between two looks at the log, however often it is written. */
const PAUSE_MS = 50;

export interface StreamOptions {
  readonly events: EventLog;
  readonly envelopes: Envelopes;
  readonly clock: Clock;
  readonly query: EventQuery;
  /** The place of the last event that the client has. */
  readonly after: number;
  /** For a client to take what it was sent. */
  readonly answerTimeoutMs: number;
  /** Asked now and then: whether who asked for the stream may still have it. */
  readonly mayGoOn: () => Promise<boolean>;
}

/**
 * Sends events to one client as they come, at the pace at which it takes them: what it has not taken yet is in the log, not in memory. What is removed
 * from the log before the client came to it is a `gap`, not silence.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #options: StreamOptions;
  #cursor: number;
  #isOver = false;
  #hasNews = true;
  #wake: () => void = () => {};

  constructor(response: ServerResponse, options: StreamOptions) {
    this.#response = response;
    this.#options = options;
    this.#cursor = options.after;
    response.once("close", () => this.#over());
  }

  /** Resolves when the stream is over. */
  async run(): Promise<void> {
    const { events, clock } = this.#options;
    const unwatch = events.watch(() => this.#news());
    const stopBeating = every(clock, HEARTBEAT_MS, () => this.#beat());
    const stopChecking = every(clock, CHECK_MS, () => this.#check());
    try {
      await this.#write(`retry: 1000\n${this.#place()}\n`);
      while (!this.#isOver) {
        if (await this.#sendPage()) continue;
        await this.#untilNews();
        await new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve));
      }
    } finally {
      stopBeating();
      stopChecking();
      unwatch();
      this.end();
    }
  }

  /** Now: the client comes back for the rest. */
  end(): void {
    this.#over();
    this.#response.end(() => this.#response.req.socket.end());
  }

  /** Whether there may be more to be sent at once. */
  async #sendPage(): Promise<boolean> {
    const { events, envelopes, query } = this.#options;
    this.#hasNews = false;
    const { last } = await events.bounds();
    // Of another store, or of a time after the backup that this one was restored from.
    if (this.#cursor > last) return this.#sendGap(last);
    const limit = query.isBrief ? BRIEF_PAGE : FULL_PAGE;
    const page = await events.after(this.#cursor, last, limit, query.filter);
    // Looked at behind the page: what was removed meanwhile may be missing in it.
    const { removedTo } = await events.bounds();
    if (this.#cursor < removedTo) return this.#sendGap(removedTo);
    const matching = page.events.filter(query.matches);
    if (matching.length > 0) {
      const told = await envelopes.of(matching, query.isBrief);
      const messages = told.map(
        ({ seq, kind, event }) => `id: ${seq}\nevent: ${kind}\ndata: ${JSON.stringify(event)}\n\n`,
      );
      await this.#write(messages.join(""));
    }
    this.#cursor = page.lookedTo;
    return page.lookedTo < last;
  }

  async #sendGap(to: number): Promise<boolean> {
    await this.#write(`id: ${to}\nevent: gap\ndata: ${JSON.stringify({ after: this.#cursor, to })}\n\n`);
    this.#cursor = to;
    return true;
  }

  /** Keeps the connection, and the client's place though nothing is for it. What no signal has told of is found by the way. */
  #beat(): void {
    this.#news();
    if (!this.#isOver && !this.#response.writableNeedDrain) this.#response.write(`: still there\n${this.#place()}\n`);
  }

  /** A store that does not answer just now ends nobody's stream. */
  async #check(): Promise<void> {
    const isAllowed = await this.#options.mayGoOn().catch(() => true);
    if (!isAllowed) this.end();
  }

  #place(): string {
    return `id: ${this.#cursor}\n`;
  }

  async #write(text: string): Promise<void> {
    if (this.#isOver || this.#response.write(text)) return;
    const { clock, answerTimeoutMs } = this.#options;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(answerTimeoutMs, () => {
        this.#response.req.socket.destroy();
        resolve();
      });
      const done = (): void => {
        cancel();
        resolve();
      };
      this.#response.once("drain", done);
      this.#response.once("close", done);
    });
  }

  #untilNews(): Promise<void> {
    if (this.#hasNews || this.#isOver) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #news(): void {
    this.#hasNews = true;
    this.#wake();
  }

  #over(): void {
    this.#isOver = true;
    this.#wake();
  }
}

/** Again when what was done is done, until what it returns is called. */
function every(clock: Clock, ms: number, task: () => unknown): () => void {
  let isOver = false;
  let cancel = (): void => {};
  const wait = (): void => {
    cancel = clock.after(ms, () => {
      void Promise.resolve(task()).then(() => isOver || wait());
    });
  };
  wait();
  return () => {
    isOver = true;
    cancel();
  };
}
