import { existsSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linesOf } from "./hierarchies.ts";

/** The words of a file that has few. */
export function wordsOf(file: string): ReadonlySet<string> {
  return new Set(linesOf(file).flatMap((line) => line.split(" ")));
}

/** The number that is all of a file; undefined without such a file. */
export function numberIn(file: string): number | undefined {
  const [line] = linesOf(file);
  return line === undefined ? undefined : Number(line);
}

/** The number in the line `KEY NUMBER` of a file. */
export function entryIn(file: string, key: string): number | undefined {
  const line = linesOf(file).find((one) => one.startsWith(`${key} `));
  return line === undefined ? undefined : Number(line.slice(key.length + 1));
}

/** False when the kernel does not take it. */
export function tryWrite(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: "r+" });
    return true;
  } catch {
    return false;
  }
}

/** Ids below 2 are nobody's to kill: 0 is how the kernel shows a process of another namespace. */
export function processesIn(file: string): number[] {
  return linesOf(file)
    .map(Number)
    .filter((pid) => pid > 1);
}

/** In the group of this folder and in all below it. */
export function processesBelow(folder: string): number[] {
  const own = processesIn(join(folder, "cgroup.procs"));
  return [...own, ...foldersIn(folder).flatMap((name) => processesBelow(join(folder, name)))];
}

export function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** True when the folder is gone. */
export function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return !existsSync(folder);
  }
}

/** With all folders in it: of groups that nothing is in any more. True when it is gone. */
export function removeFolders(folder: string): boolean {
  for (const name of foldersIn(folder)) removeFolders(join(folder, name));
  return removeFolder(folder);
}

/** A killed process forks no more, so each look finds fewer that it has not killed yet; what lives for a moment only may escape all of them. */
const LOOKS_MAX = 20;

/** Kills what is listed in the file. */
export function killProcessesIn(file: string): void {
  const killed = new Set<number>();
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const fresh = processesIn(file).filter((pid) => !killed.has(pid));
    if (fresh.length === 0) return;
    for (const pid of fresh) {
      killed.add(pid);
      killProcess(pid);
    }
  }
}

export function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended, or is not ours to kill.
  }
}
