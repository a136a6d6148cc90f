import type { JobLog } from "../../../../../src/ports/job-logs.ts";
import { CallFailed } from "../../../api/call.ts";
import { logs } from "../../../api/logs.ts";
import type { LogPage, LogRead, ReadLog } from "./log-window.ts";

/** A log that there is, as far as its names say. */
export interface LogSource {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

export function sourceOf({ logGroupName, logStreamName }: JobLog): LogSource | undefined {
  if (logGroupName === undefined || logStreamName === undefined) return undefined;
  return { logGroupName, logStreamName };
}

export function readLog(source: LogSource): ReadLog {
  return async ({ token, fromHead = false, startTime, limit }: LogRead): Promise<LogPage> => {
    const answer = await logs("GetLogEvents", {
      ...source,
      startFromHead: fromHead,
      limit,
      ...(token !== undefined && { nextToken: token }),
      ...(startTime !== undefined && { startTime }),
    });
    return { lines: answer.events, before: answer.nextBackwardToken, after: answer.nextForwardToken };
  };
}

/** The stream was deleted, or its lines are older than what its group keeps. */
export function isGone(error: unknown): boolean {
  return error instanceof CallFailed && error.code === "ResourceNotFoundException";
}
