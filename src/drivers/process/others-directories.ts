import { chownSync, lstatSync, mkdirSync, rmdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Working directories of attempts that run as another user. Nobody but the server's user gets into its data directory, and a program that cannot get to
 * where it works breaks in strange ways; so these are in the system's temporary directory.
 */
export interface OthersDirectories {
  /** Makes the directory, if it is not there; returns its path. */
  make(attemptId: string, owner: Owner): string;
  /** With all that is in it, if there is one. */
  remove(attemptId: string): Promise<void>;
}

/** @param attempts the driver's directory, which exists: it alone has these. */
export function createOthersDirectories(attempts: string): OthersDirectories {
  const { dev, ino } = statSync(attempts);
  const base = path.join(tmpdir(), `longshore-${dev.toString(16)}-${ino.toString(16)}`);
  let mayExist = lstatSync(base, { throwIfNoEntry: false }) !== undefined;

  return {
    make(attemptId, owner) {
      makeSafely(base);
      mayExist = true;
      const directory = path.join(base, attemptId);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      chownSync(directory, owner.uid, owner.gid);
      return directory;
    },
    async remove(attemptId) {
      if (!mayExist) return;
      await rm(path.join(base, attemptId), { recursive: true, force: true, maxRetries: 3 });
      mayExist = !removedEmpty(base);
    },
  };
}

/** Everybody may write in the temporary directory: what is there already may be somebody's trap. */
function makeSafely(base: string): void {
  mkdirSync(base, { recursive: true, mode: 0o711 });
  const found = lstatSync(base);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  throw Object.assign(new Error(`${base} belongs to somebody else`), { code: "EEXIST" });
}

function removedEmpty(base: string): boolean {
  try {
    rmdirSync(base);
    return true;
  } catch {
    return false;
  }
}
