import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { StoreDamaged } from "../ports/store.ts";
import { DatabaseInUse, SqliteDatabase } from "../store/sqlite/database.ts";
import { SECRET_FILE } from "./secrets.ts";
import { StartError } from "./start-error.ts";
import { syncPath } from "./sync-path.ts";

const DATABASE = "longshore.db";

export function prepareDataDirectory(dataDir: string): void {
  try {
    makeDirectory(resolve(dataDir));
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `The data directory ${dataDir} cannot be written (${why}). Make it writable, or name another one with --data-dir.`;
    throw new StartError("DATA_DIR_UNWRITABLE", message);
  }
}

/** Step by step: where the kernel answers ENOENT although the parent is there (under /proc, say), Node's own recursive mkdir never returns. */
function makeDirectory(directory: string): void {
  if (isDirectory(directory)) return;
  if (dirname(directory) !== directory) makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!isDirectory(directory)) throw error; // else another process was faster
  }
  syncPath(dirname(directory));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Larger ones are not looked through when they are opened, which would take longer than half a second. */
const CHECKED_BYTES = 64 * 2 ** 20;

/** The database in a data directory, for this process alone. Throws StartError when there is none to be had. */
export function openDataDirectory(dataDir: string): SqliteDatabase {
  const path = join(dataDir, DATABASE);
  if (isDirectory(path)) throw damaged(dataDir, `${DATABASE} is a directory`);
  try {
    const database = new SqliteDatabase(path);
    if (sizeOf(path) <= CHECKED_BYTES) check(database);
    return database;
  } catch (error) {
    if (error instanceof DatabaseInUse) throw inUse(dataDir);
    if (error instanceof StoreDamaged) throw damagedStore(dataDir, error);
    const why = error instanceof Error ? error.message : String(error);
    const message = `The database in ${dataDir} cannot be opened (${why}). Check the disk and the permissions, or name another directory with --data-dir.`;
    throw new StartError("DATA_DIR_UNWRITABLE", message);
  }
}

function check(database: SqliteDatabase): void {
  try {
    database.checkAll();
  } catch (error) {
    void database.close();
    throw error;
  }
}

/** A database that was there is never begun anew: its key file is made when it is complete. */
export function refuseLostDatabase(dataDir: string): void {
  const path = join(dataDir, DATABASE);
  if (!existsSync(join(dataDir, SECRET_FILE)) || isDirectory(path) || sizeOf(path) > 0) return;
  const what = existsSync(path) ? `${DATABASE} is empty` : `${DATABASE} is missing`;
  throw damaged(
    dataDir,
    `${what}, although the directory was in use`,
    `If its store was in PostgreSQL, name that with --database-url; to begin anew, remove ${SECRET_FILE}, too.`,
  );
}

export function damagedStore(dataDir: string, error: StoreDamaged): StartError {
  const { cause } = error;
  return damaged(dataDir, cause instanceof Error ? cause.message : String(cause));
}

function damaged(dataDir: string, why: string, otherwise = "Or name another directory with --data-dir."): StartError {
  const message = `The database in ${dataDir} is damaged (${why}). Put the last backup in its place: longshore restore BACKUP --data-dir ${dataDir}. ${otherwise}`;
  return new StartError("DATA_DIR_DAMAGED", message);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function inUse(dataDir: string): StartError {
  const other = readDescriptor(dataDir);
  const who = other === undefined ? "" : ` (process ${other.pid}, ${other.url})`;
  const message = `Another Longshore server${who} uses the data directory ${dataDir}. Use that one, stop it, or name another directory with --data-dir.`;
  return new StartError("DATA_DIR_IN_USE", message, other);
}

function readDescriptor(dataDir: string): { pid: number; url: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { pid: number; url: string };
  } catch {
    return undefined; // that server is just starting
  }
}
