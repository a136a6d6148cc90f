import { randomUUID } from "node:crypto";
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { attemptTraces } from "./attempt-traces.ts";
import { STORE_FILE } from "../../ports/backups.ts";
import type { Clock } from "../../ports/clock.ts";
import type { BackupContents } from "../../store/copies/backup-file.ts";
import { checkBackup as checkFile, UnusableBackup } from "../../store/copies/backup-file.ts";
import { migrate } from "../../store/migrations.ts";
import type { RestoredStore } from "../../store/copies/restored.ts";
import { adaptRestored } from "../../store/copies/restored.ts";
import { SqliteDatabase } from "../../store/sqlite/database.ts";
import { prepareDataDirectory } from "../data-directory.ts";
import { sha256Of } from "./offline-backup.ts";
import { EmptyDatabase } from "./restored-database.ts";
import { putInPlace, StoreToReplace } from "./replaced-store.ts";
import { syncPath } from "../sync-path.ts";
import { readSecrets, SECRET_FILE } from "../secrets.ts";

export { UnusableBackup };

export interface RestoreRequest {
  /** A backup's file, or its directory. */
  readonly backup: string;
  readonly dataDir: string;
  /** Of an empty PostgreSQL database that is to be the store; by default it is in the data directory. */
  readonly databaseUrl?: string | undefined;
  readonly clock: Clock;
  /** What becomes of jobs that have not started. */
  readonly waiting: "run" | "fail";
  /** The server that was backed up is gone for good: what it started elsewhere belongs to the restored one. */
  readonly takesOver: boolean;
}

export interface RestoreReport extends RestoredStore {
  readonly contents: BackupContents;
  /** What was there before, under its new name. */
  readonly kept: readonly string[];
  /** The restored store is the one that was backed up, and finds again what that one has started. */
  readonly isSameCluster: boolean;
  readonly hasKey: boolean;
}

/** @throws UnusableBackup */
export function checkBackup(path: string): BackupContents & { readonly bytes: number } {
  return { ...checkFile(path), bytes: statSync(path).size };
}

/**
 * Puts a backup in the place of a data directory's store. At any instant there is the old store or the restored one, whole; the old one is
 * kept under another name.
 *
 * @throws UnusableBackup, StartError when a server runs there.
 */
export async function restoreBackup(request: RestoreRequest): Promise<RestoreReport> {
  const { dataDir, clock } = request;
  const files = filesOf(request.backup);
  await checkChecksum(files.store);
  const contents = checkBackup(files.store);
  prepareDataDirectory(dataDir);
  const place =
    request.databaseUrl === undefined
      ? await StoreToReplace.open(dataDir)
      : await EmptyDatabase.open(request.databaseUrl, clock);
  try {
    const suffix = `.before-restore-${clock.now()}`;
    const keys = keysFor(dataDir, files.key, contents);
    const isSameCluster = request.takesOver || keys.isSame;
    const draft = join(dataDir, "longshore.db.restoring");
    for (const path of [draft, `${draft}-wal`]) rmSync(path, { force: true });
    copyFileSync(files.store, draft);
    if (files.logs !== undefined) cpSync(files.logs, join(dataDir, "logs"), { recursive: true, force: false });
    const { era } = place;
    const restored = await adapt(draft, request, contents, { isSameCluster, hasKey: keys.isThere, era });
    const kept = [
      ...(keys.comes ? replace(files.key!, join(dataDir, SECRET_FILE), suffix) : []),
      ...(await place.take(draft, suffix)),
    ];
    if (request.databaseUrl === undefined) rmSync(join(dataDir, "server.json"), { force: true });
    return { contents, ...restored, kept, isSameCluster, hasKey: keys.isThere };
  } finally {
    await place.close();
  }
}

function filesOf(backup: string): { readonly store: string; readonly key?: string; readonly logs?: string } {
  const isDirectory = statSync(backup, { throwIfNoEntry: false })?.isDirectory();
  if (isDirectory === undefined) throw new UnusableBackup(`There is no backup ${backup}.`);
  if (!isDirectory) return { store: backup };
  const [store, key, logs] = [STORE_FILE, SECRET_FILE, "logs"].map((name) => join(backup, name)) as [
    string,
    string,
    string,
  ];
  if (!existsSync(store)) throw new UnusableBackup(`${backup} has no ${STORE_FILE}: it is no backup of Longshore.`);
  return { store, ...(existsSync(key) && { key }), ...(existsSync(logs) && { logs }) };
}

/** That of the moment when the backup was made, where it is still beside it. */
async function checkChecksum(store: string): Promise<void> {
  const file = `${store}.sha256`;
  if (!existsSync(file)) return;
  const expected = readFileSync(file, "utf8").slice(0, 64);
  if ((await sha256Of(store)) === expected) return;
  throw new UnusableBackup(`${store} is damaged: its bytes are not those of which ${file} tells.`);
}

interface Keys {
  /** The key file of the store is there in the end. */
  readonly isThere: boolean;
  /** It comes from the backup. */
  readonly comes: boolean;
  /** It was in the data directory before: that is where the backup was made of. */
  readonly isSame: boolean;
}

function keysFor(dataDir: string, key: string | undefined, { note }: BackupContents): Keys {
  const own = readSecrets(dataDir)?.fingerprint;
  const isSame = own !== undefined && own === note?.keyFingerprint;
  const comes = !isSame && key !== undefined;
  return { isSame, comes, isThere: isSame || comes };
}

async function adapt(
  draft: string,
  { dataDir, clock, waiting }: RestoreRequest,
  { note }: BackupContents,
  {
    isSameCluster,
    hasKey,
    era,
  }: { readonly isSameCluster: boolean; readonly hasKey: boolean; readonly era: string | undefined },
): Promise<RestoredStore> {
  const database = new SqliteDatabase(draft);
  try {
    await migrate(database, clock.now());
    const restored = await adaptRestored(database, {
      ...{ now: clock.now(), madeAt: note?.madeAt, waiting, hasKey },
      era: randomUUID(),
      eraBefore: era,
      newClusterId: isSameCluster ? undefined : randomUUID(),
      hasBegun: attemptTraces(dataDir),
    });
    database.intoOneFile();
    return restored;
  } finally {
    await database.close();
    syncPath(draft);
  }
}

/** Puts a copy of a file in the place of another, which is kept under its name with the suffix. */
function replace(from: string, path: string, suffix: string): string[] {
  const draft = `${path}.restoring`;
  copyFileSync(from, draft);
  syncPath(draft);
  return putInPlace(draft, path, suffix);
}
