import type { StatementSync } from "node:sqlite";
import { DatabaseSync } from "node:sqlite";
import { StoreDamaged, StoreUnavailable } from "../../ports/store.ts";
import type { StoreCare, Tended } from "../../ports/store-care.ts";
import { giveBackPages } from "./care.ts";
import { copySqlite } from "./online-copy.ts";
import type { CopyWatch, Database, Row, SqlValue, Statement, Written } from "../database.ts";
import { SQLITE } from "./dialect.ts";
import { asUnavailable, DAMAGED, isBusy } from "./failure.ts";
import { crashPoint } from "../../ports/crash-points.ts";

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

/** Both bound how long one commit can hold the event loop: an event of a log, say, costs more than its share of a statement. */
const MAX_WRITES_PER_COMMIT = 2_000;
const MAX_CHARACTERS_PER_COMMIT = 2 * 2 ** 20;

/** What the log takes of the disk when all of it is in the database: what is copied at a time. */
const MAX_IDLE_LOG_BYTES = 32 * 2 ** 20;

/**
 * SQLite in one file, for one process: the exclusive lock is the operating system's, so a killed server leaves none behind. Writes that come in
 * during one turn of the event loop share one synced commit (group commit).
 */
export class SqliteDatabase implements Database, StoreCare {
  readonly dialect = SQLITE;
  readonly care: StoreCare = this;
  readonly #sqlite: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  #pending: PendingWrite[] = [];
  #isClosed = false;
  #commits = 0;
  #commitsAtLastStep = 0;

  constructor(path: string) {
    this.#sqlite = new DatabaseSync(path);
    try {
      this.#sqlite.exec("PRAGMA locking_mode = EXCLUSIVE");
      // Of a new database only: what is removed can be given back to the disk, a few pages at a time.
      this.#sqlite.exec("PRAGMA auto_vacuum = INCREMENTAL");
      this.#sqlite.exec("PRAGMA journal_mode = WAL");
      this.#sqlite.exec("PRAGMA synchronous = FULL");
      this.#sqlite.exec("PRAGMA cache_size = -32000");
      // Under load a smaller log would be copied into the database several times a second, with a sync each.
      this.#sqlite.exec("PRAGMA wal_autocheckpoint = 8000");
      // After a step of the schema it is as large as what that wrote: it does not stay so.
      this.#sqlite.exec(`PRAGMA journal_size_limit = ${MAX_IDLE_LOG_BYTES}`);
      this.#sqlite.exec("BEGIN IMMEDIATE; COMMIT");
    } catch (error) {
      this.#sqlite.close();
      throw isBusy(error) ? new DatabaseInUse(`${path} is in use`, { cause: error }) : asUnavailable(error);
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

  /** Nobody else writes, and what this process writes meanwhile is seen. */
  snapshot<T>(use: (read: Database["read"]) => Promise<T>): Promise<T> {
    return use((sql, values) => this.read(sql, values));
  }

  giveBack(): Promise<Tended> {
    if (this.#isClosed) return Promise.reject(closed());
    const tended = giveBackPages(this.#sqlite);
    const isBusy = this.#commits > this.#commitsAtLastStep;
    this.#commitsAtLastStep = this.#commits;
    return Promise.resolve(isBusy && tended === "more" ? "busy" : tended);
  }

  copyBytes(): Promise<number> {
    const { bytes } = this.#sqlite
      .prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
      .get()!;
    return Promise.resolve(Number(bytes));
  }

  /** Writes all that is in the log into the database, and has no log from now on. For who closes it next. */
  intoOneFile(): void {
    this.#sqlite.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#sqlite.exec("PRAGMA journal_mode = DELETE");
  }

  copyTo(path: string, watch: CopyWatch): Promise<void> {
    return this.#isClosed ? Promise.reject(closed()) : copySqlite(this.#sqlite, path, watch);
  }

  /** Looks at every page, and at every entry of each index. Throws StoreDamaged when they do not fit together. Takes some 7 ms for each MB. */
  checkAll(): void {
    try {
      const [first] = this.#sqlite.prepare("PRAGMA integrity_check(1)").all() as Row[];
      if (first?.["integrity_check"] !== "ok")
        throw new StoreDamaged(DAMAGED, { cause: String(first?.["integrity_check"]) });
    } catch (error) {
      throw asUnavailable(error);
    }
  }

  close(): Promise<void> {
    while (this.#pending.length > 0) this.#flush();
    if (!this.#isClosed) this.#sqlite.close();
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** One commit for everything that waits. A write that fails is taken back alone; a commit that fails fails them all. */
  #flush(): void {
    const group = this.#pending.splice(0, sizeOfGroup(this.#pending));
    if (group.length === 0) return;
    for (const settle of this.#commit(group)) settle();
    if (this.#pending.length > 0) setImmediate(() => this.#flush());
  }

  #commit(group: readonly PendingWrite[]): (() => void)[] {
    try {
      crashPoint("store.begin");
      this.#sqlite.exec("BEGIN IMMEDIATE");
      const settle = this.#applyAll(group);
      crashPoint("store.commit");
      this.#sqlite.exec("COMMIT");
      crashPoint("store.committed");
      this.#commits += 1;
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

/** How many of the first writes go into one commit: at least one. */
function sizeOfGroup(pending: readonly PendingWrite[]): number {
  let characters = 0;
  let count = 0;
  while (count < Math.min(pending.length, MAX_WRITES_PER_COMMIT) && characters < MAX_CHARACTERS_PER_COMMIT) {
    for (const { values } of pending[count]!.statements)
      for (const value of values) if (typeof value === "string") characters += value.length;
    count += 1;
  }
  return count;
}

function closed(): StoreUnavailable {
  return new StoreUnavailable("The store is closed.");
}
