import type { StatementSync } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { StoreUnavailable } from "../ports/store.ts";
import type { Database, Row, SqlValue, Statement, Written } from "./database.ts";

/** Another process has this database open. */
export class DatabaseInUse extends Error {
  override readonly name = "DatabaseInUse";
}

interface PendingWrite {
  readonly statements: readonly Statement[];
  readonly unless: ((written: readonly Written[]) => Error | undefined) | undefined;
  resolve(written: readonly Written[]): void;
  reject(error: unknown): void;
}

/** Bounds how long one commit can hold the event loop. */
const MAX_WRITES_PER_COMMIT = 2_000;

/**
 * SQLite in one file, for one process: the exclusive lock is the operating system's, so a killed server leaves none behind. Writes that come in
 * during one turn of the event loop share one synced commit (group commit).
 */
export class SqliteDatabase implements Database {
  readonly #sqlite: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  #pending: PendingWrite[] = [];
  #isClosed = false;

  constructor(path: string) {
    this.#sqlite = new DatabaseSync(path);
    try {
      this.#sqlite.exec("PRAGMA locking_mode = EXCLUSIVE");
      this.#sqlite.exec("PRAGMA journal_mode = WAL");
      this.#sqlite.exec("PRAGMA synchronous = FULL");
      this.#sqlite.exec("PRAGMA cache_size = -32000");
      // Under load a smaller log would be copied into the database several times a second, with a sync each.
      this.#sqlite.exec("PRAGMA wal_autocheckpoint = 8000");
      this.#sqlite.exec("BEGIN IMMEDIATE; COMMIT");
    } catch (error) {
      this.#sqlite.close();
      throw isBusy(error) ? new DatabaseInUse(`${path} is in use`, { cause: error }) : error;
    }
  }

  read(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    if (this.#isClosed) return Promise.reject(closed());
    try {
      return Promise.resolve(this.#prepare(sql).all(...values) as Row[]);
    } catch (error) {
      return Promise.reject(asUnavailable(error));
    }
  }

  write(
    statements: readonly Statement[],
    unless?: (written: readonly Written[]) => Error | undefined,
  ): Promise<readonly Written[]> {
    if (this.#isClosed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#pending.push({ statements, unless, resolve, reject });
      // Two turns of the event loop: what the first one brings in joins the group, which saves a third of the commits under load.
      if (this.#pending.length === 1) setImmediate(() => setImmediate(() => this.#flush()));
    });
  }

  close(): Promise<void> {
    while (this.#pending.length > 0) this.#flush();
    if (!this.#isClosed) this.#sqlite.close();
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** One commit for everything that waits. A write that fails is taken back alone; a commit that fails fails them all. */
  #flush(): void {
    const group = this.#pending.splice(0, MAX_WRITES_PER_COMMIT);
    if (group.length === 0) return;
    for (const settle of this.#commit(group)) settle();
    if (this.#pending.length > 0) setImmediate(() => this.#flush());
  }

  #commit(group: readonly PendingWrite[]): (() => void)[] {
    try {
      this.#sqlite.exec("BEGIN IMMEDIATE");
      const settle = this.#applyAll(group);
      this.#sqlite.exec("COMMIT");
      return settle;
    } catch (error) {
      this.#rollBack();
      const unavailable = asUnavailable(error);
      return group.map((write) => () => write.reject(unavailable));
    }
  }

  /**
   * Without savepoints first, because SQLite copies each page that changes within one. Only when a write fails is everything taken back and
   * done again, each write in a savepoint of its own.
   */
  #applyAll(group: readonly PendingWrite[]): (() => void)[] {
    try {
      return group.map((write) => this.#apply(write));
    } catch {
      this.#rollBack();
      this.#sqlite.exec("BEGIN IMMEDIATE");
      return group.map((write) => this.#applyAlone(write));
    }
  }

  #apply(write: PendingWrite): () => void {
    const written = write.statements.map(({ sql, values }) => this.#run(sql, values));
    const refusal = write.unless?.(written);
    if (refusal !== undefined) throw refusal;
    return () => write.resolve(written);
  }

  #applyAlone(write: PendingWrite): () => void {
    this.#sqlite.exec("SAVEPOINT one");
    try {
      const settle = this.#apply(write);
      this.#sqlite.exec("RELEASE one");
      return settle;
    } catch (error) {
      if (!this.#sqlite.isTransaction) throw error; // SQLite has rolled the whole transaction back: a full disk, an I/O error
      this.#sqlite.exec("ROLLBACK TO one; RELEASE one");
      return () => write.reject(asUnavailable(error));
    }
  }

  #run(sql: string, values: readonly SqlValue[]): Written {
    const prepared = this.#prepare(sql);
    if (sql.includes("RETURNING")) {
      const rows = prepared.all(...values) as Row[];
      return { changes: rows.length, rows };
    }
    return { changes: Number(prepared.run(...values).changes), rows: [] };
  }

  #rollBack(): void {
    if (this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK");
  }

  #prepare(sql: string): StatementSync {
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) this.#prepared.set(sql, (prepared = this.#sqlite.prepare(sql)));
    return prepared;
  }
}

function closed(): StoreUnavailable {
  return new StoreUnavailable("The store is closed.");
}

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

const EXPLANATIONS: ReadonlyMap<number, string> = new Map([
  [SQLITE_READONLY, "The data directory cannot be written: check its owner and permissions."],
  [SQLITE_IOERR, "Reading or writing the data directory failed: check the disk. Nothing of this request was kept."],
  [SQLITE_CORRUPT, "The database in the data directory is damaged: restore it from a backup."],
  [
    SQLITE_FULL,
    "The disk of the data directory is full: free some space and try again. Nothing of this request was kept.",
  ],
  [
    SQLITE_NOTADB,
    "The database file in the data directory is not a database: restore it, or name another data directory.",
  ],
]);

function primaryCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

/** The operating errors as such; everything else is a mistake of ours and stays what it is. */
function asUnavailable(error: unknown): unknown {
  const explanation = EXPLANATIONS.get(primaryCode(error) ?? -1);
  return explanation === undefined ? error : new StoreUnavailable(explanation, { cause: error });
}
