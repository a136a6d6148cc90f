import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { parseIdentity } from "./process-table.ts";
import type { ProcessIdentity } from "./process-table.ts";
import { FILES, memoryOfScript } from "./script.ts";

/** What the disk knows of an attempt. Times are epoch ms. */
export type AttemptState =
  /** No directory, or one that nobody has claimed: the attempt never ran. */
  | { readonly kind: "unclaimed" }
  /** It was never started, and will not be. */
  | { readonly kind: "refused"; readonly at: number; readonly reason: string }
  /** Starting, running, or lost. The process is unknown until the program's process has said who it is. */
  | { readonly kind: "claimed"; readonly startedAt: number; readonly process: ProcessIdentity | undefined }
  | { readonly kind: "ended"; readonly startedAt: number; readonly at: number; readonly exitCode: number };

/**
 * The driver's memory: one directory for each attempt, readable by this user alone (a script contains the attempt's variables,
 * which may be secrets). It survives the death of every process; a claim is what makes an attempt run at most once.
 */
export interface AttemptDirectories {
  pathOf(attemptId: string): string;
  /** The attempts that were claimed, whatever became of them. */
  list(): string[];
  exists(attemptId: string): boolean;
  /** Writes the script. Safe while an earlier server's runner may be reading an earlier one. */
  prepare(attemptId: string, script: string): void;
  /** Takes an attempt so that nobody runs it. False when somebody has taken it before, or it has no directory. */
  claim(attemptId: string): boolean;
  /** Says why a claimed attempt will not run. */
  refuse(attemptId: string, reason: string): void;
  read(attemptId: string): AttemptState;
  /** MiB; undefined when there is no script. */
  memoryOf(attemptId: string): number | undefined;
  mark(attemptId: string, what: Mark): void;
  isMarked(attemptId: string, what: Mark): boolean;
  remove(attemptId: string): Promise<void>;
}

export type Mark = "stopped" | "outOfMemory";

export function createAttemptDirectories(base: string): AttemptDirectories {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const pathOf = (attemptId: string) => path.join(base, attemptId);
  const fileOf = (attemptId: string, name: keyof typeof FILES) => path.join(base, attemptId, FILES[name]);

  return {
    pathOf,
    exists: (attemptId) => exists(pathOf(attemptId)),
    list: () => readdirSync(base).filter((id) => isAttemptId(id) && exists(fileOf(id, "claim"))),
    prepare(attemptId, script) {
      assertAttemptId(attemptId);
      if (makeDirectory(pathOf(attemptId))) {
        makeDirectory(fileOf(attemptId, "work"));
        writeFileSync(fileOf(attemptId, "script"), script, { mode: 0o600 });
      } else {
        const draft = `${fileOf(attemptId, "script")}.new`;
        makeDirectory(fileOf(attemptId, "work"));
        writeFileSync(draft, script, { mode: 0o600 });
        renameSync(draft, fileOf(attemptId, "script"));
      }
    },
    claim(attemptId) {
      try {
        writeFileSync(fileOf(attemptId, "claim"), "", { flag: "wx" });
        return true;
      } catch (error) {
        if (isErrno(error, "EEXIST") || isErrno(error, "ENOENT")) return false;
        throw error;
      }
    },
    refuse: (attemptId, reason) => writeFileSync(fileOf(attemptId, "refused"), `${reason}\n`),
    read: (attemptId) => readState((name) => fileOf(attemptId, name)),
    memoryOf(attemptId) {
      const script = readText(fileOf(attemptId, "script"));
      return script === undefined ? undefined : memoryOfScript(script);
    },
    mark: (attemptId, what) => writeFileSync(fileOf(attemptId, what), ""),
    isMarked: (attemptId, what) => exists(fileOf(attemptId, what)),
    async remove(attemptId) {
      if (!isAttemptId(attemptId)) return;
      if (!removeQuickly(pathOf(attemptId))) await rm(pathOf(attemptId), { recursive: true, force: true });
    },
  };
}

/** The exit code wins over everything: `refused` is written before the script ends with a code of its own. */
function readState(fileOf: (name: keyof typeof FILES) => string): AttemptState {
  const refused = readText(fileOf("refused"));
  if (refused?.endsWith("\n") === true) {
    return { kind: "refused", at: modifiedAt(fileOf("refused")) ?? 0, reason: refused.trimEnd() };
  }
  const claimedAt = modifiedAt(fileOf("claim"));
  if (claimedAt === undefined) return { kind: "unclaimed" };
  const startedAt = modifiedAt(fileOf("process")) ?? claimedAt;
  const exit = /^(\d{1,3})\n$/.exec(readText(fileOf("exit")) ?? "");
  if (exit !== null) {
    return { kind: "ended", startedAt, at: modifiedAt(fileOf("exit")) ?? startedAt, exitCode: Number(exit[1]) };
  }
  return { kind: "claimed", startedAt, process: parseIdentity(readText(fileOf("process")) ?? "") };
}

/** The usual case without a walk through the tree: known files, and a working directory that the program left empty. */
function removeQuickly(directory: string): boolean {
  try {
    rmdirSync(path.join(directory, FILES.work));
    for (const name of readdirSync(directory)) unlinkSync(path.join(directory, name));
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

function isAttemptId(text: string): boolean {
  return /^[0-9A-Za-z-]+$/.test(text);
}

function assertAttemptId(attemptId: string): void {
  if (!isAttemptId(attemptId)) throw new TypeError(`Not an attempt id: ${JSON.stringify(attemptId)}`);
}

/** False when it is there already. */
function makeDirectory(directory: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

function exists(file: string): boolean {
  return modifiedAt(file) !== undefined;
}

function modifiedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function readText(file: string): string | undefined {
  if (!exists(file)) return undefined; // Most files are not there most of the time, and an exception costs ten times a look.
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
