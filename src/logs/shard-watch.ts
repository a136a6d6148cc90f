import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../ports/clock.ts";
import { attemptOfLogName, shardOf } from "./paths.ts";

/** A program that writes byte by byte makes a million events a second, and reading them would leave no time for anything else. */
const EVENTS_PER_WINDOW = 32;
const WINDOW_MS = 50;
/** How long until a refused watcher (the system's limit is reached) is tried again. */
const RETRY_MS = 1_000;

/** Reports growth of the logs that someone is interested in: one watcher for a directory, however many logs are in it. */
export interface ShardWatch {
  /** The attempt's directory is there. */
  enter(attemptId: string): void;
  leave(attemptId: string): void;
  close(): void;
}

interface Shard {
  readonly path: string;
  readonly attempts: Set<string>;
  watcher: FSWatcher | undefined;
  windowBegan: number;
  events: number;
  cancel: (() => void) | undefined;
}

/**
 * `changed` is told about growth soon after it, not about each write, and sometimes without any. Under a flood of events a directory's watcher
 * rests until the window is over, and all its logs are then reported; so they are, every second, where the system gives no watcher.
 */
export function createShardWatch(directory: string, clock: Clock, changed: (attemptId: string) => void): ShardWatch {
  const shards = new Map<string, Shard>();

  function open(shard: Shard): void {
    shard.windowBegan = clock.now();
    shard.events = 0;
    try {
      shard.watcher = watch(shard.path, { persistent: false }, (_event, fileName) => onEvent(shard, fileName));
      shard.watcher.on("error", () => rest(shard, RETRY_MS));
    } catch {
      rest(shard, RETRY_MS);
    }
  }

  function onEvent(shard: Shard, fileName: string | null): void {
    if (shard.watcher === undefined) return;
    countEvent(shard);
    const attemptId = fileName === null ? undefined : attemptOfLogName(fileName);
    if (attemptId !== undefined && shard.attempts.has(attemptId)) changed(attemptId);
  }

  function countEvent(shard: Shard): void {
    const now = clock.now();
    if (now - shard.windowBegan >= WINDOW_MS) {
      shard.windowBegan = now;
      shard.events = 0;
    }
    shard.events += 1;
    if (shard.events > EVENTS_PER_WINDOW) rest(shard, WINDOW_MS);
  }

  function rest(shard: Shard, forMs: number): void {
    shut(shard);
    shard.cancel = clock.after(forMs, () => {
      open(shard);
      for (const attemptId of shard.attempts) changed(attemptId);
    });
  }

  return {
    enter(attemptId) {
      const name = shardOf(attemptId);
      const known = shards.get(name);
      if (known !== undefined) return void known.attempts.add(attemptId);
      const path = join(directory, name);
      const attempts = new Set([attemptId]);
      const shard = { path, attempts, watcher: undefined, windowBegan: 0, events: 0, cancel: undefined };
      shards.set(name, shard);
      open(shard);
    },
    leave(attemptId) {
      const name = shardOf(attemptId);
      const shard = shards.get(name);
      if (shard === undefined || !shard.attempts.delete(attemptId) || shard.attempts.size > 0) return;
      shut(shard);
      shards.delete(name);
    },
    close() {
      for (const shard of shards.values()) shut(shard);
      shards.clear();
    },
  };
}

function shut(shard: Shard): void {
  shard.cancel?.();
  shard.cancel = undefined;
  shard.watcher?.close();
  shard.watcher = undefined;
}
