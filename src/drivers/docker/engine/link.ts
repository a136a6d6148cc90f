import type Dockerode from "dockerode";
import type { Clock } from "../../../ports/clock.ts";
import type { Term } from "../../../ports/leadership.ts";
import type { Dial, Line } from "./dial.ts";
import { lineFailure } from "./dial.ts";
import type { EngineEvent } from "./events.ts";
import { openEvents } from "./events.ts";
import { fenced } from "./fenced.ts";
import { engineMessage } from "../failure.ts";
import { pause } from "../../waiting/pause.ts";
import { LABEL } from "../names.ts";

const SHORTEST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const ANSWER_TIMEOUT_MS = 15_000;

/** How long an engine may take. */
export interface Patience {
  /** So often it is asked for a sign of life, and so long that may take. Default: it is trusted as long as its connection is there. */
  readonly heartbeatMs?: number;
  /** An engine that takes longer than this until it is in sight is taken for one that does not answer. Default: 15 s. */
  readonly answerTimeoutMs?: number;
  /** So long is the pause between two attempts to reach it, at most. Default: 5 s. */
  readonly longestPauseMs?: number;
}

export interface LinkOptions extends Patience {
  readonly clock: Clock;
  readonly clusterId: string;
  readonly dial: Dial;
  /** In which it is used. */
  readonly term: Pick<Term, "confirm">;
  readonly onNotice: (message: string) => void;
}

export interface LinkListener {
  /** The engine answers, for the first time or again. Its events are held back until this resolves; if it rejects, the link begins anew. */
  sighted(docker: Dockerode): Promise<void>;
  /** Something happened to the container of this attempt: look at it. */
  changed(attemptId: string): void;
  /** A container of this attempt was made, or started: usually as it was asked to be. */
  appeared(attemptId: string): void;
  /** It does not answer: told with each attempt to reach it that fails, and when a connection ends. */
  unreachable(why: string): void;
}

/** The connection to the engine: one event stream for all our containers, made again whenever it is lost. */
export class EngineLink {
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  #docker: Dockerode | undefined;
  #sight = Promise.withResolvers<void>();
  #isReported = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Fires when the link closes; requests that must not outlive it take it. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The engine's client while the engine is in sight. */
  get docker(): Dockerode | undefined {
    return this.#docker;
  }

  /** The engine's client, as soon as the engine is in sight. Rejects when the link closes. */
  async inSight(): Promise<Dockerode> {
    for (;;) {
      this.closing.throwIfAborted();
      if (this.#docker !== undefined) return this.#docker;
      await this.#sight.promise;
    }
  }

  open(listener: LinkListener): void {
    this.#loop = this.#keepUp(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#sight.resolve();
    await this.#loop;
  }

  async #keepUp(listener: LinkListener): Promise<void> {
    const { longestPauseMs = LONGEST_PAUSE_MS } = this.#options;
    let delayMs = SHORTEST_PAUSE_MS;
    while (!this.closing.aborted) {
      try {
        await this.#connect(listener, () => {
          delayMs = SHORTEST_PAUSE_MS;
        });
        this.#lost("it ended the connection", listener);
      } catch (error) {
        this.#lost(engineMessage(error), listener);
      }
      await pause(this.#options.clock, delayMs, this.closing).catch(() => {});
      delayMs = Math.min(delayMs * 2, longestPauseMs);
    }
  }

  /** Resolves or rejects when the connection is over. */
  async #connect(listener: LinkListener, onSighted: () => void): Promise<void> {
    const { clock, dial, term, answerTimeoutMs = ANSWER_TIMEOUT_MS } = this.#options;
    const connection = new AbortController();
    const end = () => connection.abort();
    this.closing.addEventListener("abort", end, { once: true });
    const cancelTimeout = clock.after(answerTimeoutMs, () => connection.abort(new Error(NO_ANSWER)));
    let line: Line | undefined;
    const hangUp = once(async () => line?.hangUp());
    try {
      line = await dial(connection.signal);
      fenced(line.docker, term);
      // Nothing that was asked of an engine that is not trusted any more goes on waiting for it.
      connection.signal.addEventListener("abort", () => void hangUp(), { once: true });
      const events = await this.#events(line.docker, connection.signal);
      await listener.sighted(line.docker);
      cancelTimeout();
      this.closing.throwIfAborted();
      this.#found(line.docker);
      onSighted();
      this.#watch(line.docker, connection);
      for await (const event of events) tell(event, listener);
    } catch (error) {
      throw connection.signal.reason ?? lineFailure(error, line);
    } finally {
      cancelTimeout();
      connection.abort();
      this.closing.removeEventListener("abort", end);
      await hangUp();
    }
  }

  /** A machine that is cut off ends no connection. */
  #watch(docker: Dockerode, connection: AbortController): void {
    const { clock, heartbeatMs } = this.#options;
    if (heartbeatMs === undefined) return;
    const cancel = clock.after(heartbeatMs, () => {
      const cancelTimeout = clock.after(heartbeatMs, () => connection.abort(new Error(NO_ANSWER)));
      void docker
        .ping()
        .catch((error: unknown) => connection.abort(error))
        .finally(() => {
          cancelTimeout();
          if (!connection.signal.aborted) this.#watch(docker, connection);
        });
    });
    connection.signal.addEventListener("abort", cancel, { once: true });
  }

  #events(docker: Dockerode, signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    const filters = { type: ["container"], label: [`${LABEL.cluster}=${this.#options.clusterId}`] };
    return openEvents(docker, filters, signal);
  }

  #found(docker: Dockerode): void {
    this.#docker = docker;
    this.#isReported = false;
    this.#sight.resolve();
  }

  /** Says so once, however often it tries. */
  #lost(why: string, listener: LinkListener): void {
    if (this.#docker !== undefined) {
      this.#docker = undefined;
      this.#sight = Promise.withResolvers<void>();
    }
    if (this.closing.aborted) return;
    listener.unreachable(why);
    if (this.#isReported) return;
    this.#isReported = true;
    this.#options.onNotice(`The container engine does not answer: ${why}. Trying again until it does.`);
  }
}

const NO_ANSWER = "it does not answer in time";

function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= task());
}

/** Of all that happens to a container these may end it. */
const CHANGES: ReadonlySet<unknown> = new Set(["die", "died", "destroy", "remove"]);
/** An engine that did not answer for a while may do what it was asked to long after nobody waits for it. */
const BEGINNINGS: ReadonlySet<unknown> = new Set(["create", "start"]);

function tell({ Action, status, Actor }: EngineEvent, listener: LinkListener): void {
  const attemptId = Actor?.Attributes?.[LABEL.attempt];
  const action = Action ?? status;
  if (attemptId === undefined) return;
  if (CHANGES.has(action)) listener.changed(attemptId);
  else if (BEGINNINGS.has(action)) listener.appeared(attemptId);
}
