import pg from "pg";
import type { Clock } from "../../ports/clock.ts";
import { SCHEMA } from "./functions.ts";
import { fromStored } from "./text.ts";

export interface PostgresOptions {
  /** `postgres://user@host:port/database?sslmode=verify-full`, as libpq has it. */
  readonly url: string;
  /** Connections that read. */
  readonly readers?: number;
  /** A statement that takes longer is given up, ms. */
  readonly statementTimeoutMs?: number;
  readonly clock: Clock;
  onError(what: string, error: unknown): void;
}

const STATEMENT_TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A server that is frozen in the middle of a transaction keeps the others waiting so long. */
const IDLE_IN_TRANSACTION_MS = 1_500;
/** Whoever does not answer for so much longer than a statement may take is not there any more. */
const ANSWER_GRACE_MS = 2_000;

const INT8 = 20;
const NUMERIC = 1700;
const TEXTS = [25, 1043, 19];

/** What every connection of this server is like. */
export function connectionConfig({
  url,
  statementTimeoutMs = STATEMENT_TIMEOUT_MS,
}: PostgresOptions): pg.ClientConfig & { pipeline?: boolean } {
  return {
    connectionString: url,
    application_name: "longshore",
    keepAlive: true,
    keepAliveInitialDelayMillis: 1_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    options: `-c search_path=${SCHEMA},pg_catalog -c synchronous_commit=on -c standard_conforming_strings=on -c timezone=UTC`,
    types: { getTypeParser },
  };
}

const parsers = new Map<number, (text: string) => unknown>([
  [INT8, Number],
  [NUMERIC, Number],
  ...TEXTS.map((oid) => [oid, fromStored] as const),
]);

function getTypeParser(oid: number, format?: "text" | "binary"): (text: string) => unknown {
  return parsers.get(oid) ?? pg.types.getTypeParser(oid, format);
}

/** The same name for the same text: a connection parses it once. */
export class StatementNames {
  readonly #names = new Map<string, string>();

  of(sql: string): string {
    let name = this.#names.get(sql);
    if (name === undefined) this.#names.set(sql, (name = `s${this.#names.size}`));
    return name;
  }
}
