import type { LogGroup } from "../../ports/log-groups.ts";
import type { LogStream, StreamPlace } from "../../ports/log-streams.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { readerOf, visibleFrom } from "./backend.ts";
import { groupArn, requestedGroup } from "./groups.ts";
import { inParallel } from "./in-parallel.ts";
import { ListTokens } from "./list-tokens.ts";
import { sequenceToken } from "./tokens.ts";
import { TEXTS } from "./texts.ts";

const MAX_STREAMS = 50;
/** Streams of attempts that run, as many as are put in order of what they wrote last. */
const RUNNING_STREAMS = 5_000;

type Input = LogsInput<"DescribeLogStreams">;
type Detail = NonNullable<LogsOutput<"DescribeLogStreams">["logStreams"]>[number];

interface Query {
  readonly group: LogGroup;
  readonly prefix: string | undefined;
  readonly descending: boolean;
  readonly limit: number;
}

/** The streams of a group with the times of their first and last events. */
export async function describeLogStreams(
  backend: LogsBackend,
  input: Input,
  call: Call,
): Promise<LogsOutput<"DescribeLogStreams">> {
  const byTime = input.orderBy === "LastEventTime";
  if (byTime && input.logStreamNamePrefix !== undefined) throw invalidParameterException(TEXTS.orderedWithPrefix);
  const group = await requestedGroup(backend, call, input);
  const { logStreamNamePrefix: prefix, descending = false, limit = MAX_STREAMS } = input;
  const query: Query = { group, prefix, descending, limit: limit + 1 };
  const bound = ["DescribeLogStreams", group.id, prefix ?? null, descending, byTime];
  const tokens = new ListTokens<StreamPlace>(backend, call, bound);
  const after = tokens.open(input.nextToken);
  const found = byTime ? await pageByTime(backend, query, after) : await pageByName(backend, query, after);
  const page = found.slice(0, limit);
  return {
    logStreams: await inParallel(page, async ({ stream }) => detail(backend, group, stream, call)),
    ...(found.length > limit && { nextToken: tokens.sign(placeOf(page.at(-1)!)) }),
  };
}

/** A stream with the time that it is ordered by. */
interface Ordered {
  readonly stream: LogStream;
  readonly time: number;
}

function placeOf({ stream, time }: Ordered): StreamPlace {
  return { time, name: stream.name };
}

async function pageByName(
  backend: LogsBackend,
  { group, prefix, descending, limit }: Query,
  after: StreamPlace | undefined,
): Promise<Ordered[]> {
  const streams = await backend.streams.list(group.id, {
    limit,
    descending,
    ...(prefix !== undefined && { prefix }),
    ...(after !== undefined && { after: after.name }),
  });
  return streams.map((stream) => ({ stream, time: 0 }));
}

/** Streams that have ended are in order in the store; those of running attempts are put between them. */
async function pageByTime(
  backend: LogsBackend,
  { group, descending, limit }: Query,
  after: StreamPlace | undefined,
): Promise<Ordered[]> {
  const compare = (one: Ordered, other: Ordered): number =>
    (descending ? -1 : 1) * comparePlaces(placeOf(one), placeOf(other));
  const query = { descending, limit, ...(after !== undefined && { after }) };
  const ended = await backend.streams.byLastEvent(group.id, query);
  const running = await backend.streams.running(group.id, RUNNING_STREAMS);
  const ordered = [
    ...ended.map((stream) => ({ stream, time: stream.lastEventAt! })),
    ...(await inParallel(running, async (stream) => {
      const time = (await backend.output.changedAt(stream.logId)) ?? stream.createdAt;
      return { stream, time };
    })),
  ].toSorted(compare);
  if (after === undefined) return ordered.slice(0, limit);
  const direction = descending ? -1 : 1;
  return ordered.filter((one) => direction * comparePlaces(placeOf(one), after) > 0).slice(0, limit);
}

function comparePlaces(one: StreamPlace, other: StreamPlace): number {
  return one.time - other.time || Buffer.compare(Buffer.from(one.name), Buffer.from(other.name));
}

async function detail(backend: LogsBackend, group: LogGroup, stream: LogStream, call: Call): Promise<Detail> {
  const extent = await extentOf(backend, group, stream);
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAt,
    ...(extent !== undefined && {
      firstEventTimestamp: extent.first,
      lastEventTimestamp: extent.last,
      lastIngestionTime: stream.lastIngestedAt ?? extent.last,
      uploadSequenceToken: sequenceToken(stream.logId),
    }),
    arn: `${groupArn(call, group.name)}:log-stream:${stream.name}`,
    storedBytes: 0,
  };
}

/** The times of the first and the last event that can be seen; undefined without any. */
async function extentOf(
  backend: LogsBackend,
  group: LogGroup,
  stream: LogStream,
): Promise<{ first: number; last: number } | undefined> {
  if (stream.isEmpty) return undefined;
  const startTime = visibleFrom(group, backend.clock.now());
  const range = { limit: 1, maxBytes: 1, ...(startTime !== undefined && { startTime }) };
  const reader = readerOf(backend, stream);
  const [head] = (await reader.read(stream.logId, { ...range, position: "head", direction: "forward" })).events;
  const [tail] = (await reader.read(stream.logId, { ...range, position: "tail", direction: "backward" })).events;
  return head && tail && { first: head.timestamp, last: tail.timestamp };
}
