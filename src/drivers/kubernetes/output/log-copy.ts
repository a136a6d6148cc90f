import type { Clock } from "../../../ports/clock.ts";
import type { CursorPlace } from "../../output/cursor.ts";
import { Cursor } from "../../output/cursor.ts";
import type { Resume } from "../../output/cursor.ts";
import { orAborted, pause } from "../../waiting/pause.ts";
import { isAbort, isGone, mayPass, messageOf, statusOf } from "../api/api-error.ts";
import { backoffMs } from "../api/backoff.ts";
import type { Client } from "../api/client.ts";
import type { FollowTurns } from "./follow-turns.ts";
import type { StampedLine } from "./log-lines.ts";
import { LogLines } from "./log-lines.ts";
import type { LogPosition } from "./position.ts";
import { advanced, sinceTime, Skip } from "./position.ts";

/** What ends sooner is read once, at its end. */
const FOLLOW_AFTER_MS = 1_000;
/** A stream that was cut is opened again after so long. */
const AGAIN_MS = 1_000;
/** How long the last words of a container are waited for that goes away with its pod. */
const LAST_WORDS_MS = 5_000;
/** A node that cannot give the output is not waited for any longer: the end of the attempt is told without it. */
const PATIENCE_MS = 60_000;
/** What a node says, in place of the output, of a container whose files are gone. */
const NO_FILES = /^unable to retrieve container logs for |^failed to (watch|open|read) .*log/;

/** One for all: to make an error costs more than a request. */
const STOPPED = new DOMException("Nobody wants the output any more", "AbortError");

export interface LogContext {
  readonly clock: Clock;
  readonly client: Client;
  readonly place: CursorPlace;
  readonly turns: FollowTurns;
  readonly closing: AbortSignal;
  readonly onNotice: (message: string) => void;
}

export interface LogSource {
  readonly attemptId: string;
  /** Of the API: .../pods/NAME/log */
  readonly path: string;
  readonly container: string;
  /** Nobody has copied any of it. */
  readonly isNew: boolean;
}

/** Copies one container's output into its attempt's log: as it comes while the container runs long, and to the end when it has ended. */
export class LogCopy {
  readonly #context: LogContext;
  readonly #source: LogSource;
  readonly #cursor: Cursor<LogPosition>;
  #isStopped = false;
  #rest: AbortController | undefined;
  #resume: Promise<Resume<LogPosition>> | undefined;
  #leave: (() => void) | undefined;
  /** Of the stream that is read now. */
  #reading: { readonly done: Promise<void>; readonly give: () => void } | undefined;
  #finishing: Promise<void> | undefined;
  #hasWritten = false;
  #hasOpened: () => void = () => {};

  constructor(context: LogContext, source: LogSource) {
    this.#context = context;
    this.#source = source;
    this.#cursor = new Cursor(source.attemptId, context.place);
    if (source.isNew) this.#resume = Promise.resolve({ position: {}, linesAhead: 0 });
  }

  /** It runs: its output is followed when it goes on for a while. */
  follow(): void {
    if (this.#leave !== undefined || this.#finishing !== undefined) return;
    const { clock, turns } = this.#context;
    const cancel = clock.after(FOLLOW_AFTER_MS, () => {
      if (this.#finishing !== undefined || this.#isStopped) return;
      this.#leave = turns.join((signal) => this.#followOn(signal));
    });
    this.#leave = cancel;
  }

  /** Its pod is about to be deleted, and its files go with it: resolves when its output is followed, or after a while. */
  async followAtOnce(): Promise<void> {
    if (this.#finishing !== undefined || this.#reading !== undefined) return;
    const opened = new Promise<void>((resolve) => (this.#hasOpened = resolve));
    this.#leave?.();
    const never = new AbortController();
    this.#leave = () => {};
    void this.#followOn(never.signal).catch(() => {});
    await this.#within(opened, LAST_WORDS_MS);
  }

  /**
   * The container has ended: copies what is not copied yet. Resolves when the log is whole, or cannot become so.
   *
   * @param isGoing its pod is deleted, and what was not read by now may be gone.
   */
  finish(isGoing: boolean): Promise<void> {
    return (this.#finishing ??= this.#finish(isGoing));
  }

  stop(): void {
    this.#isStopped = true;
    this.#leave?.();
    this.#rest?.abort(STOPPED);
    this.#reading?.give();
    this.#cursor.settle();
  }

  async #finish(isGoing: boolean): Promise<void> {
    this.#leave?.();
    const reading = this.#reading;
    if (reading !== undefined) {
      if (isGoing) await this.#within(reading.done, LAST_WORDS_MS);
      reading.give();
      await reading.done;
    }
    await this.#readRest(isGoing);
    // Also without a word of output there is a log.
    if (this.#hasWritten) this.#cursor.settle();
    else await this.#cursor.load();
  }

  /** A node that is gone does not even refuse. */
  async #readRest(isGoing: boolean): Promise<void> {
    const mostMs = isGoing ? LAST_WORDS_MS : PATIENCE_MS;
    const rest = new AbortController();
    this.#rest = rest;
    if (this.#isStopped) rest.abort(STOPPED);
    const cancel = this.#context.clock.after(mostMs, () => rest.abort(new Error(`not within ${mostMs / 1000} s`)));
    try {
      await this.#tryToRead(isGoing, rest.signal);
    } catch (error) {
      if (this.#isStopped) throw error;
      this.#context.onNotice(
        `The output of attempt ${this.#source.attemptId} cannot be read to its end: ${messageOf(error)}`,
      );
    } finally {
      cancel();
    }
  }

  async #tryToRead(isGoing: boolean, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#read({ isFollowed: false, signal });
      } catch (error) {
        signal.throwIfAborted();
        if (isGoing && (isGone(error) || statusOf(error) === 400)) return;
        if (isGone(error) || (statusOf(error) !== undefined && !mayPass(error))) throw error;
        await pause(this.#context.clock, backoffMs(this.#source.attemptId, tries), signal);
      }
    }
  }

  /** As long as the container runs, or its turn lasts. */
  async #followOn(turn: AbortSignal): Promise<void> {
    const given = new AbortController();
    const { clock } = this.#context;
    const signal = AbortSignal.any([turn, given.signal]);
    const done = this.#followWhileItRuns(signal).catch(() => {});
    this.#reading = { done, give: () => given.abort() };
    await done;
    this.#reading = undefined;
    if (turn.aborted || signal.aborted || this.#finishing !== undefined) return;
    // It has ended, which the watch tells too; or it was cut.
    await pause(clock, AGAIN_MS, signal).catch(() => {});
  }

  async #followWhileItRuns(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    while (!signal.aborted && this.#finishing === undefined) {
      try {
        await this.#read({ isFollowed: true, signal });
      } catch (error) {
        if (signal.aborted || isAbort(error)) return;
      }
      if (this.#finishing !== undefined) return;
      await pause(clock, AGAIN_MS, signal);
    }
  }

  /** Reads once, from where it is. What is not a whole line yet is read again. */
  async #read({ isFollowed, signal }: { isFollowed: boolean; signal: AbortSignal }): Promise<void> {
    const { client } = this.#context;
    const { path, container } = this.#source;
    const { position, linesAhead } = await (this.#resume ??= this.#cursor.load());
    const skip = new Skip(position, linesAhead);
    const lines = new LogLines();
    let now = position;
    const take = (got: readonly StampedLine[]): void => {
      const said = got.filter((line) => line.stamp !== undefined || !NO_FILES.test(line.message));
      const { passed, fresh } = skip.divide(said);
      now = advanced(advanced(now, passed), fresh);
      if (fresh.length === 0) return;
      this.#cursor.append(fresh, now);
      this.#hasWritten = true;
      this.#resume = Promise.resolve({ position: now, linesAhead: 0 });
    };
    const query = { container, timestamps: true, sinceTime: sinceTime(position), follow: isFollowed || undefined };
    const stream = await client.log(path, query, signal);
    this.#hasOpened();
    for await (const chunk of stream) take(lines.push(chunk as Buffer));
    // Of a container that has ended there is no more. One that goes on may be in the middle of a line.
    if (!isFollowed) take(lines.end());
  }

  #within(done: Promise<void>, mostMs: number): Promise<void> {
    const { clock, closing } = this.#context;
    const patience = new AbortController();
    const tooLong = pause(clock, mostMs, AbortSignal.any([closing, patience.signal])).catch(() => {});
    return orAborted(Promise.race([done, tooLong]), closing).finally(() => patience.abort());
  }
}
