import { appendFileSync, mkdirSync, readFileSync, readdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { NodeOfAttempt } from "./node-addresses.ts";
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
  /** Of a node of a multi-node parallel job: which one, and the address that it was given. */
  readonly node: (NodeOfAttempt & { readonly address: string }) | undefined;
  /** Of all processes that its shell has waited for, and of theirs; undefined until it has ended. */
  readonly cpuMs: number | undefined;
}

export type AttemptPhase =
  /** Nobody has claimed it: it never ran. */
  | { readonly kind: "unclaimed" }
  /** It was never started, and will not be. */
  | { readonly kind: "refused"; readonly at: number; readonly reason: string }
  /** Starting, running, or lost. The process is unknown until the program's process has said who it is, and after another boot. */
  | { readonly kind: "claimed"; readonly startedAt: number; readonly process: ProcessIdentity | undefined }
  | { readonly kind: "ended"; readonly startedAt: number; readonly at: number; readonly exitCode: number };

/** What the server itself writes into a journal. A reason is one line. */
export type JournalEntry = "stopped" | "oom" | `refused ${string}`;

/**
 * The driver's memory. Each attempt ID has a journal `ID.journal`, beside its working directory.
 *
 * Whoever creates the journal has the attempt: that is what makes it run at most once. Afterwards the runner, the
 * process that becomes the program, and the server append whole lines, so it survives the death of each of them:
 *
 *     memory MIB              it is limited to this
 *     boot ID                 it was claimed in this boot of the machine: after another one its process is gone, whatever has its id now
 *     node ID INDEX ADDRESS   it runs on this node of that attempt of a multi-node parallel job
 *     M m S s M m S s         twice, before and after: what the runner itself and what its children have used of the processor, user and system
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
  journalOf(attemptId: string): string;
  /** Takes an attempt so that nobody runs it. False when somebody has taken it before. */
  claim(attemptId: string): boolean;
  append(attemptId: string, entry: JournalEntry): void;
  read(attemptId: string): AttemptRecord;
  /** After all else of the attempt: while its journal is there, the next server finds the rest and removes it. */
  remove(attemptId: string): void;
}

export function openJournals(base: string, bootId?: string): Journals {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const journalOf = (attemptId: string) => {
    if (!/^[0-9A-Za-z-]+$/.test(attemptId)) throw new TypeError(`Not an attempt id: ${JSON.stringify(attemptId)}`);
    return path.join(base, attemptId + JOURNAL);
  };

  return {
    list: () =>
      readdirSync(base)
        .filter((name) => name.endsWith(JOURNAL))
        .map((name) => name.slice(0, -JOURNAL.length)),
    journalOf,
    claim(attemptId) {
      try {
        writeFileSync(journalOf(attemptId), "", { flag: "wx", mode: 0o600 });
        return true;
      } catch (error) {
        if (isErrno(error, "EEXIST")) return false;
        throw error;
      }
    },
    append: (attemptId, entry) => appendFileSync(journalOf(attemptId), `${entry}\n`),
    read: (attemptId) => readRecord(journalOf(attemptId), bootId),
    remove(attemptId) {
      try {
        unlinkSync(journalOf(attemptId));
      } catch (error) {
        if (!isErrno(error, "ENOENT")) throw error;
      }
    },
  };
}

function readRecord(journal: string, bootId: string | undefined): AttemptRecord {
  const text = readText(journal);
  if (text === undefined) {
    const nothing = { memoryMiB: undefined, node: undefined, cpuMs: undefined };
    return { phase: { kind: "unclaimed" }, stopped: false, outOfMemory: false, ...nothing };
  }
  const entries = new Map<string, string>();
  const lines = text.split("\n").slice(0, -1);
  for (const line of lines) {
    const [word = ""] = line.split(" ", 1);
    entries.set(word, line.slice(word.length + 1));
  }
  const memory = entries.get("memory");
  return {
    phase: phaseOf(entries, journal, bootId),
    stopped: entries.has("stopped"),
    outOfMemory: entries.has("oom"),
    memoryMiB: memory === undefined ? undefined : Number(memory),
    node: nodeOf(entries.get("node")),
    cpuMs: cpuMsOf(lines),
  };
}

/** What the runner is to write after the word `node`. */
export function nodeEntry({ id, index }: NodeOfAttempt, address: string): string {
  return `${id} ${index} ${address}`;
}

function nodeOf(entry: string | undefined): AttemptRecord["node"] {
  const [id, index, address] = entry?.split(" ") ?? [];
  return id === undefined || index === undefined || address === undefined
    ? undefined
    : { id, index: Number(index), address };
}

/** The shell tells its own times first, then those of its children; once before the attempt and once after it. */
function cpuMsOf(lines: readonly string[]): number | undefined {
  const [, before, , after] = lines.map(parseTimes).filter((ms) => ms !== undefined);
  return before === undefined || after === undefined ? undefined : after - before;
}

const TIMES = /^(\d+)m(\d+)[.,](\d{3})s (\d+)m(\d+)[.,](\d{3})s$/;

/** User and system together, in ms; undefined for lines that are something else. */
function parseTimes(line: string): number | undefined {
  const found = TIMES.exec(line);
  if (found === null) return undefined;
  const [userMinutes, userSeconds, userMs, minutes, seconds, ms] = found.slice(1).map(Number) as Six;
  return ((userMinutes + minutes) * 60 + userSeconds + seconds) * 1000 + userMs + ms;
}

type Six = [number, number, number, number, number, number];

function phaseOf(entries: ReadonlyMap<string, string>, journal: string, bootId: string | undefined): AttemptPhase {
  const changedAt = () => Math.floor(statSync(journal, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const reason = entries.get("refused");
  if (reason !== undefined) return { kind: "refused", at: changedAt(), reason };
  const [pid, time, ...stat] = entries.get("program")?.split(" ") ?? [];
  const startedAt = parseTime(time) ?? changedAt();
  const [exitCode, endTime] = entries.get("exit")?.split(" ") ?? [];
  if (exitCode !== undefined) {
    return { kind: "ended", startedAt, at: parseTime(endTime) ?? changedAt(), exitCode: Number(exitCode) };
  }
  const isGone = pid === undefined || (bootId !== undefined && (entries.get("boot") ?? bootId) !== bootId);
  return { kind: "claimed", startedAt, process: isGone ? undefined : identify(Number(pid), stat.join(" ")) };
}

/** Seconds with a fraction, whose separator depends on the locale; undefined when there is none. */
function parseTime(text: string | undefined): number | undefined {
  const seconds = Number.parseFloat((text ?? "").replace(",", "."));
  return Number.isNaN(seconds) ? undefined : Math.floor(seconds * 1000);
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
