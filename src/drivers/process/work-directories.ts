import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import type { Owner } from "./others-directories.ts";
import { createOthersDirectories } from "./others-directories.ts";

/** Where attempts work: each in an empty directory of its own. */
export interface WorkDirectories {
  /** Makes it, if it is not there, and tells where it is: for another user than the server's in a place that all users reach. */
  make(attemptId: string, owner?: Owner): string;
  /** Removes it, whatever is in it. `isDeserted`: nobody works in it any more, so that it may serve another attempt. */
  remove(attemptId: string, isDeserted: boolean): Promise<void>;
  close(): void;
}

/** Enough for bursts of short jobs. */
const SPARES_MAX = 64;
const SPARE = /^spare-\d+$/;
const MODE = 0o700;

/**
 * Directories that were left empty, as most are, get another name instead of being removed and made again: some file systems make new files slowly while many
 * were deleted lately, and for a short job that would be the most of its cost.
 *
 * @param base the driver's directory, which exists.
 */
export function openWorkDirectories(base: string): WorkDirectories {
  const others = createOthersDirectories(base);
  const spares: string[] = [];
  let kept = 0;
  const pathOf = (name: string): string => path.join(base, name);
  for (const name of readdirSync(base)) if (SPARE.test(name)) rmSync(pathOf(name), { recursive: true });

  function keep(directory: string): boolean {
    if (spares.length >= SPARES_MAX || !isAsMade(directory)) return false;
    const spare = pathOf(`spare-${(kept += 1)}`);
    if (!renamed(directory, spare)) return false;
    spares.push(spare);
    return true;
  }

  return {
    make(attemptId, owner) {
      if (owner !== undefined) return others.make(attemptId, owner);
      const directory = pathOf(attemptId);
      const spare = spares.pop();
      if (spare !== undefined && renamed(spare, directory)) return directory;
      // It may be there already: an earlier server prepared the attempt.
      mkdirSync(directory, { recursive: true, mode: MODE });
      return directory;
    },
    async remove(attemptId, isDeserted) {
      const directory = pathOf(attemptId);
      if (!(isDeserted && keep(directory)) && !removedEmpty(directory)) {
        await rm(directory, { recursive: true, force: true, maxRetries: 3 });
      }
      await others.remove(attemptId);
    },
    close() {
      for (const spare of spares.splice(0)) removedEmpty(spare);
    },
  };
}

/** A program may do with it what it likes, and put something else in its place. */
function isAsMade(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined || !found.isDirectory()) return false;
  return (found.mode & 0o7777) === MODE && found.uid === process.getuid?.() && readdirSync(directory).length === 0;
}

function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

function removedEmpty(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}
