import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { identify } from "./process-table.ts";
import type { ProcessIdentity } from "./process-table.ts";
import { JOURNAL } from "./script.ts";

/** What the disk knows of an attempt. Times are epoch ms. */
export interface AttemptRecord {
  readonly phase: AttemptPhase;
  /** SIGTERM was sent. */
  readonly stopped: boolean;
  /** It was killed for its memory. */
  readonly outOfMemory: boolean;
  /** Its limit; undefined when it was not claimed, or claimed to be refused. */
  readonly memoryMiB: number | undefined;
}

export type AttemptPhase =
  /** Nobody has claimed it: it never ran. */
  | { readonly kind: "unclaimed" }
  /** It was never started, and will not be. */
  | { readonly kind: "refused"; readonly at: number; readonly reason: string }
  /** Starting, running, or lost. The process is unknown until the program's process has said who it is. */
  | { readonly kind: "claimed"; readonly startedAt: number; readonly process: ProcessIdentity | undefined }
  | { readonly kind: "ended"; readonly startedAt: number; readonly at: number; readonly exitCode: number };

/** What the server itself writes into a journal. A reason is one line. */
export type JournalEntry = "stopped" | "oom" | `refused ${string}`;

/**
 * The driver's memory. Each attempt ID has a working directory `ID` and a journal `ID.journal`: few files, because making and
 * removing them is most of what a short job costs.
 *
 * Whoever creates the journal has the attempt: that is what makes it run at most once. Afterwards the runner, the
 * process that becomes the program, and the server append whole lines, so it survives the death of each of them:
 *
 *     memory MIB              it is limited to this
 *     program PID TIME STAT   the process PID is about to become the program; STAT is its line in /proc/PID/stat
 *     exit CODE TIME          it has ended
 *     refused REASON          it is not started
 *     stopped                 SIGTERM was sent
 *     oom                     it was killed for its memory
 *
 * TIME is in seconds, or "-" when the shell has no clock. A line without its line end does not count.
 */
export interface Journals {
  /** The attempts that were claimed, whatever became of them. */
  list(): string[];
  workOf(attemptId: string): string;
  journalOf(attemptId: string): string;
  /** Makes the working directory, if it is not there. */
  prepare(attemptId: string): void;
  /** Takes an attempt so that nobody runs it. False when somebody has taken it before. */
  claim(attemptId: string): boolean;
  append(attemptId: string, entry: JournalEntry): void;
  read(attemptId: string): AttemptRecord;
  remove(attemptId: string): Promise<void>;
}

export function openJournals(base: string): Journals {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const fileOf = (attemptId: string, suffix: string) => {
    if (!/^[0-9A-Za-z-]+$/.test(attemptId)) throw new TypeError(`Not an attempt id: ${JSON.stringify(attemptId)}`);
    return path.join(base, attemptId + suffix);
  };

  return {
    list: () =>
      readdirSync(base)
        .filter((name) => name.endsWith(JOURNAL))
        .map((name) => name.slice(0, -JOURNAL.length)),
    workOf: (attemptId) => fileOf(attemptId, ""),
    journalOf: (attemptId) => fileOf(attemptId, JOURNAL),
    prepare: (attemptId) => makeDirectory(fileOf(attemptId, "")),
    claim(attemptId) {
      try {
        writeFileSync(fileOf(attemptId, JOURNAL), "", { flag: "wx", mode: 0o600 });
        return true;
      } catch (error) {
        if (isErrno(error, "EEXIST")) return false;
        throw error;
      }
    },
    append: (attemptId, entry) => appendFileSync(fileOf(attemptId, JOURNAL), `${entry}\n`),
    read: (attemptId) => readRecord(fileOf(attemptId, JOURNAL)),
    async remove(attemptId) {
      const work = fileOf(attemptId, "");
      if (!removeEmpty(work)) await rm(work, { recursive: true, force: true, maxRetries: 3 });
      // The journal goes last: while it is there, the next server finds the rest and removes it.
      removeFile(fileOf(attemptId, JOURNAL));
    },
  };
}

function readRecord(journal: string): AttemptRecord {
  const text = readText(journal);
  if (text === undefined) {
    return { phase: { kind: "unclaimed" }, stopped: false, outOfMemory: false, memoryMiB: undefined };
  }
  const entries = new Map<string, string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const [word = ""] = line.split(" ", 1);
    entries.set(word, line.slice(word.length + 1));
  }
  const memory = entries.get("memory");
  return {
    phase: phaseOf(entries, journal),
    stopped: entries.has("stopped"),
    outOfMemory: entries.has("oom"),
    memoryMiB: memory === undefined ? undefined : Number(memory),
  };
}

function phaseOf(entries: ReadonlyMap<string, string>, journal: string): AttemptPhase {
  const changedAt = () => statSync(journal, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const reason = entries.get("refused");
  if (reason !== undefined) return { kind: "refused", at: changedAt(), reason };
  const [pid, time, ...stat] = entries.get("program")?.split(" ") ?? [];
  const startedAt = parseTime(time) ?? changedAt();
  const [exitCode, endTime] = entries.get("exit")?.split(" ") ?? [];
  if (exitCode !== undefined) {
    return { kind: "ended", startedAt, at: parseTime(endTime) ?? changedAt(), exitCode: Number(exitCode) };
  }
  return { kind: "claimed", startedAt, process: pid === undefined ? undefined : identify(Number(pid), stat.join(" ")) };
}

/** Seconds with a fraction, whose separator depends on the locale; undefined when there is none. */
function parseTime(text: string | undefined): number | undefined {
  const seconds = Number.parseFloat((text ?? "").replace(",", "."));
  return Number.isNaN(seconds) ? undefined : Math.floor(seconds * 1000);
}

/** It may be there already: an earlier server prepared the attempt. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
}

/** False when the directory is not empty, or is none. */
function removeEmpty(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

function readText(file: string): string | undefined {
  // Most journals that are looked for are not there, and an exception costs ten times a look.
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
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
