import pg from "pg";
import { StoreUnavailable } from "../../ports/store.ts";
import { crashPoint } from "../../ports/crash-points.ts";
import type { Row, Statement, Written } from "../database.ts";
import type { Batch } from "./batches.ts";
import { batchesOf, inOrderOfSending, inOrderOfWriting, resultsOf } from "./batches.ts";
import { StatementNames } from "./connection.ts";
import { numbered } from "./dialect.ts";
import { asUnavailable, isConnectionError } from "./failure.ts";
import { storedValue } from "./text.ts";

export interface PendingWrite {
  readonly statements: readonly Statement[];
  readonly unless: ((written: readonly Written[]) => Error | undefined) | undefined;
  resolve(written: readonly Written[]): void;
  reject(error: unknown): void;
}

export interface WriterOptions {
  /** A new connection, pipelined. */
  connect(): Promise<pg.Client>;
  pause(delayMs: number): Promise<void>;
}

/** How a write ended, to be told when the commit is over. */
type Settle = () => void;

/** Bounds how long one commit takes, and keeps others from writing. */
const MAX_WRITES_PER_COMMIT = 1_000;
/** All servers' writes take this lock first: so there is one order of commits, in which jobs have their numbers. */
const LOCK = `SELECT pg_advisory_xact_lock(hashtext('longshore writes'))`;
/** Names the transaction, so that its outcome can be asked for when the connection breaks during the commit. */
const IDENTIFY = `SELECT pg_current_xact_id_if_assigned()::text AS id, pg_postmaster_start_time()::text AS "startedAt"`;
const OUTCOME = `SELECT pg_xact_status($1::xid8) AS outcome, pg_postmaster_start_time()::text AS "startedAt"`;
/** "transaction ID ... is in the future". */
const NOT_YET_GIVEN = "22023";
/** As often as the outcome of a commit is asked for, by a new connection each time. */
const OUTCOME_TRIES = 6;
const OUTCOME_PAUSE_MS = 500;

/**
 * One connection that writes, one commit at a time: writes that come in while one is under way share the next (group commit). The statements of a
 * commit are sent together, without waiting for each other's answers.
 */
export class GroupWriter {
  readonly #options: WriterOptions;
  #session: Session | undefined;
  #pending: PendingWrite[] = [];
  #running: Promise<void> | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  write(write: PendingWrite): void {
    this.#pending.push(write);
    this.#running ??= this.#run();
  }

  /** Finishes what was accepted. */
  async close(): Promise<void> {
    await this.#running;
    this.#drop();
  }

  async #run(): Promise<void> {
    // What this turn of the event loop brings in, and the next, shares the first commit.
    await new Promise<void>((resolve) => void setImmediate(() => setImmediate(resolve)));
    while (this.#pending.length > 0) {
      const settles = await this.#commit(this.#pending.splice(0, MAX_WRITES_PER_COMMIT));
      for (const settle of settles) settle();
    }
    this.#running = undefined;
  }

  /** A write that fails is taken back alone; a commit that fails fails them all. */
  async #commit(group: readonly PendingWrite[]): Promise<Settle[]> {
    const rejected = (error: unknown): Settle[] => group.map((write) => () => write.reject(error));
    try {
      const session = await this.#connected();
      crashPoint("postgres.begin");
      const { settles, transaction } = await session.apply(group);
      if (transaction === "nothing") return settles;
      return (await this.#end(session, transaction)) === "committed"
        ? settles
        : rejected(new StoreUnavailable(NOT_KEPT));
    } catch (error) {
      // In the middle of whatever it was.
      this.#drop();
      return rejected(asUnavailable(error));
    }
  }

  /** Commits. When the connection breaks meanwhile, PostgreSQL is asked what became of it. Rejects when it cannot be known. */
  async #end(session: Session, transaction: Transaction | null): Promise<"committed" | "aborted"> {
    try {
      crashPoint("postgres.commit");
      await session.commit();
      crashPoint("postgres.committed");
      return "committed";
    } catch (error) {
      this.#drop();
      // A transaction that has written nothing has no name, and nothing to lose.
      if (transaction === null || !isConnectionError(error)) throw error;
      return this.#outcomeOf(transaction);
    }
  }

  async #outcomeOf(transaction: Transaction): Promise<"committed" | "aborted"> {
    for (let tries = 0; tries < OUTCOME_TRIES; tries += 1) {
      if (tries > 0) await this.#options.pause(OUTCOME_PAUSE_MS);
      try {
        const outcome = await (await this.#connected()).outcomeOf(transaction);
        if (outcome === "committed" || outcome === "aborted") return outcome;
        if (outcome === "unknown") break;
      } catch (error) {
        if (!isConnectionError(error)) throw error;
        this.#drop();
      }
    }
    throw new StoreUnavailable(
      "The connection to PostgreSQL broke during a commit, and whether that was done is not known.",
    );
  }

  async #connected(): Promise<Session> {
    if (this.#session?.isUsable !== true) this.#session = new Session(await this.#options.connect());
    return this.#session;
  }

  #drop(): void {
    this.#session?.end();
    this.#session = undefined;
  }
}

const NOT_KEPT = "The connection to PostgreSQL broke during a commit. Nothing of this request was kept: try again.";

interface Applied {
  readonly settles: Settle[];
  /** That which is to be committed: null when it has written nothing; "nothing" when there is none. */
  readonly transaction: Transaction | null | "nothing";
}

interface Transaction {
  /** Unique as long as PostgreSQL runs. */
  readonly id: string;
  /** When that began to run. */
  readonly startedAt: string;
}

/** What became of a transaction whose connection broke. */
type Outcome = "committed" | "aborted" | "in progress" | "unknown";

/** One connection. */
class Session {
  readonly #client: pg.Client;
  readonly #names = new StatementNames();
  isUsable = true;

  constructor(client: pg.Client) {
    this.#client = client;
    const lost = (): void => {
      this.isUsable = false;
    };
    client.on("error", lost);
    client.on("end", lost);
  }

  /**
   * Everything but the commit. All at once first; only when a write fails is everything taken back and done again, each write behind a
   * savepoint of its own.
   */
  async apply(group: readonly PendingWrite[]): Promise<Applied> {
    const begun = this.#begin();
    const sent = this.#send(group);
    // Where the beginning fails, that is told, and not what follows from it.
    for (const one of sent.flat()) one.catch(() => {});
    const transaction = this.#transaction();
    await begun;
    const ended = await Promise.all(sent.map((one, index) => outcome(group[index]!, one)));
    const name = await transaction;
    if (ended.every(({ error }) => error === undefined)) {
      if (name instanceof Error) throw name;
      return { settles: ended.map(({ settle }) => settle), transaction: name };
    }
    await this.#client.query("ROLLBACK");
    if (group.length === 1) return { settles: ended.map(({ settle }) => settle), transaction: "nothing" };
    return this.#applyEachAlone(group);
  }

  async commit(): Promise<void> {
    const committed = this.#client.query("COMMIT");
    crashPoint("postgres.committing");
    await committed;
  }

  async outcomeOf({ id, startedAt }: Transaction): Promise<Outcome> {
    try {
      const { rows } = await this.#client.query<{ outcome: Outcome | null; startedAt: string }>(OUTCOME, [id]);
      const { outcome, startedAt: since } = rows[0]!;
      if (since === startedAt) return outcome ?? "unknown";
      // PostgreSQL that was killed may have lost all trace of it, and have given its id to another one since.
      return outcome === "committed" || outcome === null ? "unknown" : "aborted";
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === NOT_YET_GIVEN) return "aborted";
      throw error;
    }
  }

  end(): void {
    this.isUsable = false;
    void this.#client.end().catch(() => {});
  }

  async #applyEachAlone(group: readonly PendingWrite[]): Promise<Applied> {
    await this.#begin();
    const settles: Settle[] = [];
    for (const write of group) {
      const saved = this.#client.query("SAVEPOINT one");
      const [sent] = this.#send([write]);
      await saved;
      const { settle, error } = await outcome(write, sent!);
      if (error !== undefined && isConnectionError(error)) throw error;
      await this.#client.query(error === undefined ? "RELEASE SAVEPOINT one" : "ROLLBACK TO SAVEPOINT one");
      settles.push(settle);
    }
    const transaction = await this.#transaction();
    if (transaction instanceof Error) throw transaction;
    return { settles, transaction };
  }

  async #begin(): Promise<void> {
    const begun = [this.#client.query("BEGIN"), this.#client.query(LOCK)];
    for (const one of begun) one.catch(() => {});
    await Promise.all(begun);
  }

  /** What it is, null when it has written nothing; or why it has failed. */
  #transaction(): Promise<Transaction | null | Error> {
    return this.#client.query<{ id: string | null; startedAt: string }>(IDENTIFY).then(
      ({ rows }) => {
        const { id, startedAt } = rows[0]!;
        return id === null ? null : { id, startedAt };
      },
      (error: Error) => error,
    );
  }

  /** The results of each write's statements. */
  #send(writes: readonly PendingWrite[]): Promise<Written>[][] {
    const statements = writes.flatMap((write) => write.statements);
    const sent = batchesOf(inOrderOfSending(statements)).flatMap((batch) => {
      const written = this.#run(batch);
      return Array.from({ length: batch.count }, async (_, index) => resultsOf(batch, await written)[index]!);
    });
    const results = inOrderOfWriting(statements, sent);
    let from = 0;
    return writes.map((write) => results.slice(from, (from += write.statements.length)));
  }

  async #run({ sql, values }: Batch): Promise<Written> {
    const { rows, rowCount } = await this.#client.query<Row>({
      name: this.#names.of(sql),
      text: numbered(sql),
      values: values.map(storedValue),
    });
    return { changes: rowCount ?? 0, rows };
  }
}

/** What becomes of a write by its statements' results. The first error counts: behind it PostgreSQL refuses everything. */
async function outcome(
  write: PendingWrite,
  sent: readonly Promise<Written>[],
): Promise<{ readonly settle: Settle; readonly error?: Error }> {
  const results = await Promise.allSettled(sent);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    const error = failed.reason as Error;
    return { settle: () => write.reject(asUnavailable(error)), error };
  }
  const written = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const refusal = write.unless?.(written);
  if (refusal !== undefined) return { settle: () => write.reject(refusal), error: refusal };
  return { settle: () => write.resolve(written) };
}
