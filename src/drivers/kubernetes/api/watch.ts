import type { IncomingMessage } from "node:http";
import type { Clock } from "../../../ports/clock.ts";
import { pause } from "../../waiting/pause.ts";
import { ApiError, isAbort, isExpired, messageOf } from "./api-error.ts";
import { backoffMs } from "./backoff.ts";
import type { Client } from "./client.ts";
import type { ApiObject, WatchEvent } from "./objects.ts";

/** The API server ends a watch after so long; the next one goes on where it ended. */
const WATCH_SECONDS = 290;
/** A watch that says nothing for so long beyond its time is dead: bookmarks come about once a minute. */
const SILENCE_MS = 150_000;
/** Where the API server cannot go on from is found out by asking it so often. */
const TRIES_BEFORE_LIST = 4;

export interface WatchOptions<T> {
  readonly clock: Clock;
  readonly client: Client;
  readonly closing: AbortSignal;
  /** Of the collection. */
  readonly path: string;
  readonly labelSelector?: string;
  /** All that there is, each time that it had to be listed. */
  readonly onList: (items: readonly T[]) => void;
  readonly onEvent: (type: "ADDED" | "MODIFIED" | "DELETED", object: T) => void;
  /** Each try that failed, for whatever reason. True: to be given up. */
  readonly onFailure: (error: unknown) => boolean;
}

/** Lists a collection, and follows it from there on; lists it again when the API server does not know any more what came since. */
export class Watch<T extends ApiObject> {
  readonly #options: WatchOptions<T>;
  /** Where to go on from; undefined: with a list. */
  #version: string | undefined;
  #failures = 0;

  constructor(options: WatchOptions<T>) {
    this.#options = options;
  }

  /** Resolves when it is closed, or given up. */
  async run(): Promise<void> {
    const { closing, clock, path, onFailure } = this.#options;
    while (!closing.aborted) {
      try {
        if (this.#version === undefined) await this.#list();
        await this.#follow();
      } catch (error) {
        if (closing.aborted) return;
        this.#failures += 1;
        if (isExpired(error) || this.#failures % TRIES_BEFORE_LIST === 0) this.#version = undefined;
        if (isExpired(error) && this.#failures === 1) continue;
        if (!isExpired(error) && onFailure(error)) return;
        await pause(clock, backoffMs(path, this.#failures), closing).catch(() => {});
      }
    }
  }

  async #list(): Promise<void> {
    const { client, path, labelSelector, onList, closing } = this.#options;
    const { items, version } = await client.list<T>(path, { labelSelector });
    if (closing.aborted) return;
    onList(items);
    this.#version = version;
  }

  async #follow(): Promise<void> {
    const { client, clock, path, labelSelector, closing } = this.#options;
    const silence = new AbortController();
    const signal = AbortSignal.any([closing, silence.signal]);
    const query = {
      ...{ watch: true, allowWatchBookmarks: true, timeoutSeconds: WATCH_SECONDS },
      ...{ labelSelector, resourceVersion: this.#version },
    };
    const begun = clock.now();
    const stream = await client.stream(path, query, signal);
    let cancel = clock.after(SILENCE_MS, () => silence.abort());
    let hasSpoken = false;
    try {
      for await (const line of linesOf(stream)) {
        this.#take(JSON.parse(line) as WatchEvent<T>);
        this.#failures = 0;
        hasSpoken = true;
        cancel();
        cancel = clock.after(SILENCE_MS, () => silence.abort());
      }
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (!isAbort(error)) throw new Error(`the watch was cut: ${messageOf(error)}`, { cause: error });
    } finally {
      cancel();
    }
    // One that ends at once, each time, must not be asked for without a pause.
    if (!hasSpoken && clock.now() - begun < 1_000) throw new Error("the watch ended at once");
  }

  #take(event: WatchEvent<T>): void {
    const { onEvent } = this.#options;
    if (event.type === "ERROR") throw new ApiError(event.object.code ?? 500, event.object);
    const { resourceVersion } = event.object.metadata ?? {};
    if (event.type !== "BOOKMARK") onEvent(event.type, event.object);
    if (resourceVersion !== undefined) this.#version = resourceVersion;
  }
}

/** The text's lines, as they come. One line of a watch is one object, which may be large. */
async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of stream) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString("utf8");
      parts = [];
      rest = rest.subarray(end + 1);
      if (line !== "") yield line;
    }
    if (rest.length > 0) parts.push(rest);
  }
}
