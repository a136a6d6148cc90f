import pg from "pg";
import { StoreUnavailable } from "../../ports/store.ts";
import type { Database, Row, SqlValue, Statement, Written } from "../database.ts";
import type { PostgresOptions } from "./connection.ts";
import { connectionConfig, StatementNames } from "./connection.ts";
import { numbered, POSTGRES } from "./dialect.ts";
import { asUnavailable, isConnectionError } from "./failure.ts";
import { PostgresSignals } from "./signals.ts";
import { storedValue } from "./text.ts";
import { GroupWriter } from "./writer.ts";

const READERS = 8;

/** PostgreSQL, for any number of servers. Reads go through a pool, writes of this server through one connection that shares commits among them. */
export class PostgresDatabase implements Database {
  readonly dialect = POSTGRES;
  readonly signals: PostgresSignals;
  readonly #config: ReturnType<typeof connectionConfig>;
  readonly #pool: pg.Pool;
  readonly #writer: GroupWriter;
  readonly #names = new StatementNames();
  #isClosed = false;

  /** Nothing is connected before the first statement. */
  constructor(options: PostgresOptions) {
    this.#config = connectionConfig(options);
    const { onError, clock } = options;
    this.#pool = new pg.Pool({ ...this.#config, max: options.readers ?? READERS });
    // A connection that is lost while nobody uses it: the next read gets another one.
    this.#pool.on("error", (error) => onError("a connection to PostgreSQL was lost", error));
    const pause = (delayMs: number): Promise<void> =>
      new Promise((resolve) => {
        clock.after(delayMs, resolve);
      });
    this.#writer = new GroupWriter({ connect: () => this.#connect({ pipeline: true }), pause });
    this.signals = new PostgresSignals({ connect: () => this.#connect({}), pause });
  }

  async read(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    if (this.#isClosed) throw closed();
    const query = { name: this.#names.of(sql), text: numbered(sql), values: values.map(storedValue) };
    try {
      return await this.#select(query);
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  write(
    statements: readonly Statement[],
    unless?: (written: readonly Written[]) => Error | undefined,
  ): Promise<readonly Written[]> {
    if (this.#isClosed) return Promise.reject(closed());
    return new Promise((resolve, reject) => this.#writer.write({ statements, unless, resolve, reject }));
  }

  async snapshot<T>(use: (read: Database["read"]) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw closed();
    const client = await this.#connect({
      statement_timeout: 0,
      query_timeout: 0,
      idle_in_transaction_session_timeout: 0,
    });
    try {
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      return await use(async (sql, values = []) => {
        const { rows } = await client.query<Row>({ text: numbered(sql), values: values.map(storedValue) });
        return rows;
      });
    } catch (error) {
      throw asUnavailable(error);
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.signals.close();
    await this.#writer.close();
    await this.#pool.end();
  }

  async #connect(more: pg.ClientConfig & { pipeline?: boolean }): Promise<pg.Client> {
    const client = new pg.Client({ ...this.#config, ...more });
    client.on("error", () => {}); // told to whoever uses it then
    await client.connect();
    return client;
  }

  /** Once more when the connection had been lost: a read may be repeated, and the pool has another connection. */
  async #select(query: pg.QueryConfig): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(query)).rows;
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      return (await this.#pool.query<Row>(query)).rows;
    }
  }
}

function closed(): StoreUnavailable {
  return new StoreUnavailable("The store is closed.");
}
