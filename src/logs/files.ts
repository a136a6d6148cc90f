import { rmSync, statSync } from "node:fs";
import type { Clock } from "../ports/clock.ts";
import type { Term } from "../ports/leadership.ts";
import { ONLY_SERVER } from "../ports/leadership.ts";
import type { LogPage, LogQuery, LogReader, LogSink } from "../ports/logs.ts";
import { createAppender } from "./appender.ts";
import { createFollower } from "./follower.ts";
import { withLog } from "./open-log.ts";
import type { OpenLog } from "./open-log.ts";
import { readPage } from "./pages.ts";
import { logPaths } from "./paths.ts";

/** The logs of attempts as files. `close` writes what is buffered and stops following; attempts go on writing. */
export interface LogFiles extends LogSink, LogReader {
  /** Removes the log of an attempt that is over. Unknown: nothing happens. */
  remove(attemptId: string): void;
  close(): void;
}

export interface LogFilesOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** In which it writes. What it has to write when that is over is the next leader's to find. Default: there is no other server. */
  readonly term?: Pick<Term, "holds">;
  /** Told how many bytes have come to the logs, when that is noted. */
  readonly onGrowth?: (bytes: number) => void;
}

/**
 * Keeps each attempt's output in `<directory>/<first two digits>/<attemptId>.log`, byte for byte, and the times of its lines in a
 * sidecar `.at` next to it (see mark.ts). Attempt ids are 32 hexadecimal digits; anything else throws a TypeError.
 *
 * A line ends with `\n`; a `\r` before it is dropped. Empty lines give no events, as with the awslogs driver. Lines over 262,112 bytes
 * are cut (see segments.ts). While an attempt is followed, its last line is held back until it has a line end.
 */
export function createLogFiles(options: LogFilesOptions): LogFiles {
  const { clock, term = ONLY_SERVER, onGrowth = () => {} } = options;
  const paths = logPaths(options.directory);
  const follower = createFollower({ paths, clock, term, onGrowth });
  const appender = createAppender({ paths, clock, term, onGrowth });

  /** What is shown is written, and its times are fixed, before it is read. */
  async function withSettledLog<T>(attemptId: string, use: (log: OpenLog) => Promise<T>): Promise<T | undefined> {
    appender.flush(attemptId);
    follower.settle(attemptId);
    const complete = !follower.follows(attemptId);
    return withLog({ log: paths.log(attemptId), marks: paths.marks(attemptId) }, complete, use);
  }

  return {
    path(attemptId) {
      paths.prepare(attemptId);
      return paths.log(attemptId);
    },
    follow: (attemptId) => follower.follow(attemptId),
    unfollow(attemptId) {
      appender.flush(attemptId);
      follower.unfollow(attemptId);
    },
    append: (attemptId, lines) => appender.append(attemptId, lines),
    async read(attemptId, query) {
      const page = await withSettledLog(attemptId, (log) => readPage(log, query));
      return page ?? emptyPage(query);
    },
    async changedAt(attemptId) {
      appender.flush(attemptId);
      const file = statSync(paths.log(attemptId), { throwIfNoEntry: false });
      return Promise.resolve(file === undefined || file.size === 0 ? undefined : Math.ceil(file.mtimeMs));
    },
    remove(attemptId) {
      appender.flush(attemptId);
      follower.unfollow(attemptId);
      rmSync(paths.log(attemptId), { force: true });
      rmSync(paths.marks(attemptId), { force: true });
    },
    close() {
      appender.close();
      follower.close();
    },
  };
}

function emptyPage(query: LogQuery): LogPage {
  const position = typeof query.position === "bigint" ? query.position : 0n;
  return { events: [], forwardPosition: position, backwardPosition: position };
}
