import { hkdfSync, randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { StartError } from "./start-error.ts";
import { syncPath } from "./sync-path.ts";

/** Keys of one data directory, 32 bytes each. They come from one random file in it that only its owner can read. */
export interface Secrets {
  /** Encrypts the secrets of access keys in the database. */
  readonly sealing: Buffer;
  /** Seals the sessions of the console. */
  readonly sessions: Buffer;
  /** The credentials of jobs are derived from it. */
  readonly jobs: Buffer;
  /** Proves to the server that somebody may read this directory. */
  readonly owner: Buffer;
  /** Tells this file from others, and gives nothing of it away: hexadecimal digits. */
  readonly fingerprint: string;
}

export const SECRET_FILE = "secret.key";
const BYTES = 32;

/** Makes the file on first use. */
export function openSecrets(dataDir: string): Secrets {
  const path = join(dataDir, SECRET_FILE);
  const text = readText(path) ?? makeFile(path);
  chmodSync(path, 0o600);
  return derive(text, path);
}

/** Undefined when no server has run on this directory yet. */
export function readSecrets(dataDir: string): Secrets | undefined {
  const path = join(dataDir, SECRET_FILE);
  const text = readText(path);
  return text === undefined ? undefined : derive(text, path);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError("DATA_DIR_UNWRITABLE", `The key file ${path} cannot be read (${why}). Its owner must be you.`);
  }
}

/** In one step: a file that is there is complete, whatever happens to this process. Of several servers that make it at once, one does. */
function makeFile(path: string): string {
  const text = `${randomBytes(BYTES).toString("hex")}\n`;
  // In containers every server may be process 1.
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  const file = openSync(draft, "wx", 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  try {
    linkSync(draft, path);
    syncPath(dirname(path));
    return text;
  } catch (error) {
    const made = readText(path);
    if (made === undefined) throw error;
    return made;
  } finally {
    rmSync(draft);
  }
}

function derive(text: string, path: string): Secrets {
  const master = Buffer.from(text.trim(), "hex");
  if (master.length !== BYTES) {
    const message = `The key file ${path} is damaged. Restore it from a backup. Without it the access keys of this data directory are lost.`;
    throw new StartError("DATA_DIR_DAMAGED", message);
  }
  const key = (purpose: string): Buffer => Buffer.from(hkdfSync("sha256", master, "", `longshore ${purpose}`, BYTES));
  return {
    sealing: key("access keys"),
    sessions: key("console sessions"),
    jobs: key("job credentials"),
    owner: key("owner"),
    fingerprint: key("fingerprint").toString("hex").slice(0, 32),
  };
}
