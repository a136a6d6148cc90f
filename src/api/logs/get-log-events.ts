import type { LogQuery } from "../../ports/logs.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { readerOf, visibleFrom } from "./backend.ts";
import { requestedGroup, requireStream } from "./groups.ts";
import { positionToken, readPositionToken } from "./tokens.ts";

const MAX_EVENTS = 10_000;

type Input = LogsInput<"GetLogEvents">;

/** One stream's events: the latest ones first unless `startFromHead`; a token has its own direction. */
export async function getLogEvents(
  backend: LogsBackend,
  input: Input,
  call: Call,
): Promise<LogsOutput<"GetLogEvents">> {
  const group = await requestedGroup(backend, call, input);
  const stream = await requireStream(backend, group, input.logStreamName);
  const startTime = latest(input.startTime, visibleFrom(group, backend.clock.now()));
  const page = await readerOf(backend, stream).read(stream.logId, {
    ...startOf(backend, stream.logId, input),
    limit: input.limit ?? MAX_EVENTS,
    ...(startTime !== undefined && { startTime }),
    ...(input.endTime !== undefined && { endTime: input.endTime }),
  });
  const tokenAt = (direction: "forward" | "backward", position: bigint): string =>
    positionToken(backend.tokens, stream.logId, { position, direction });
  return {
    events: page.events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
    nextForwardToken: tokenAt("forward", page.forwardPosition),
    nextBackwardToken: tokenAt("backward", page.backwardPosition),
  };
}

/** The later of two times, either of which may be missing. */
export function latest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

function startOf(backend: LogsBackend, logId: string, input: Input): Pick<LogQuery, "position" | "direction"> {
  const { nextToken, startFromHead } = input;
  if (nextToken !== undefined && nextToken !== "") return readPositionToken(backend.tokens, logId, nextToken);
  return startFromHead === true
    ? { position: "head", direction: "forward" }
    : { position: "tail", direction: "backward" };
}
