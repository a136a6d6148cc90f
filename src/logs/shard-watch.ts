import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import { join } from "node:path";

/** Reports changes of files in those shard directories that someone is interested in: one watcher for each, however many files. */
export interface ShardWatch {
  /** Watches the shard's directory, which exists, until `leave` has been called as often as `enter`. */
  enter(shard: string): void;
  leave(shard: string): void;
  close(): void;
}

interface Watched {
  users: number;
  readonly watcher: FSWatcher | undefined;
}

/**
 * `changed` gets the name of a file that was made or written to; several changes may come as one, and under a flood some are lost.
 * Where the system refuses a watcher (its limit is reached) changes of that directory are not reported at all.
 */
export function createShardWatch(directory: string, changed: (fileName: string) => void): ShardWatch {
  const shards = new Map<string, Watched>();
  return {
    enter(shard) {
      const known = shards.get(shard);
      if (known !== undefined) known.users += 1;
      else shards.set(shard, { users: 1, watcher: tryWatch(join(directory, shard), changed) });
    },
    leave(shard) {
      const known = shards.get(shard);
      if (known === undefined) return;
      known.users -= 1;
      if (known.users > 0) return;
      known.watcher?.close();
      shards.delete(shard);
    },
    close() {
      for (const { watcher } of shards.values()) watcher?.close();
      shards.clear();
    },
  };
}

function tryWatch(path: string, changed: (fileName: string) => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, (_event, fileName) => {
      if (fileName !== null) changed(fileName);
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
