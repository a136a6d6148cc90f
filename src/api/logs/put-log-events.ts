import { EVENT_OVERHEAD_BYTES } from "../../ports/logs.ts";
import type { LogLine } from "../../ports/logs.ts";
import { invalidParameterException, resourceNotFoundException } from "../wire/errors.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { visibleFrom } from "./backend.ts";
import { requireGroup, requireStream } from "./groups.ts";
import { sequenceToken } from "./tokens.ts";
import { TEXTS } from "./texts.ts";

const MAX_BYTES = 1_048_576;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OLDEST_MS = 14 * DAY_MS;
const NEWEST_MS = 2 * HOUR_MS;

/** Keeps events before it answers. Those that are too old or too new are left out, and the answer says which. */
export async function putLogEvents(
  backend: LogsBackend,
  input: LogsInput<"PutLogEvents">,
  call: Call,
): Promise<LogsOutput<"PutLogEvents">> {
  const events = input.logEvents;
  checkBatch(events);
  const group = await requireGroup(backend, call, input.logGroupName);
  const stream = await requireStream(backend, group, input.logStreamName);
  if (stream.origin === "job") throw invalidParameterException(TEXTS.jobStream(stream.name));
  const now = backend.clock.now();
  const rejected = rejectedEvents(events, now, visibleFrom(group, now));
  const oldest = events.findIndex(({ timestamp }) => timestamp >= now - OLDEST_MS);
  checkSpan(oldest === -1 ? [] : events.slice(oldest, rejected.tooNewLogEventStartIndex));
  const from = Math.max(rejected.tooOldLogEventEndIndex ?? 0, rejected.expiredLogEventEndIndex ?? 0);
  const accepted = events.slice(from, rejected.tooNewLogEventStartIndex).map(storable);
  if (!(await backend.putEvents.append(stream.logId, accepted, now))) throw resourceNotFoundException(TEXTS.noStream);
  return {
    nextSequenceToken: sequenceToken(stream.logId),
    ...(Object.keys(rejected).length > 0 && { rejectedLogEventsInfo: rejected }),
  };
}

/** Half a surrogate pair has no UTF-8. */
function storable({ timestamp, message }: LogLine): LogLine {
  return { timestamp, message: message.toWellFormed() };
}

function checkBatch(events: readonly LogLine[]): void {
  if (events.some(({ timestamp }, index) => index > 0 && timestamp < events[index - 1]!.timestamp)) {
    throw invalidParameterException(TEXTS.notChronological);
  }
  const bytes = events.reduce((sum, { message }) => sum + Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES, 0);
  if (bytes > MAX_BYTES) throw invalidParameterException(TEXTS.tooLarge(bytes, MAX_BYTES));
}

function checkSpan(valid: readonly LogLine[]): void {
  const [first, last] = [valid[0], valid.at(-1)];
  if (first !== undefined && last !== undefined && last.timestamp - first.timestamp > DAY_MS) {
    throw invalidParameterException(TEXTS.tooLongSpan);
  }
}

/** Indexes in the batch: of the first event that is not too old, the first that has not expired, the first that is too new. */
interface Rejected {
  readonly tooOldLogEventEndIndex?: number;
  readonly expiredLogEventEndIndex?: number;
  readonly tooNewLogEventStartIndex?: number;
}

function rejectedEvents(events: readonly LogLine[], now: number, visible: number | undefined): Rejected {
  const countBefore = (time: number): number => {
    const found = events.findIndex(({ timestamp }) => timestamp >= time);
    return found === -1 ? events.length : found;
  };
  const tooOld = countBefore(now - OLDEST_MS);
  const expired = visible === undefined ? 0 : countBefore(visible);
  const tooNew = countBefore(now + NEWEST_MS + 1);
  return {
    ...(tooOld > 0 && { tooOldLogEventEndIndex: tooOld }),
    ...(expired > tooOld && { expiredLogEventEndIndex: expired }),
    ...(tooNew < events.length && { tooNewLogEventStartIndex: tooNew }),
  };
}
