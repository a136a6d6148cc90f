import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { STORE_FILE } from "../../ports/backups.ts";
import { EXIT, Failure } from "../failure.ts";

/** Where a backup goes: made as a directory beside it, and renamed when it is whole. */
export interface Place {
  /** The file, or the directory of a backup of several files. */
  readonly path: string;
  readonly draft: string;
  readonly isDirectory: boolean;
}

/** @param wanted a name that is free, or a directory in which the backup gets a name of its own. */
export function placeFor(wanted: string, isDirectory: boolean, now: number): Place {
  const given = resolve(wanted);
  const isParent = statSync(given, { throwIfNoEntry: false })?.isDirectory() === true;
  const path = isParent ? join(given, nameAt(now, isDirectory)) : given;
  if (existsSync(path)) {
    throw new Failure(`${path} is there already.`, EXIT.usage, "A backup replaces nothing: name another file.");
  }
  if (!existsSync(dirname(path))) {
    throw new Failure(`There is no directory ${dirname(path)}.`, EXIT.usage, "Make it first.");
  }
  return { path, draft: `${path}.${process.pid}.part`, isDirectory };
}

/** In UTC, so that names sort by age. */
function nameAt(now: number, isDirectory: boolean): string {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return `longshore-${time}${isDirectory ? "" : ".db"}`;
}

/** Runs `make` with the draft directory; what it leaves becomes the backup, or nothing does. */
export async function placed<T>(
  place: Place,
  make: (directory: string) => Promise<T & { sha256: string }>,
): Promise<T> {
  mkdirSync(place.draft, { mode: 0o700 });
  try {
    const made = await make(place.draft);
    finish(place, made.sha256);
    return made;
  } finally {
    rmSync(place.draft, { recursive: true, force: true });
  }
}

/** `sha256sum -c` reads the checksum's file too. */
function finish({ path, draft, isDirectory }: Place, sha256: string): void {
  const store = isDirectory ? join(draft, STORE_FILE) : path;
  const checksum = isDirectory ? `${store}.sha256` : `${path}.sha256`;
  writeFileSync(checksum, `${sha256}  ${basename(store)}\n`, { mode: 0o600 });
  syncPath(checksum);
  if (isDirectory) syncPath(draft);
  renameSync(isDirectory ? draft : join(draft, STORE_FILE), path);
  syncPath(dirname(path));
}

function syncPath(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}
