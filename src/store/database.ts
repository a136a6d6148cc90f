/** A value that both SQL engines store alike. JSON goes in as text. */
export type SqlValue = string | number | null;

export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export type Row = Record<string, SqlValue>;

export interface Written {
  /** How many rows the statement changed. */
  readonly changes: number;
  /** What its RETURNING clause gave. */
  readonly rows: readonly Row[];
}

/** A SQL engine: SQLite in the data directory, or (later) PostgreSQL. The statements are the same text for both. */
export interface Database {
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
  close(): Promise<void>;
}

export function statement(sql: string, ...values: SqlValue[]): Statement {
  return { sql, values };
}
