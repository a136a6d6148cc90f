import type { StoreCare } from "../ports/store-care.ts";

/** A value that both SQL engines store alike. JSON goes in as text. */
export type SqlValue = string | number | null;

export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /**
   * It inserts what no other statement of a commit reads, and reads nothing that they write: where that saves time, all such statements are sent behind
   * the others, in their own order.
   */
  readonly goesToTheEnd?: true;
}

export type Row = Record<string, SqlValue>;

export interface Written {
  /** How many rows the statement changed. */
  readonly changes: number;
  /** What its RETURNING clause gave. */
  readonly rows: readonly Row[];
}

/** A SQL engine: SQLite in the data directory, or PostgreSQL. The statements are the same text for both. */
export interface Database {
  readonly dialect: Dialect;
  /** Between all servers that use this database; absent where there can be only one. */
  readonly signals?: Signals;
  /** Sees everything that was acknowledged. */
  read(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /**
   * Runs the statements in one transaction, all or nothing, and resolves when it is durable. Concurrent writes share a commit.
   * `unless` rejects with the error it returns, from the statements' results, and nothing is done.
   */
  write(
    statements: readonly Statement[],
    unless?: (written: readonly Written[]) => Error | undefined,
  ): Promise<readonly Written[]>;
  /** Reads that all see the database as it is at one moment, however long they take. */
  snapshot<T>(use: (read: Database["read"]) => Promise<T>): Promise<T>;
  /** Absent where the engine looks after itself. */
  readonly care?: StoreCare;
  /** A copy of all that was acknowledged before it began, in a SQLite file that is not there yet, beside reads and writes that go on. */
  copyTo?(path: string, watch: CopyWatch): Promise<void>;
  /** About what such a copy takes of the disk. */
  copyBytes?(): Promise<number>;
  close(): Promise<void>;
}

export interface CopyWatch {
  /** Called between steps. What it throws ends the copying. */
  progress(copied: number, total: number): void;
}

/** What the engines do not have in common. */
export interface Dialect {
  readonly engine: "SQLite" | "PostgreSQL";
  /** What has to be there before the first step of the schema. */
  readonly groundwork: readonly string[];
  /** After very many rows were written at once. */
  readonly afterLoad: readonly string[];
  /** A step of the schema in this engine's words. */
  schemaStep(sql: string): string;
  /** Selects, as `last`, the highest number that a table with numbered rows has given to one, also to one that is gone. */
  lastNumber(table: NumberedTable): Statement;
  /** The table's next row gets a higher number than this one. */
  goOnBehind(table: NumberedTable, last: number): readonly Statement[];
}

/** A table whose rows are numbered by the engine. */
export interface NumberedTable {
  readonly name: string;
  readonly column: string;
}

/** That something has changed, told to every server that uses the database, this one among them. */
export interface Signals {
  /** Part of a write: it is told when that is durable, and never before. */
  statement(topic: Topic): Statement;
  /**
   * Called with each topic that is told from now on, with "lost" while they cannot be heard, and with "reconnected" when they can be heard
   * again, for the first time too. Returns how to stop that.
   */
  listen(listener: (news: Topic | "lost" | "reconnected") => void): () => void;
}

/** Of jobs and stop requests, resources, definitions, access keys, hosts, who leads, and the event log. */
export const TOPICS = ["jobs", "resources", "definitions", "keys", "hosts", "leader", "events"] as const;
export type Topic = (typeof TOPICS)[number];

/** The statements that make a write tell of itself: none where there is nobody to tell. */
export function telling({ signals }: Database, topic: Topic): Statement[] {
  return signals === undefined ? [] : [signals.statement(topic)];
}

export function statement(sql: string, ...values: SqlValue[]): Statement {
  return { sql, values };
}
