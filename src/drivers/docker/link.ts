import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";
import Dockerode from "dockerode";
import type { Clock } from "../../ports/clock.ts";
import { engineMessage } from "./failure.ts";
import { pause } from "./pause.ts";
import { findSocket, socketCandidates, USUAL_SOCKET } from "./probe.ts";
import { LABEL } from "./names.ts";

const SHORTEST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 5_000;
/** An engine that takes longer than this to begin its event stream is taken as not answering. */
const ANSWER_TIMEOUT_MS = 15_000;

export interface LinkOptions {
  readonly clock: Clock;
  readonly clusterId: string;
  readonly socketPath?: string | undefined;
  readonly onNotice: (message: string) => void;
}

export interface LinkListener {
  /** The engine answers, for the first time or again. Its events are held back until this resolves; if it rejects, the link begins anew. */
  sighted(docker: Dockerode): Promise<void>;
  /** Something happened to the container of this attempt: look at it. */
  changed(attemptId: string): void;
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
    let delayMs = SHORTEST_DELAY_MS;
    while (!this.closing.aborted) {
      try {
        await this.#connect(listener, () => {
          delayMs = SHORTEST_DELAY_MS;
        });
        this.#lost("it ended the connection");
      } catch (error) {
        this.#lost(engineMessage(error));
      }
      await pause(this.#options.clock, delayMs, this.closing).catch(() => {});
      delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
    }
  }

  /** Resolves or rejects when the connection is over. */
  async #connect(listener: LinkListener, onSighted: () => void): Promise<void> {
    const docker = new Dockerode({ socketPath: await this.#socket() });
    const connection = new AbortController();
    const end = () => connection.abort();
    this.closing.addEventListener("abort", end, { once: true });
    const cancelTimeout = this.#options.clock.after(ANSWER_TIMEOUT_MS, end);
    try {
      const events = await this.#events(docker, connection.signal);
      await listener.sighted(docker);
      cancelTimeout();
      this.closing.throwIfAborted();
      this.#found(docker);
      onSighted();
      await dispatch(events, listener);
    } finally {
      cancelTimeout();
      connection.abort();
      this.closing.removeEventListener("abort", end);
    }
  }

  async #socket(): Promise<string> {
    const { socketPath } = this.#options;
    return socketPath ?? (await findSocket()) ?? socketCandidates(process.env)[0] ?? USUAL_SOCKET;
  }

  async #events(docker: Dockerode, signal: AbortSignal): Promise<NodeJS.ReadableStream> {
    const filters: Record<string, string[]> = {
      type: ["container"],
      label: [`${LABEL.cluster}=${this.#options.clusterId}`],
    };
    const stream = await docker.getEvents({ filters, abortSignal: signal });
    return addAbortSignal(signal, stream as Readable);
  }

  #found(docker: Dockerode): void {
    this.#docker = docker;
    this.#isReported = false;
    this.#sight.resolve();
  }

  /** Says so once, however often it tries. */
  #lost(why: string): void {
    if (this.#docker !== undefined) {
      this.#docker = undefined;
      this.#sight = Promise.withResolvers<void>();
    }
    if (this.#isReported || this.closing.aborted) return;
    this.#isReported = true;
    this.#options.onNotice(`The container engine does not answer: ${why}. Trying again until it does.`);
  }
}

/** Of all that happens to a container these may end it; anything else that matters we did ourselves. */
const CHANGES: ReadonlySet<unknown> = new Set(["die", "died", "destroy", "remove"]);

/** One JSON object per line, for as long as the engine lives. */
async function dispatch(events: NodeJS.ReadableStream, listener: LinkListener): Promise<void> {
  let rest = "";
  for await (const chunk of events) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const attemptId = changedAttempt(line);
      if (attemptId !== undefined) listener.changed(attemptId);
    }
  }
}

interface EngineEvent {
  readonly status?: string;
  readonly Action?: string;
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

function changedAttempt(line: string): string | undefined {
  if (line.trim() === "") return undefined;
  const event = JSON.parse(line) as EngineEvent;
  if (!CHANGES.has(event.Action ?? event.status)) return undefined;
  return event.Actor?.Attributes?.[LABEL.attempt];
}
