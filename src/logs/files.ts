import type { Clock } from "../ports/clock.ts";
import type { LogExtent, LogPage, LogQuery, LogReader, LogSink } from "../ports/logs.ts";
import { createAppender } from "./appender.ts";
import { createFollower } from "./follower.ts";
import { withLog } from "./open-log.ts";
import type { OpenLog } from "./open-log.ts";
import { readPage } from "./pages.ts";
import { logPaths } from "./paths.ts";

/** The logs of attempts as files. `close` writes what is buffered and stops following; attempts go on writing. */
export interface LogFiles extends LogSink, LogReader {
  close(): void;
}

/**
 * Keeps each attempt's output in `<directory>/<first two digits>/<attemptId>.log`, byte for byte, and the times of its lines in a
 * sidecar `.at` next to it (see mark.ts). Attempt ids are 32 hexadecimal digits; anything else throws a TypeError.
 *
 * A line ends with `\n`; a `\r` before it is dropped. Empty lines give no events, as with the awslogs driver. Lines over 262,112 bytes
 * are cut (see segments.ts). While an attempt is followed, its last line is held back until it has a line end.
 */
export function createLogFiles(options: { readonly directory: string; readonly clock: Clock }): LogFiles {
  const paths = logPaths(options.directory);
  const follower = createFollower(paths, options.clock);
  const appender = createAppender(paths, options.clock);

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
    async describe(attemptId) {
      return (await withSettledLog(attemptId, extentOf)) ?? { bytes: 0 };
    },
    close() {
      appender.close();
      follower.close();
    },
  };
}

function emptyPage(query: LogQuery): LogPage {
  const position = typeof query.position === "number" ? query.position : 0;
  return { events: [], forwardPosition: position, backwardPosition: position };
}

async function extentOf(log: OpenLog): Promise<LogExtent> {
  const head = await readPage(log, { position: "head", direction: "forward", limit: 1 });
  const tail = await readPage(log, { position: "tail", direction: "backward", limit: 1 });
  const first = head.events[0];
  const last = tail.events[0];
  if (first === undefined || last === undefined) return { bytes: log.size };
  return { bytes: log.size, firstEventAt: first.timestamp, lastEventAt: last.timestamp };
}
