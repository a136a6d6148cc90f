import { randomUUID } from "node:crypto";
import { closeSync, openSync, readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { BackupNote, BackupPart, Backups, WantedBackup } from "../../ports/backups.ts";
import { BackupRefused, LOG_FILE, STORE_FILE } from "../../ports/backups.ts";
import type { Clock } from "../../ports/clock.ts";
import { sealBackup } from "../../store/copies/backup-file.ts";
import type { CopyWatch, Database } from "../../store/database.ts";
import { copyStore } from "../../store/copies/copy.ts";
import { SqliteDatabase } from "../../store/sqlite/database.ts";
import { fileParts, lineOf } from "./backup-parts.ts";
import { VERSION } from "../version.ts";

export interface BackupSource {
  readonly dataDir: string;
  readonly clock: Pick<Clock, "now">;
  /** Of the key file beside the store. */
  readonly keyFingerprint: string;
  readonly database: Database;
}

/** The store's copy on its way lies in the data directory under such a name. */
const DRAFT = /^backup-[0-9a-f-]+\.draft$/;
/** Of several servers with one data directory, another one may be writing it. */
const ABANDONED_AFTER_MS = 3_600_000;
/** Left free beside a copy. */
const SPARE_BYTES = 64 * 2 ** 20;

/** Makes one SQLite file of the store, whatever engine it is in, which says what it is. Synced. */
export async function makeCopy(source: BackupSource, path: string, watch: CopyWatch): Promise<BackupNote> {
  const { database, clock, keyFingerprint } = source;
  if (database.copyTo === undefined) await copyRows(database, path, clock.now(), watch);
  else await database.copyTo(path, watch);
  const note = { madeAt: clock.now(), version: VERSION, keyFingerprint };
  sealBackup(path, note);
  return note;
}

/** As it is at one moment, row by row. How many there are, nobody knows before. */
async function copyRows(database: Database, path: string, now: number, { progress }: CopyWatch): Promise<void> {
  closeSync(openSync(path, "wx", 0o600));
  const copy = new SqliteDatabase(path);
  const copied = new Map<string, number>();
  try {
    await copyStore(database, copy, now, (table, rows) => {
      copied.set(table, rows);
      progress(
        [...copied.values()].reduce((sum, count) => sum + count, 0),
        0,
      );
    });
  } finally {
    await copy.close();
  }
}

/** Log files as parts of a backup are named, below a data directory. */
export async function logFilesOf(dataDir: string): Promise<string[]> {
  const names = await readdir(join(dataDir, "logs"), { recursive: true }).catch(() => []);
  return names.map((name) => `logs/${name.replaceAll("\\", "/")}`).filter((name) => LOG_FILE.test(name));
}

/** What a server that was killed has left. */
function removeAbandoned({ dataDir, database, clock }: BackupSource): void {
  const isAlone = database.signals === undefined;
  for (const name of readdirSync(dataDir)) {
    if (!DRAFT.test(name)) continue;
    const path = join(dataDir, name);
    const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (isAlone || clock.now() - changedAt > ABANDONED_AFTER_MS) rmSync(path, { force: true });
  }
}

export class ServerBackups implements Backups {
  readonly #source: BackupSource;
  #current: { readonly over: Promise<void>; cancel(): void } | undefined;
  #isClosed = false;

  constructor(source: BackupSource) {
    this.#source = source;
    removeAbandoned(source);
  }

  async begin(wanted: WantedBackup): Promise<AsyncIterable<Buffer>> {
    this.#checkFree();
    await this.#checkRoom();
    return { [Symbol.asyncIterator]: () => this.#stream(wanted) };
  }

  /** Ends the backup that is being made, if any: it is not whole. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#current?.cancel();
    await this.#current?.over;
  }

  /** Nothing is claimed before somebody reads. Whether the parts are read to the end or not, the draft goes. */
  async *#stream(wanted: WantedBackup): AsyncGenerator<Buffer> {
    this.#checkFree();
    const over = Promise.withResolvers<void>();
    const cancelled = new AbortController();
    this.#current = { over: over.promise, cancel: () => cancelled.abort() };
    const draft = join(this.#source.dataDir, `backup-${randomUUID()}.draft`);
    try {
      yield* partsOf(this.#source, wanted, draft, cancelled.signal);
    } catch (error) {
      const message = error instanceof Cancelled ? "The server is stopping." : messageOf(error);
      yield lineOf({ kind: "failed", message });
    } finally {
      rmSync(draft, { force: true });
      this.#current = undefined;
      over.resolve();
    }
  }

  #checkFree(): void {
    if (this.#current === undefined && !this.#isClosed) return;
    throw new BackupRefused("busy", "A backup is being made already. Wait until it is done.");
  }

  async #checkRoom(): Promise<void> {
    const needed = ((await this.#source.database.copyBytes?.()) ?? 0) + SPARE_BYTES;
    const { bavail, bsize } = statfsSync(this.#source.dataDir);
    const free = bavail * bsize;
    if (free >= needed) return;
    const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
    const message = `The disk of the data directory has ${mib(free)} free, and a copy of the store takes ${mib(needed)} for as long as the backup is made. Free some space.`;
    throw new BackupRefused("no-room", message);
  }
}

class Cancelled extends Error {}

async function* partsOf(
  source: BackupSource,
  { logs }: WantedBackup,
  draft: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const copying = new Copying(source, draft, signal);
  try {
    for await (const part of copying.progress()) yield lineOf(part);
  } finally {
    await copying.stop();
  }
  const note = await copying.done;
  const files = [{ path: draft, name: STORE_FILE }];
  if (logs) {
    for (const name of await logFilesOf(source.dataDir)) files.push({ path: join(source.dataDir, name), name });
  }
  for (const { path, name } of files) {
    for await (const bytes of fileParts(path, name)) {
      if (signal.aborted) throw new Cancelled();
      yield bytes;
    }
  }
  yield lineOf({ kind: "done", note });
}

type Progress = Extract<BackupPart, { kind: "progress" }>;

/** The copying of the store, with what there is to tell of it whenever somebody asks. */
class Copying {
  readonly done: Promise<BackupNote>;
  #latest: Progress | undefined;
  #isOver = false;
  #isStopped = false;
  #wake: () => void = () => {};

  constructor(source: BackupSource, draft: string, signal: AbortSignal) {
    const progress = (copied: number, total: number): void => {
      if (this.#isStopped || signal.aborted) throw new Cancelled();
      this.#latest = { kind: "progress", copied, total };
      this.#wake();
    };
    this.done = makeCopy(source, draft, { progress });
    this.done
      .catch(() => {}) // heard by who waits for `done`
      .finally(() => {
        this.#isOver = true;
        this.#wake();
      });
  }

  /** As fast as it is read, at most. */
  async *progress(): AsyncGenerator<Progress> {
    while (!this.#isOver) {
      const latest = this.#latest;
      this.#latest = undefined;
      if (latest === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else yield latest;
    }
  }

  /** Resolves when nothing writes to the draft any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.done.catch(() => {});
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
