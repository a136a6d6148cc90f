import type { IncomingMessage } from "node:http";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Clock } from "../../../ports/clock.ts";
import { pause } from "../../waiting/pause.ts";
import { Slots } from "../../waiting/slots.ts";
import { ApiAway, ApiError, isAbort, mayPass, messageOf, statusOf } from "./api-error.ts";
import { backoffMs } from "./backoff.ts";
import type { ApiRequest } from "./connection.ts";
import { Connection } from "./connection.ts";
import type { ApiObject, ObjectList } from "./objects.ts";

/** An API server has room for about 400 requests at once; a part of them are ours. */
const REQUESTS_AT_A_TIME = 64;
const REQUEST_TIMEOUT_MS = 30_000;
const PAGE = 500;
/** What the API server itself asks to wait at most. */
const LONGEST_RETRY_AFTER_MS = 60_000;

export interface Listed<T> {
  readonly items: readonly T[];
  readonly version: string;
}

export interface ClientOptions {
  readonly clock: Clock;
  readonly access: KubeConfig;
  /** Aborted when nothing is to be asked any more. */
  readonly closing: AbortSignal;
  /** Told of each request that was not answered, and of each that was. */
  readonly onAnswer: (failure: string | undefined) => void;
}

/** The requests of the driver: so many at a time, each with a time limit, and repeated where the API server asks for that. */
export class Client {
  readonly #options: ClientOptions;
  readonly #connection: Connection;
  readonly #slots = new Slots(REQUESTS_AT_A_TIME);

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#connection = new Connection(options.access, options.clock);
  }

  /** One try, beside waiting when the API server has too much to do. Rejects with ApiError, ApiAway or an AbortError. */
  call<T>(request: ApiRequest, signal = this.#options.closing): Promise<T> {
    return this.#slots.run(() => this.#unhurried<T>(request, signal));
  }

  /**
   * Tries until there is an answer that will not change: as long as the API server is away, asks to wait or has troubles of its own. `before`: what has to be true
   * right before each try. Rejects with ApiError, or an AbortError.
   */
  async persist<T>(
    purpose: string,
    request: ApiRequest,
    { signal = this.#options.closing, before }: { signal?: AbortSignal; before?: () => Promise<void> } = {},
  ): Promise<T> {
    const { clock } = this.#options;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#slots.run(async () => {
          await before?.();
          return this.#unhurried<T>(request, signal);
        });
      } catch (error) {
        if (!mayPass(error)) throw error;
        await pause(clock, backoffMs(purpose, tries), signal);
      }
    }
  }

  /** All objects of a collection, page by page. `version`: where to watch it from. */
  async list<T extends ApiObject>(path: string, query: NonNullable<ApiRequest["query"]>): Promise<Listed<T>> {
    const items: T[] = [];
    let next: string | undefined;
    let version = "0";
    do {
      const request = { method: "GET", path, query: { ...query, limit: PAGE, continue: next } } as const;
      const page = await this.call<ObjectList<T>>(request);
      items.push(...page.items);
      version = page.metadata.resourceVersion ?? version;
      next = page.metadata.continue || undefined;
    } while (next !== undefined);
    return { items, version };
  }

  /** An answer that goes on for long: a watch, or output that is followed. It takes none of the requests' slots. */
  async stream(
    path: string,
    query: NonNullable<ApiRequest["query"]>,
    signal: AbortSignal,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<IncomingMessage> {
    return this.#told(() => this.#connection.stream({ method: "GET", path, query }, timeoutMs, signal));
  }

  /** One container's output, as far as it is there or as it comes. What is read at once takes a slot until it is open. */
  log(path: string, query: NonNullable<ApiRequest["query"]>, signal: AbortSignal): Promise<IncomingMessage> {
    if (query["follow"] === true) return this.stream(path, query, signal);
    return this.#slots.run(() => this.stream(path, query, signal));
  }

  close(): void {
    this.#connection.close();
  }

  /** While it waits it keeps its slot: who is asked to slow down does. */
  async #unhurried<T>(request: ApiRequest, signal: AbortSignal): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#told(() => this.#connection.request<T>(request, REQUEST_TIMEOUT_MS, signal));
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 429) throw error;
        const asked = Math.min(error.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
        await pause(this.#options.clock, Math.max(asked, backoffMs(request.path, tries)), signal);
      }
    }
  }

  async #told<T>(ask: () => Promise<T>): Promise<T> {
    const { onAnswer } = this.#options;
    try {
      const answer = await ask();
      onAnswer(undefined);
      return answer;
    } catch (error) {
      // A node that does not answer the API server is another matter.
      if (!isAbort(error)) onAnswer(error instanceof ApiAway || statusOf(error) === 503 ? messageOf(error) : undefined);
      throw error;
    }
  }
}
