import { EventSourceParserStream } from "eventsource-parser/stream";
import { CallFailed, send } from "./call.ts";

/** An event as EventBridge has it; `detail` is short, as the console asks for it. */
export interface LiveEvent {
  readonly id: string;
  readonly "detail-type": string;
  readonly time: string;
  readonly resources: readonly string[];
  readonly detail: {
    readonly jobId?: string;
    readonly jobName?: string;
    readonly jobQueue?: string;
    readonly status?: string;
    readonly computeEnvironment?: string;
    readonly arrayProperties?: { readonly index?: number; readonly size?: number };
  };
}

/** `polling`: without events, by asking from time to time. */
export type LiveState = "connecting" | "live" | "polling";

/** Undefined: something may have happened that no event tells of. */
type Listener = (event: LiveEvent | undefined) => void;

const PATH = "/events?view=brief";
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** A server that has no events, or refuses them, may have them after it was started anew. */
const REFUSED_RETRY_MS = 60_000;
const POLL_MS = 5_000;
/** Servers send a comment every 15 s: without anything for longer, the connection is dead. */
const SILENCE_MS = 40_000;
/** A tab that nobody looks at gives its connection back: browsers have six for each server. */
const HIDDEN_MS = 3_000;

/** The tab's one connection to the server's events. Open while somebody listens and the tab is seen. */
class LiveConnection {
  state: LiveState = "connecting";
  readonly #listeners = new Set<Listener>();
  readonly #watchers = new Set<() => void>();
  #open: AbortController | undefined;
  #lastId: string | undefined;
  #retryMs = FIRST_RETRY_MS;
  #hiding: number | undefined;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    window.setInterval(() => {
      if (this.state === "polling" && document.visibilityState === "visible") this.#tell(undefined);
    }, POLL_MS);
  }

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener);
    this.#start();
    return () => {
      this.#listeners.delete(listener);
      // The next page listens in a moment.
      window.setTimeout(() => {
        if (this.#listeners.size === 0) this.#stop();
      }, FIRST_RETRY_MS);
    };
  };

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  #visibilityChanged(): void {
    window.clearTimeout(this.#hiding);
    if (document.visibilityState === "hidden") {
      this.#hiding = window.setTimeout(() => this.#stop(), HIDDEN_MS);
    } else if (this.#listeners.size > 0 && this.#open === undefined) {
      this.#start();
      this.#tell(undefined);
    }
  }

  #start(): void {
    if (this.#open !== undefined || document.visibilityState === "hidden") return;
    const open = new AbortController();
    this.#open = open;
    void this.#run(open.signal);
  }

  #stop(): void {
    this.#open?.abort();
    this.#open = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let waitMs = this.#retryMs;
      try {
        await this.#listen(signal);
      } catch (error) {
        if (error instanceof CallFailed && error.status < 500 && error.status !== 429) waitMs = REFUSED_RETRY_MS;
      }
      if (signal.aborted) return;
      this.#become("polling");
      this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
      await pause(waitMs * (0.75 + Math.random() / 2), signal);
    }
  }

  /** Until the connection ends. */
  async #listen(signal: AbortSignal): Promise<void> {
    const silence = new AbortController();
    let timer = 0;
    const heard = (): void => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => silence.abort(), SILENCE_MS);
    };
    heard();
    try {
      const response = await send(PATH, "longshore", {
        headers: {
          accept: "text/event-stream",
          ...(this.#lastId !== undefined && { "last-event-id": this.#lastId }),
        },
        signal: AbortSignal.any([signal, silence.signal]),
      });
      if (response.body === null) return;
      this.#retryMs = FIRST_RETRY_MS;
      // What happened before, or since the last event that came, is in no event.
      if (this.state !== "connecting" || this.#lastId === undefined) this.#tell(undefined);
      this.#become("live");
      const watched = new TransformStream<BufferSource, BufferSource>({
        transform(chunk, controller) {
          heard();
          controller.enqueue(chunk);
        },
      });
      const events = response.body
        .pipeThrough(watched)
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())
        .getReader();
      for (;;) {
        const { done, value } = await events.read();
        if (done) return;
        if (value.id !== undefined) this.#lastId = value.id;
        const event = parsed(value.data);
        if (event !== undefined) this.#tell(event);
      }
    } finally {
      window.clearTimeout(timer);
    }
  }

  #tell(event: LiveEvent | undefined): void {
    for (const listener of this.#listeners) listener(event);
  }

  #become(state: LiveState): void {
    if (this.state === state) return;
    this.state = state;
    for (const watcher of this.#watchers) watcher();
  }
}

export const liveConnection = new LiveConnection();

function parsed(data: string): LiveEvent | undefined {
  try {
    const event = JSON.parse(data) as LiveEvent;
    return typeof event.detail === "object" ? event : undefined;
  } catch {
    return undefined;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}
