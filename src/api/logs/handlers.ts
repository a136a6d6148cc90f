import { Slots } from "../load/slots.ts";
import type { LogsHandlers, LogsOperationName } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { checkInput } from "./constraints.ts";
import { createDescribeLogGroups } from "./describe-log-groups.ts";
import { describeLogStreams } from "./describe-log-streams.ts";
import { filterLogEvents } from "./filter-log-events.ts";
import { getLogEvents } from "./get-log-events.ts";
import { groupHandlers } from "./group-operations.ts";
import { putLogEvents } from "./put-log-events.ts";
import { streamHandlers } from "./stream-operations.ts";
import { tagHandlers } from "./tag-operations.ts";

/** Each holds up to 32 MiB of what it has read, and most of them a few. */
const READERS = 8;

/**
 * CloudWatch Logs, as far as the clients of Batch use it. Each request is checked against the constraints of the service's model before its
 * handler sees it.
 */
export function createLogsHandlers(backend: LogsBackend): Required<LogsHandlers> {
  const reading = new Slots(READERS);
  const handlers: Required<LogsHandlers> = {
    ...groupHandlers(backend),
    ...streamHandlers(backend),
    ...tagHandlers(backend),
    PutLogEvents: (input, call) => putLogEvents(backend, input, call),
    GetLogEvents: (input, call) => reading.run(call.account, () => getLogEvents(backend, input, call)),
    FilterLogEvents: (input, call) => reading.run(call.account, () => filterLogEvents(backend, input, call)),
    DescribeLogGroups: createDescribeLogGroups(backend),
    DescribeLogStreams: (input, call) => describeLogStreams(backend, input, call),
  };
  const entries = Object.entries(handlers).map(([operation, handler]) => [
    operation,
    checked(operation as LogsOperationName, handler),
  ]);
  return Object.fromEntries(entries) as Required<LogsHandlers>;
}

type AnyHandler = (input: never, call: never) => Promise<object>;

function checked(operation: LogsOperationName, handler: AnyHandler): AnyHandler {
  return async (input, call) => {
    checkInput(operation, input);
    return handler(input, call);
  };
}
