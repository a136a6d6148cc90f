import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeLogGroupsCommand, DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import type { CloudWatchLogsClient, DescribeLogStreamsCommandInput } from "@aws-sdk/client-cloudwatch-logs";
import { GROUP, lines, logsService } from "./service.ts";

async function streamNames(client: CloudWatchLogsClient, input: Partial<DescribeLogStreamsCommandInput>) {
  const names: (string | undefined)[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < 100; pages += 1) {
    const page = await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP, ...input, nextToken }));
    assert.ok((page.logStreams ?? []).length <= (input.limit ?? 50));
    names.push(...(page.logStreams ?? []).map((stream) => stream.logStreamName));
    nextToken = page.nextToken;
    if (nextToken === undefined) return names;
  }
  throw new Error("Paging does not end");
}

test("the group of Batch is always there, others with their first stream", async (t) => {
  const { client, addStream } = await logsService(t);
  const groups = async (input = {}) => (await client.send(new DescribeLogGroupsCommand(input))).logGroups ?? [];
  assert.deepEqual(
    (await groups()).map((group) => group.logGroupName),
    [GROUP],
  );
  await addStream("s", { group: "/my/jobs", createdAt: 77 });
  await addStream("s", { createdAt: 66 });
  const arn = "arn:aws:logs:us-east-1:123456789012:log-group:/my/jobs";
  assert.deepEqual((await groups({ logGroupNamePrefix: "/my" }))[0], {
    logGroupName: "/my/jobs",
    creationTime: 77,
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: 0,
    logGroupClass: "STANDARD",
    logGroupArn: arn,
    deletionProtectionEnabled: false,
  });
  assert.deepEqual(
    (await groups({ logGroupNamePattern: "batch" })).map((group) => group.creationTime),
    [66],
  );
  const first = await client.send(new DescribeLogGroupsCommand({ limit: 1 }));
  const second = await client.send(new DescribeLogGroupsCommand({ limit: 1, nextToken: first.nextToken }));
  assert.deepEqual(
    second.logGroups?.map((group) => group.logGroupName),
    ["/my/jobs"],
  );
  assert.equal(second.nextToken, undefined);
  await assert.rejects(groups({ logGroupNamePrefix: "a", logGroupNamePattern: "b" }), {
    name: "InvalidParameterException",
  });
  await assert.rejects(groups({ nextToken: "x" }), { name: "InvalidParameterException" });
});

test("streams by name and by last event, both ways, in pages", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  const names = Array.from({ length: 120 }, (_, n) => `job/${String(n).padStart(3, "0")}`);
  for (const [n, name] of names.entries()) {
    const times = lines(2, 5_000 + ((n * 7) % 120), 1_000, () => "m");
    logs.append(await addStream(name, { createdAt: 1_000 + n, endedAt: times[1]!.timestamp }), times);
  }
  await addStream("silent", { createdAt: 2_000, endedAt: 2_100 });
  const byTime = [...names.keys()]
    .toSorted((one, other) => ((one * 7) % 120) - ((other * 7) % 120))
    .map((n) => names[n]);
  assert.deepEqual(await streamNames(client, {}), [...names, "silent"]);
  assert.deepEqual(await streamNames(client, { descending: true, limit: 7 }), ["silent", ...names.toReversed()]);
  assert.deepEqual(await streamNames(client, { logStreamNamePrefix: "job/01" }), names.slice(10, 20));
  assert.deepEqual(await streamNames(client, { orderBy: "LastEventTime" }), ["silent", ...byTime]);
  const latest = await streamNames(client, { orderBy: "LastEventTime", descending: true, limit: 9 });
  assert.deepEqual(latest, [...byTime.toReversed(), "silent"]);
});

test("a stream tells its times; one without events has none", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  logs.append(
    await addStream("a", { createdAt: 4_000 }),
    lines(3, 5_000, 100, () => "m"),
  );
  await addStream("b", { createdAt: 4_001 });
  const { logStreams } = await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP }));
  const arn = `arn:aws:logs:us-east-1:123456789012:log-group:${GROUP}:log-stream:`;
  assert.deepEqual(logStreams, [
    {
      logStreamName: "a",
      creationTime: 4_000,
      firstEventTimestamp: 5_000,
      lastEventTimestamp: 5_200,
      lastIngestionTime: 5_200,
      uploadSequenceToken: logStreams?.[0]?.uploadSequenceToken,
      arn: `${arn}a`,
      storedBytes: 0,
    },
    { logStreamName: "b", creationTime: 4_001, arn: `${arn}b`, storedBytes: 0 },
  ]);
});

test("what is not there or not valid is refused", async (t) => {
  const { client } = await logsService(t);
  await assert.rejects(streamNames(client, { logGroupName: "none" }), { name: "ResourceNotFoundException" });
  assert.deepEqual(await streamNames(client, {}), []);
  const invalid = { name: "InvalidParameterException" };
  await assert.rejects(streamNames(client, { orderBy: "LastEventTime", logStreamNamePrefix: "a" }), invalid);
  await assert.rejects(streamNames(client, { limit: 51 }), invalid);
});
