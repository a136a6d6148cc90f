import { closeSync, fsyncSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { BackupNote } from "../../ports/backups.ts";
import { SCHEMA_VERSION } from "../migrations.ts";

/** It is no store, or a damaged one, or a newer program's; the message says which. */
export class UnusableBackup extends Error {
  override readonly name = "UnusableBackup";
}

export interface BackupContents {
  /** Absent in a database file that was copied by hand. */
  readonly note?: BackupNote;
  /** Jobs as they were submitted: an array is one. */
  readonly jobs: number;
  readonly schema: number;
}

const NOTE = "backup";

/**
 * Makes a copied database one file of its own, and has it say what it is. Synced.
 *
 * @throws UnusableBackup when it was damaged before.
 */
export function sealBackup(path: string, note: BackupNote): void {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA journal_mode = DELETE");
    database
      .prepare("INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
      .run(NOTE, JSON.stringify(note));
  } catch (error) {
    throw new UnusableBackup(`the store is damaged (${messageOf(error)})`, { cause: error });
  } finally {
    database.close();
  }
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

/**
 * Reads the whole file: each page, each index entry.
 *
 * @throws UnusableBackup
 */
export function checkBackup(path: string): BackupContents {
  const database = openBackup(path);
  try {
    const problems = database.prepare("PRAGMA integrity_check(3)").all();
    const texts = problems.map((row) => String(row["integrity_check"]));
    if (texts.join() !== "ok") throw new UnusableBackup(`${path} is damaged: ${texts.join("; ")}`);
    return contentsOf(database, path);
  } catch (error) {
    if (error instanceof UnusableBackup) throw error;
    throw new UnusableBackup(`${path} is no backup of Longshore, or is damaged: ${messageOf(error)}`, { cause: error });
  } finally {
    database.close();
  }
}

function openBackup(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true });
  } catch (error) {
    throw new UnusableBackup(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function contentsOf(database: DatabaseSync, path: string): BackupContents {
  const schema = Number(database.prepare("SELECT max(version) AS version FROM migrations").get()!["version"]);
  if (schema > SCHEMA_VERSION) {
    throw new UnusableBackup(
      `${path} was written by a newer Longshore (schema ${schema}, this one knows ${SCHEMA_VERSION}). Use that version.`,
    );
  }
  const note = database.prepare("SELECT value FROM facts WHERE name = ?").get(NOTE);
  const jobs = database.prepare("SELECT count(*) AS jobs FROM jobs WHERE parent_id IS NULL").get()!;
  return {
    schema,
    jobs: Number(jobs["jobs"]),
    ...(note !== undefined && { note: JSON.parse(String(note["value"])) as BackupNote }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
