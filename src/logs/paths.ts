import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where the logs of attempts lie: spread over 256 directories by the first two digits of the attempt's id. */
export interface LogPaths {
  readonly directory: string;
  /** The attempt's output, byte for byte. */
  log(attemptId: string): string;
  /** Its marks: which bytes arrived when. */
  marks(attemptId: string): string;
  /** Makes the attempt's directory if need be. */
  prepare(attemptId: string): void;
}

const ATTEMPT_ID = /^[0-9a-f]{32}$/;
const LOG_NAME = /^([0-9a-f]{32})\.log$/;

export function logPaths(base: string): LogPaths {
  const directory = resolve(base);
  const prepared = new Set<string>();
  const at = (attemptId: string, suffix: string): string =>
    join(directory, shardOf(attemptId), `${attemptId}.${suffix}`);
  return {
    directory,
    log: (attemptId) => at(attemptId, "log"),
    marks: (attemptId) => at(attemptId, "at"),
    prepare(attemptId) {
      const shard = shardOf(attemptId);
      if (prepared.has(shard)) return;
      mkdirSync(join(directory, shard), { recursive: true });
      prepared.add(shard);
    },
  };
}

/** The directory's name, `00` to `ff`. Throws on what is not 32 hexadecimal digits: such an id must never become a path. */
export function shardOf(attemptId: string): string {
  if (!ATTEMPT_ID.test(attemptId)) throw new TypeError(`Not an attempt id: ${JSON.stringify(attemptId)}`);
  return attemptId.slice(0, 2);
}

/** The attempt whose log has this file name; undefined for every other file. */
export function attemptOfLogName(name: string): string | undefined {
  return LOG_NAME.exec(name)?.[1];
}
