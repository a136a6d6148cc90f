import type pg from "pg";
import type { Signals, Statement, Topic } from "../database.ts";
import { statement, TOPICS } from "../database.ts";

const CHANNEL = "longshore";
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;
const HEARTBEAT_MS = 2_000;

export interface SignalOptions {
  connect(): Promise<pg.Client>;
  pause(delayMs: number): Promise<void>;
}

type News = Topic | "lost" | "reconnected";
type Listener = (news: News) => void;

/** LISTEN and NOTIFY, on a connection of their own, which comes back by itself. */
export class PostgresSignals implements Signals {
  readonly #options: SignalOptions;
  readonly #listeners = new Set<Listener>();
  #client: pg.Client | undefined;
  #isListening = false;
  #isClosed = false;

  constructor(options: SignalOptions) {
    this.#options = options;
  }

  statement(topic: Topic): Statement {
    return statement(`SELECT pg_notify('${CHANNEL}', ?)`, topic);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (!this.#isListening) void this.#keepListening();
    this.#isListening = true;
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    void this.#client?.end().catch(() => {});
  }

  async #keepListening(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#isClosed) {
      try {
        const client = await this.#open();
        pauseMs = FIRST_PAUSE_MS;
        // What is cut off tells nobody: it is asked.
        for (;;) {
          await this.#options.pause(HEARTBEAT_MS);
          await client.query({ text: "SELECT 1", query_timeout: HEARTBEAT_MS } as pg.QueryConfig);
        }
      } catch {
        // The connection is gone, or none could be had: whoever reads or writes hears why.
        this.#tell("lost");
        void this.#client?.end().catch(() => {});
      }
      if (!this.#isClosed) await this.#options.pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
  }

  async #open(): Promise<pg.Client> {
    const client = await this.#options.connect();
    this.#client = client;
    client.on("notification", ({ payload }) => {
      const topic = TOPICS.find((one) => one === payload);
      if (topic !== undefined) this.#tell(topic);
    });
    await client.query(`LISTEN ${CHANNEL}`);
    this.#tell("reconnected");
    return client;
  }

  #tell(news: News): void {
    for (const listener of this.#listeners) listener(news);
  }
}
