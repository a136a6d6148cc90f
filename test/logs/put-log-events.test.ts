import assert from "node:assert/strict";
import { test } from "node:test";
import type { CloudWatchLogsClient, InputLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogStreamCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { GROUP, lines, logsService } from "./service.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const stream = { logGroupName: "mine", logStreamName: "a stream" };

async function create(client: CloudWatchLogsClient): Promise<void> {
  await client.send(new CreateLogGroupCommand({ logGroupName: stream.logGroupName }));
  await client.send(new CreateLogStreamCommand(stream));
}

function put(client: CloudWatchLogsClient, logEvents: InputLogEvent[], where: Partial<typeof stream> = {}) {
  return client.send(new PutLogEventsCommand({ ...stream, ...where, logEvents, sequenceToken: "ignored" }));
}

async function all(client: CloudWatchLogsClient): Promise<(string | undefined)[]> {
  const page = await client.send(new GetLogEventsCommand({ ...stream, startFromHead: true }));
  return (page.events ?? []).map(({ message }) => message);
}

test("what is put is read, in order of time, whatever the order in which it came", async (t) => {
  const clock = new VirtualClock();
  const { client } = await logsService(t, clock);
  await create(client);
  const now = clock.now();
  const odd = 'quotes " and \\, a NUL \0, lines\r\nand tabs\t, 日本 😀, lone \ud800 half';
  const first = await put(client, [
    { timestamp: now - 50, message: "b" },
    { timestamp: now - 50, message: "c" },
    { timestamp: now, message: odd },
  ]);
  assert.match(first.nextSequenceToken ?? "", /^\d{56}$/);
  assert.equal(first.rejectedLogEventsInfo, undefined);
  clock.advance(7);
  await put(client, [
    { timestamp: now - 100, message: "a" },
    { timestamp: now - 50, message: "d" },
  ]);
  const page = await client.send(new GetLogEventsCommand({ ...stream, startFromHead: true }));
  assert.deepEqual(page.events, [
    { timestamp: now - 100, message: "a", ingestionTime: now + 7 },
    { timestamp: now - 50, message: "b", ingestionTime: now },
    { timestamp: now - 50, message: "c", ingestionTime: now },
    { timestamp: now - 50, message: "d", ingestionTime: now + 7 },
    { timestamp: now, message: odd.replace("\ud800", "\ufffd"), ingestionTime: now },
  ]);
  const found = await client.send(new FilterLogEventsCommand({ logGroupName: "mine", filterPattern: "%^[bd]$%" }));
  assert.deepEqual(
    found.events?.map(({ message, logStreamName }) => [message, logStreamName]),
    ["b", "d"].map((message) => [message, stream.logStreamName]),
  );
  assert.equal(new Set(found.events?.map(({ eventId }) => eventId)).size, 2);
  const described = await client.send(new DescribeLogStreamsCommand({ logGroupName: "mine" }));
  assert.deepEqual(described.logStreams, [
    {
      logStreamName: stream.logStreamName,
      creationTime: now,
      firstEventTimestamp: now - 100,
      lastEventTimestamp: now,
      lastIngestionTime: now + 7,
      uploadSequenceToken: first.nextSequenceToken,
      arn: `arn:aws:logs:us-east-1:123456789012:log-group:mine:log-stream:${stream.logStreamName}`,
      storedBytes: 0,
    },
  ]);
});

test("tokens of a stream that is put to: from its empty beginning, from its end, both ways", async (t) => {
  const { client } = await logsService(t);
  await create(client);
  const get = (input: { nextToken?: string | undefined; limit?: number; startFromHead?: boolean }) =>
    client.send(new GetLogEventsCommand({ ...stream, ...input }));
  const empty = await get({});
  assert.deepEqual(empty.events, []);
  assert.equal((await get({ nextToken: empty.nextForwardToken })).nextForwardToken, empty.nextForwardToken);
  const now = Date.now();
  await put(
    client,
    lines(10, now, 1, (n) => `m${n}`),
  );
  const grown = await get({ nextToken: empty.nextForwardToken, limit: 4 });
  assert.deepEqual(
    grown.events?.map(({ message }) => message),
    ["m0", "m1", "m2", "m3"],
  );
  const tail = await get({ limit: 3 });
  assert.deepEqual(
    tail.events?.map(({ message }) => message),
    ["m7", "m8", "m9"],
  );
  const before = await get({ nextToken: tail.nextBackwardToken, limit: 100 });
  assert.equal(before.events?.length, 7);
  const beginning = await get({ nextToken: before.nextBackwardToken });
  assert.deepEqual([beginning.events, beginning.nextBackwardToken], [[], before.nextBackwardToken]);
  await put(client, [{ timestamp: now + 10, message: "m10" }]);
  const news = await get({ nextToken: tail.nextForwardToken });
  assert.deepEqual(
    news.events?.map(({ message }) => message),
    ["m10"],
  );
});

test("large batches: 10,000 events, and a page of at most a megabyte", async (t) => {
  const { client } = await logsService(t);
  await create(client);
  const now = Date.now();
  await put(
    client,
    lines(10_000, now, 0, (n) => `${n}`),
  );
  assert.deepEqual(
    await all(client),
    lines(10_000, 0, 0, (n) => `${n}`).map(({ message }) => message),
  );
  const large = "x".repeat(400_000);
  for (let n = 1; n <= 4; n += 1) await put(client, [{ timestamp: now + n, message: large }]);
  const tail = await client.send(new GetLogEventsCommand(stream));
  assert.equal(tail.events?.length, 2);
  await put(client, [{ timestamp: now + 9, message: "y".repeat(1_048_550) }]);
  assert.equal((await client.send(new GetLogEventsCommand(stream))).events?.length, 1);
});

test("events that are too old, expired or too new are left out, and the answer says which", async (t) => {
  const clock = new VirtualClock();
  const { client } = await logsService(t, clock);
  await create(client);
  const now = clock.now();
  const at = (...times: number[]) => times.map((time, n) => ({ timestamp: now + time, message: `${n}` }));
  const rejected = async (...times: number[]) => (await put(client, at(...times))).rejectedLogEventsInfo;
  assert.deepEqual(await rejected(-20 * DAY_MS, -14 * DAY_MS - 1, -14 * DAY_MS), { tooOldLogEventEndIndex: 2 });
  assert.deepEqual(await rejected(0, 2 * HOUR_MS, 2 * HOUR_MS + 1, DAY_MS), { tooNewLogEventStartIndex: 2 });
  assert.deepEqual(await all(client), ["2", "0", "1"]);
  assert.deepEqual(await rejected(-15 * DAY_MS), { tooOldLogEventEndIndex: 1 });
  await client.send(new PutRetentionPolicyCommand({ logGroupName: "mine", retentionInDays: 3 }));
  assert.deepEqual(await rejected(-15 * DAY_MS, -4 * DAY_MS, -3 * DAY_MS), {
    tooOldLogEventEndIndex: 1,
    expiredLogEventEndIndex: 2,
  });
  // The retention hides the oldest of before, and lets the last of these in.
  assert.deepEqual(await all(client), ["2", "0", "1"]);
});

test("what cannot be put is refused in AWS's words, and nothing of it is kept", async (t) => {
  const { client, addStream } = await logsService(t);
  await create(client);
  const now = Date.now();
  const one = [{ timestamp: now, message: "m" }];
  const invalid = (message: string | RegExp) => ({ name: "InvalidParameterException", message });
  await assert.rejects(
    put(client, [...one, { timestamp: now - 1, message: "m" }]),
    invalid("Log events in a single PutLogEvents request must be in chronological order."),
  );
  await assert.rejects(
    put(client, [{ timestamp: now - 2 * DAY_MS, message: "m" }, ...one]),
    invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours."),
  );
  await assert.rejects(
    put(client, [{ timestamp: now, message: "é".repeat(524_276) }]),
    invalid("Upload too large: 1048578 bytes exceeds limit of 1048576"),
  );
  const missing = (what: string) => ({
    name: "ResourceNotFoundException",
    message: `The specified log ${what} does not exist.`,
  });
  await assert.rejects(put(client, one, { logGroupName: "none" }), missing("group"));
  await assert.rejects(put(client, one, { logStreamName: "none" }), missing("stream"));
  await addStream("def/default/1");
  await assert.rejects(
    put(client, one, { logGroupName: GROUP, logStreamName: "def/default/1" }),
    invalid(/^The log stream def\/default\/1 holds the output of a job, and nothing else is put to it\./),
  );
  assert.deepEqual(await all(client), []);
  await client.send(new DeleteLogStreamCommand(stream));
  await assert.rejects(put(client, one), missing("stream"));
});

test("puts at the same time are all kept", async (t) => {
  const { client } = await logsService(t);
  await create(client);
  const now = Date.now();
  const batches = Array.from({ length: 40 }, (_, n) => lines(25, now, 0, (m) => `${n}.${m}`));
  await Promise.all(batches.map((batch) => put(client, batch)));
  const texts = batches.flat().map(({ message }) => message);
  assert.deepEqual(new Set(await all(client)), new Set(texts));
  assert.equal((await all(client)).length, texts.length);
});
