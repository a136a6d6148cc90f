import assert from "node:assert/strict";
import { test } from "node:test";
import { GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import type { CloudWatchLogsClient, GetLogEventsCommandInput, OutputLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { GROUP, lines, logsService } from "./service.ts";

const STREAM = "def/default/0001";

function get(client: CloudWatchLogsClient, input: Partial<GetLogEventsCommandInput> = {}) {
  return client.send(new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: STREAM, ...input }));
}

function messages(events: readonly OutputLogEvent[] | undefined): (string | undefined)[] {
  return (events ?? []).map((event) => event.message);
}

/** Pages as clients do: startFromHead in the first request only, until the token comes back. */
async function all(client: CloudWatchLogsClient, way: "forward" | "backward", limit?: number) {
  const collected: OutputLogEvent[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < 1_000; pages += 1) {
    const first = nextToken === undefined ? { startFromHead: way === "forward" } : { nextToken };
    const page = await get(client, limit === undefined ? first : { ...first, limit });
    const token = way === "forward" ? page.nextForwardToken : page.nextBackwardToken;
    if (way === "forward") collected.push(...(page.events ?? []));
    else collected.unshift(...(page.events ?? []));
    if (token === nextToken) {
      assert.deepEqual(page.events, []);
      return collected;
    }
    nextToken = token;
  }
  throw new Error("Paging does not end");
}

test("25,000 lines: forward and backward paging give each once", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  const expected = lines(25_000, 1_700_000_000_000, 1, (n) => `line ${n}`);
  logs.append(await addStream(STREAM), expected);
  const texts = expected.map((line) => line.message);
  assert.deepEqual(messages(await all(client, "forward")), texts);
  assert.deepEqual(messages(await all(client, "backward")), texts);
  assert.deepEqual(messages(await all(client, "backward", 7_001)), texts);
});

test("the latest events come first, in order; both tokens are there; events have both times", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  logs.append(
    await addStream(STREAM),
    lines(10, 5_000, 10, (n) => `m${n}`),
  );
  const latest = await get(client, { limit: 3 });
  assert.deepEqual(latest.events, [
    { timestamp: 5_070, message: "m7", ingestionTime: 5_070 },
    { timestamp: 5_080, message: "m8", ingestionTime: 5_080 },
    { timestamp: 5_090, message: "m9", ingestionTime: 5_090 },
  ]);
  const earlier = await get(client, { limit: 3, nextToken: latest.nextBackwardToken });
  assert.deepEqual(messages(earlier.events), ["m4", "m5", "m6"]);
  const back = await get(client, { limit: 2, nextToken: earlier.nextForwardToken });
  assert.deepEqual(messages(back.events), ["m7", "m8"]);
  const ranged = await get(client, { startTime: 5_020, endTime: 5_050 });
  assert.deepEqual(messages(ranged.events), ["m2", "m3", "m4"]);
  assert.match(latest.nextForwardToken ?? "", /^f\/\d{56}\/s$/);
});

test("new events appear under the token of the end, which stays until then", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  const id = await addStream(STREAM);
  const empty = await get(client, { startFromHead: true });
  assert.deepEqual(empty.events, []);
  const again = await get(client, { nextToken: empty.nextForwardToken });
  assert.equal(again.nextForwardToken, empty.nextForwardToken);
  assert.ok(again.nextBackwardToken);
  logs.append(
    id,
    lines(2, 5_000, 1, (n) => `m${n}`),
  );
  const grown = await get(client, { nextToken: empty.nextForwardToken });
  assert.deepEqual(messages(grown.events), ["m0", "m1"]);
  assert.notEqual(grown.nextForwardToken, empty.nextForwardToken);
  const end = await get(client, { nextToken: grown.nextForwardToken });
  assert.deepEqual([messages(end.events), end.nextForwardToken], [[], grown.nextForwardToken]);
});

test("the group may be named by its ARN", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  logs.append(
    await addStream(STREAM),
    lines(1, 5_000, 1, () => "hello"),
  );
  const arn = `arn:aws:logs:us-east-1:123456789012:log-group:${GROUP}`;
  for (const logGroupIdentifier of [arn, `${arn}:*`, GROUP]) {
    const page = await get(client, { logGroupName: undefined, logGroupIdentifier });
    assert.deepEqual(messages(page.events), ["hello"]);
  }
  const elsewhere = arn.replace("us-east-1", "eu-west-1");
  await assert.rejects(get(client, { logGroupName: undefined, logGroupIdentifier: elsewhere }), {
    name: "ResourceNotFoundException",
    message: "The specified log group does not exist.",
  });
  await assert.rejects(get(client, { logGroupIdentifier: arn }), {
    name: "ValidationException",
    message: "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
  });
  await assert.rejects(get(client, { logGroupName: undefined }), { name: "InvalidParameterException" });
});

test("what is not there or not valid is refused in AWS's words", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  logs.append(
    await addStream(STREAM),
    lines(1, 5_000, 1, () => "hello"),
  );
  logs.append(
    await addStream("other"),
    lines(1, 5_000, 1, () => "hello"),
  );
  const notFound = (what: string) => ({
    name: "ResourceNotFoundException",
    message: `The specified log ${what} does not exist.`,
  });
  await assert.rejects(get(client, { logGroupName: "none" }), notFound("group"));
  await assert.rejects(get(client, { logStreamName: "none" }), notFound("stream"));
  const foreign = (await get(client, { logStreamName: "other" })).nextForwardToken ?? "";
  const own = (await get(client)).nextForwardToken ?? "";
  const moved = own.replace(/^(f\/\d{15})\d/, (_all, digits: string) => `${digits}9`);
  for (const nextToken of [foreign, moved, "f/1", "nonsense", own.replace("/s", "")]) {
    await assert.rejects(get(client, { nextToken }), {
      name: "InvalidParameterException",
      message: "The specified nextToken is invalid.",
    });
  }
  for (const limit of [0, 10_001]) {
    await assert.rejects(get(client, { limit }), { name: "InvalidParameterException", message: /at 'limit'/ });
  }
});
