import type { Clock } from "../../ports/clock.ts";
import type { LogStreams } from "../../ports/log-streams.ts";
import type { LogReader } from "../../ports/logs.ts";
import type { LogsHandlers } from "../wire/operations.ts";
import { createDescribeLogGroups } from "./describe-log-groups.ts";
import { describeLogStreams } from "./describe-log-streams.ts";
import { filterLogEvents } from "./filter-log-events.ts";
import { getLogEvents } from "./get-log-events.ts";

/**
 * CloudWatch Logs, as far as the clients of Batch read it. Errors are ApiErrors: InvalidParameterException and
 * ResourceNotFoundException.
 */
export function createLogsHandlers(options: {
  readonly streams: LogStreams;
  readonly logs: LogReader;
  readonly clock: Clock;
}): LogsHandlers {
  return {
    GetLogEvents: (input, call) => getLogEvents(options, input, call),
    FilterLogEvents: (input, call) => filterLogEvents(options, input, call),
    DescribeLogGroups: createDescribeLogGroups(options),
    DescribeLogStreams: (input, call) => describeLogStreams(options, input, call),
  };
}
