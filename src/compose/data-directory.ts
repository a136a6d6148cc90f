import { accessSync, constants, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseInUse, SqliteDatabase } from "../store/sqlite.ts";
import { StartError } from "./start-error.ts";

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
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

export function openDatabase(dataDir: string): SqliteDatabase {
  try {
    return new SqliteDatabase(join(dataDir, "longshore.db"));
  } catch (error) {
    if (error instanceof DatabaseInUse) throw inUse(dataDir);
    const why = error instanceof Error ? error.message : String(error);
    const message = `The database in ${dataDir} cannot be opened (${why}). Check the disk and the permissions, or name another directory with --data-dir.`;
    throw new StartError("DATA_DIR_UNWRITABLE", message);
  }
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
