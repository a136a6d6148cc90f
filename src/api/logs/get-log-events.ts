import type { LogStreams } from "../../ports/log-streams.ts";
import type { LogQuery, LogReader } from "../../ports/logs.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import { checkedLimit } from "./checks.ts";
import { missing, requestedGroup, scopeOf } from "./groups.ts";
import { positionToken, readPositionToken } from "./tokens.ts";

const MAX_EVENTS = 10_000;

/** One stream's events: the latest ones first unless `startFromHead`; a token has its own direction. */
export async function getLogEvents(
  { streams, logs }: { readonly streams: LogStreams; readonly logs: LogReader },
  input: LogsInput<"GetLogEvents">,
  call: Call,
): Promise<LogsOutput<"GetLogEvents">> {
  const group = requestedGroup(input, call);
  const limit = checkedLimit(input.limit, MAX_EVENTS);
  const scope = scopeOf(call);
  const stream = await streams.find(scope, group, input.logStreamName);
  if (stream === undefined) throw await missing(streams, scope, group);
  const { attemptId } = stream;
  const { startTime, endTime } = input;
  const page = await logs.read(attemptId, {
    ...startOf(attemptId, input),
    limit,
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime }),
  });
  return {
    events: page.events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
    nextForwardToken: positionToken(attemptId, { position: page.forwardPosition, direction: "forward" }),
    nextBackwardToken: positionToken(attemptId, { position: page.backwardPosition, direction: "backward" }),
  };
}

function startOf(attemptId: string, input: LogsInput<"GetLogEvents">): Pick<LogQuery, "position" | "direction"> {
  if (input.nextToken !== undefined && input.nextToken !== "") return readPositionToken(attemptId, input.nextToken);
  return input.startFromHead === true
    ? { position: "head", direction: "forward" }
    : { position: "tail", direction: "backward" };
}
