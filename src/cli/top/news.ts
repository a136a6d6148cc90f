import type { Connection } from "../connection.ts";
import { eventFeed } from "../event-feed.ts";

/** Before the stream is opened again. */
const PAUSE_MS = 2_000;

/** That something has happened on the server: in whatever queue, whatever it was. */
export class News {
  readonly #onNews: () => void;
  readonly #ending = new AbortController();
  #isHeard = false;

  constructor(onNews: () => void) {
    this.#onNews = onNews;
  }

  /** Whether there is a stream of events at the moment. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Opens the stream again and again, from where it was. Resolves after `end`. */
  async follow(connection: Connection): Promise<void> {
    const { signal } = this.#ending;
    let place: string | undefined;
    const placed = (id: string): void => {
      place = id;
      this.#isHeard = true;
    };
    while (!signal.aborted) {
      const query = `view=brief${place === undefined ? "" : `&after=${place}`}`;
      try {
        for await (const _ of eventFeed(connection, query, placed, signal)) this.#onNews();
      } catch {
        // The server is away, or this caller may not read events: then there are looks from time to time only.
      }
      this.#isHeard = false;
      if (!signal.aborted) await pause(signal);
    }
  }

  end(): void {
    this.#ending.abort();
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PAUSE_MS);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
