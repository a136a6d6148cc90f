import { statSync } from "node:fs";
import type { Stats } from "node:fs";
import { appendMarks, lastMark } from "./mark-writer.ts";
import { MARK_INTERVAL_MS, unmarkedTime } from "./mark.ts";
import type { Mark } from "./mark.ts";
import type { LogWriting } from "./log-writing.ts";
import { createShardWatch } from "./shard-watch.ts";
import { isSystemError } from "./system-error.ts";

/**
 * Notes when output arrives in logs that programs write themselves. A growth is noted when the system reports it (at most once per
 * MARK_INTERVAL_MS and log), when the log is read, and at the end; its time is that of the last write, which the file tells, so a late note is
 * not a wrong one.
 */
export interface Follower {
  follow(attemptId: string): void;
  unfollow(attemptId: string): void;
  follows(attemptId: string): boolean;
  /** Fixes the time of all that is there now, before anyone is shown it. */
  settle(attemptId: string): void;
  /** Settles and stops following all. */
  close(): void;
}

interface Followed {
  /** Bytes whose time is known. */
  noted: number;
  /** There is a sidecar. Without one, what is noted arrived with the log's birth. */
  marked: boolean;
  notedAt: number;
  cancel: (() => void) | undefined;
}

export function createFollower({ paths, clock, term, onGrowth }: LogWriting): Follower {
  const followed = new Map<string, Followed>();
  const watch = createShardWatch(paths.directory, clock, (attemptId) => {
    const log = followed.get(attemptId);
    if (log !== undefined) noteSoon(attemptId, log);
  });

  function noteSoon(attemptId: string, log: Followed): void {
    if (log.cancel !== undefined) return;
    const waitMs = log.notedAt + MARK_INTERVAL_MS - clock.now();
    if (waitMs <= 0) return note(attemptId, log, "brief");
    log.cancel = clock.after(waitMs, () => {
      log.cancel = undefined;
      note(attemptId, log, "brief");
    });
  }

  /** What cannot be written now (a full disk) stays unnoted, and the next note covers it. */
  function note(attemptId: string, log: Followed, how: "brief" | "full"): void {
    log.notedAt = clock.now();
    if (!term.holds()) return;
    try {
      const file = statSync(paths.log(attemptId), { throwIfNoEntry: false });
      if (file === undefined) return;
      const before = log.noted;
      noteGrowth(paths.marks(attemptId), log, file, how, clock.now());
      onGrowth(log.noted < before ? log.noted : log.noted - before);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }

  function stop(attemptId: string, log: Followed, how: "brief" | "full"): void {
    log.cancel?.();
    log.cancel = undefined;
    note(attemptId, log, how);
    followed.delete(attemptId);
    watch.leave(attemptId);
  }

  return {
    follow(attemptId) {
      if (followed.has(attemptId)) return;
      paths.prepare(attemptId);
      const last = lastMark(paths.marks(attemptId));
      const log = { noted: last?.end ?? 0, marked: last !== undefined, notedAt: -Infinity, cancel: undefined };
      followed.set(attemptId, log);
      watch.enter(attemptId);
      note(attemptId, log, "brief");
    },
    unfollow(attemptId) {
      const log = followed.get(attemptId);
      if (log !== undefined) stop(attemptId, log, "brief");
    },
    follows: (attemptId) => followed.has(attemptId),
    settle(attemptId) {
      const log = followed.get(attemptId);
      if (log !== undefined) note(attemptId, log, "full");
    },
    close() {
      for (const [attemptId, log] of followed) stop(attemptId, log, "full");
      watch.close();
    },
  };
}

/**
 * `brief` writes no marks while all output came with the log's birth, as in most short jobs: such a log gets no sidecar. `full` writes
 * them: what has been shown with a time keeps it, whatever happens to this process.
 */
function noteGrowth(sidecar: string, log: Followed, file: Stats, how: "brief" | "full", now: number): void {
  const truncated = file.size < log.noted;
  const from = truncated ? 0 : log.noted;
  const birth = Math.min(Math.floor(file.birthtimeMs), now);
  const time = Math.min(unmarkedTime(file), now);
  const marks: Mark[] = [];
  if (!log.marked && from > 0) marks.push({ end: from, time: birth });
  if (file.size > from) marks.push({ end: file.size, time });
  const implied = !log.marked && time === birth;
  if (how === "full" ? marks.length > 0 : file.size > from && !implied) {
    appendMarks(sidecar, truncated ? 0 : file.size, marks);
    log.marked = true;
  }
  log.noted = file.size;
}
