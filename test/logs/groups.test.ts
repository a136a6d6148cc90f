import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  ListTagsLogGroupCommand,
  PutLogEventsCommand,
  PutLogGroupDeletionProtectionCommand,
  PutRetentionPolicyCommand,
  TagLogGroupCommand,
  TagResourceCommand,
  UntagLogGroupCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { until } from "../support/until.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { logsClient } from "../wire/harness.ts";
import { GROUP, lines, logsService } from "./service.ts";

const DAY_MS = 86_400_000;
const arnOf = (group: string) => `arn:aws:logs:us-east-1:123456789012:log-group:${group}`;
const groupMissing = { name: "ResourceNotFoundException", message: "The specified log group does not exist." };
const streamMissing = { name: "ResourceNotFoundException", message: "The specified log stream does not exist." };

async function namesOf(client: CloudWatchLogsClient, input: Parameters<CloudWatchLogs["describeLogGroups"]>[0] = {}) {
  const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand(input));
  return logGroups.map(({ logGroupName }) => logGroupName);
}

test("groups are made, described with all that was said, and removed", async (t) => {
  const clock = new VirtualClock();
  const { client } = await logsService(t, clock);
  const logGroupName = "/my/jobs-1.0_#x";
  const logGroupClass = "INFREQUENT_ACCESS";
  await client.send(new CreateLogGroupCommand({ logGroupName, logGroupClass, tags: { team: "blue" } }));
  await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 7 }));
  const described = async () =>
    (await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/my" }))).logGroups;
  const group = {
    logGroupName,
    creationTime: clock.now(),
    metricFilterCount: 0,
    arn: `${arnOf(logGroupName)}:*`,
    storedBytes: 0,
    logGroupClass,
    logGroupArn: arnOf(logGroupName),
    deletionProtectionEnabled: false,
  };
  assert.deepEqual(await described(), [{ ...group, retentionInDays: 7 }]);
  await client.send(new DeleteRetentionPolicyCommand({ logGroupName }));
  assert.deepEqual(await described(), [group]);
  await assert.rejects(client.send(new CreateLogGroupCommand({ logGroupName })), {
    name: "ResourceAlreadyExistsException",
    message: "The specified log group already exists",
  });
  await client.send(new DeleteLogGroupCommand({ logGroupName }));
  assert.deepEqual(await described(), []);
  for (const command of [
    new DeleteLogGroupCommand({ logGroupName }),
    new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 }),
    new DeleteRetentionPolicyCommand({ logGroupName }),
    new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }),
    new DeleteLogStreamCommand({ logGroupName, logStreamName: "s" }),
    new ListTagsLogGroupCommand({ logGroupName }),
    new TagResourceCommand({ resourceArn: arnOf(logGroupName), tags: { a: "b" } }),
    new DescribeLogStreamsCommand({ logGroupName }),
  ]) {
    await assert.rejects(client.send(command as DeleteLogGroupCommand), groupMissing, command.constructor.name);
  }
  await client.send(new CreateLogGroupCommand({ logGroupName }));
  assert.deepEqual((await client.send(new ListTagsLogGroupCommand({ logGroupName }))).tags, {});
});

test("what a group cannot be is refused", async (t) => {
  const { client } = await logsService(t);
  const refused = async (input: ConstructorParameters<typeof CreateLogGroupCommand>[0], message: string | RegExp) =>
    assert.rejects(client.send(new CreateLogGroupCommand(input)), { name: "InvalidParameterException", message });
  await refused({ logGroupName: "aws/x" }, "Log group names cannot start with aws/.");
  await refused({ logGroupName: "x", kmsKeyId: "k" }, /^kmsKeyId is not available here/);
  await refused({ logGroupName: "x", logGroupClass: "DELIVERY" }, /^The log group class DELIVERY is not available/);
  await refused({ logGroupName: "x", tags: { "aws:x": "" } }, "Tag keys and values must not start with aws:.");
  assert.deepEqual(await namesOf(client), [GROUP]);
});

test("groups by prefix, part of the name, class and identifiers, in pages", async (t) => {
  const { client } = await logsService(t);
  const names = ["/a", "/aws/batch/joa", "/aws/batch/joc", "B", "a-b", "b"];
  for (const logGroupName of names) await client.send(new CreateLogGroupCommand({ logGroupName }));
  const logGroupClass = "INFREQUENT_ACCESS";
  await client.send(new CreateLogGroupCommand({ logGroupName: "cold", logGroupClass }));
  const sorted = [...names, GROUP, "cold"].toSorted();
  assert.deepEqual(await namesOf(client), sorted);
  for (const limit of [1, 2, 3, 7]) {
    const paged: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(new DescribeLogGroupsCommand({ limit, nextToken }));
      paged.push(...(page.logGroups ?? []).map((group) => group.logGroupName));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    assert.deepEqual(paged, sorted, `${limit}`);
  }
  assert.deepEqual(await namesOf(client, { logGroupNamePrefix: "/aws" }), ["/aws/batch/joa", GROUP, "/aws/batch/joc"]);
  assert.deepEqual(await namesOf(client, { logGroupNamePattern: "b" }), [
    "/aws/batch/joa",
    GROUP,
    "/aws/batch/joc",
    "a-b",
    "b",
  ]);
  assert.deepEqual(await namesOf(client, { logGroupClass }), ["cold"]);
  const logGroupIdentifiers = ["b", arnOf("B"), `${arnOf(GROUP)}:*`, "none"];
  assert.deepEqual(await namesOf(client, { logGroupIdentifiers }), [GROUP, "B", "b"]);
  assert.deepEqual(await namesOf(client, { includeLinkedAccounts: true, accountIdentifiers: ["210987654321"] }), []);
  const brief = await client.send(new DescribeLogGroupsCommand({ logGroupNamePattern: "cold" }));
  assert.deepEqual(Object.keys(brief.logGroups![0]!).sort(), ["arn", "creationTime", "logGroupName"]);
  const invalid = (message: string) => ({ name: "InvalidParameterException", message });
  await assert.rejects(
    namesOf(client, { logGroupNamePrefix: "a", logGroupNamePattern: "b" }),
    invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."),
  );
  await assert.rejects(
    namesOf(client, { logGroupIdentifiers, logGroupNamePrefix: "a" }),
    invalid("logGroupIdentifiers cannot be combined with another filter."),
  );
  const { nextToken } = await client.send(new DescribeLogGroupsCommand({ limit: 1 }));
  await assert.rejects(
    namesOf(client, { logGroupNamePrefix: "/", nextToken }),
    invalid("The specified nextToken is invalid."),
  );
});

test("deletion protection", async (t) => {
  const { client } = await logsService(t);
  const logGroupName = "kept";
  await client.send(new CreateLogGroupCommand({ logGroupName, deletionProtectionEnabled: true }));
  await assert.rejects(client.send(new DeleteLogGroupCommand({ logGroupName })), {
    name: "ValidationException",
    message: "Cannot delete log group with deletion protection enabled. Disable deletion protection first.",
  });
  const protect = (deletionProtectionEnabled: boolean) =>
    client.send(
      new PutLogGroupDeletionProtectionCommand({ logGroupIdentifier: arnOf(logGroupName), deletionProtectionEnabled }),
    );
  await protect(false);
  await protect(true);
  await assert.rejects(client.send(new DeleteLogGroupCommand({ logGroupName })), { name: "ValidationException" });
  await protect(false);
  await client.send(new DeleteLogGroupCommand({ logGroupName }));
});

test("tags, by today's operations and by those of before", async (t) => {
  const { client } = await logsService(t);
  const logGroupName = GROUP;
  const resourceArn = arnOf(GROUP);
  await client.send(new TagResourceCommand({ resourceArn, tags: { a: "1", b: "2" } }));
  await client.send(new TagLogGroupCommand({ logGroupName, tags: { b: "3", "c d": "" } }));
  const tags = async () =>
    (await client.send(new ListTagsForResourceCommand({ resourceArn: `${resourceArn}:*` }))).tags;
  assert.deepEqual(await tags(), { a: "1", b: "3", "c d": "" });
  await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a", "none"] }));
  await client.send(new UntagLogGroupCommand({ logGroupName, tags: ["b"] }));
  assert.deepEqual(await tags(), { "c d": "" });
  assert.deepEqual((await client.send(new ListTagsLogGroupCommand({ logGroupName }))).tags, { "c d": "" });
  const fifty = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, "v"]));
  await assert.rejects(client.send(new TagResourceCommand({ resourceArn, tags: fifty })), {
    name: "TooManyTagsException",
    message: "A resource can have no more than 50 tags.",
  });
  await assert.rejects(client.send(new TagResourceCommand({ resourceArn, tags: { k: "aws:x" } })), {
    name: "InvalidParameterException",
  });
  await assert.rejects(client.send(new ListTagsForResourceCommand({ resourceArn: GROUP })), {
    name: "InvalidParameterException",
    message: `Not the ARN of a log group: ${GROUP}`,
  });
  const elsewhere = resourceArn.replace("us-east-1", "eu-west-1");
  await assert.rejects(client.send(new ListTagsForResourceCommand({ resourceArn: elsewhere })), groupMissing);
  assert.deepEqual(await tags(), { "c d": "" });
});

test("streams are made once, and gone with all their events, also those of jobs", async (t) => {
  const { client, logs, addStream, database, removeOld } = await logsService(t);
  const logGroupName = GROUP;
  const name = { logGroupName, logStreamName: "mine" };
  await client.send(new CreateLogStreamCommand(name));
  await assert.rejects(client.send(new CreateLogStreamCommand(name)), {
    name: "ResourceAlreadyExistsException",
    message: "The specified log stream already exists",
  });
  const put = () =>
    client.send(new PutLogEventsCommand({ ...name, logEvents: [{ timestamp: Date.now(), message: "m" }] }));
  await put();
  const ended = await addStream("ended", { endedAt: 9_000 });
  const running = await addStream("running");
  for (const id of [ended, running])
    logs.append(
      id,
      lines(2, 5_000, 1, () => "m"),
    );
  await until("both logs are written", () => [ended, running].every((id) => existsSync(logs.path(id))));
  for (const logStreamName of ["mine", "ended", "running"]) {
    await client.send(new DeleteLogStreamCommand({ logGroupName, logStreamName }));
    await assert.rejects(client.send(new GetLogEventsCommand({ logGroupName, logStreamName })), streamMissing);
    await assert.rejects(client.send(new DeleteLogStreamCommand({ logGroupName, logStreamName })), streamMissing);
  }
  assert.deepEqual((await client.send(new FilterLogEventsCommand({ logGroupName }))).events, []);
  await client.send(new CreateLogStreamCommand(name));
  assert.deepEqual((await client.send(new GetLogEventsCommand(name))).events, []);
  await removeOld();
  assert.equal((await database.read("SELECT count(*) AS n FROM log_events"))[0]!["n"], 0);
  // What an attempt still writes goes when it is over.
  assert.deepEqual(
    [ended, running].map((id) => existsSync(logs.path(id))),
    [false, true],
  );
  assert.equal((await database.read("SELECT count(*) AS n FROM log_streams"))[0]!["n"], 2);
});

test("a deleted group is gone at once, its events soon; the same name is another group", async (t) => {
  const { client, logs, addStream, database, removeOld } = await logsService(t);
  const group = "big";
  const id = await addStream("job", { group, endedAt: 9_000 });
  logs.append(
    id,
    lines(1, 5_000, 1, () => "m"),
  );
  for (let n = 0; n < 30; n += 1) {
    const stream = { logGroupName: group, logStreamName: `s${n}` };
    await client.send(new CreateLogStreamCommand(stream));
    const logEvents = lines(300, Date.now(), 0, () => "m");
    await client.send(new PutLogEventsCommand({ ...stream, logEvents }));
  }
  const page = await client.send(new GetLogEventsCommand({ logGroupName: group, logStreamName: "s1" }));
  await client.send(new DeleteLogGroupCommand({ logGroupName: group }));
  await client.send(new CreateLogGroupCommand({ logGroupName: group }));
  await client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: "s1" }));
  await assert.rejects(
    client.send(
      new GetLogEventsCommand({ logGroupName: group, logStreamName: "s1", nextToken: page.nextForwardToken }),
    ),
    { name: "InvalidParameterException" },
  );
  assert.deepEqual((await client.send(new FilterLogEventsCommand({ logGroupName: group }))).events, []);
  await removeOld();
  const count = async (table: string) => (await database.read(`SELECT count(*) AS n FROM ${table}`))[0]!["n"];
  assert.deepEqual(
    [await count("log_events"), await count("log_streams"), await count("log_groups"), existsSync(logs.path(id))],
    [0, 1, 1, false],
  );
});

test("the group of Batch can be emptied, and is there again", async (t) => {
  const { client, addStream } = await logsService(t);
  await addStream("a");
  await client.send(new TagLogGroupCommand({ logGroupName: GROUP, tags: { a: "b" } }));
  await client.send(new DeleteLogGroupCommand({ logGroupName: GROUP }));
  await client.send(new DeleteLogGroupCommand({ logGroupName: GROUP }));
  assert.deepEqual(await namesOf(client), [GROUP]);
  assert.deepEqual((await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP }))).logStreams, []);
  await assert.rejects(client.send(new CreateLogGroupCommand({ logGroupName: GROUP })), {
    name: "ResourceAlreadyExistsException",
  });
});

test("a retention hides old events at once and removes them soon", async (t) => {
  const clock = new VirtualClock(Date.now()); // files have the machine's own time
  const { client, logs, addStream, database, removeOld } = await logsService(t, clock);
  const now = clock.now();
  const stream = { logGroupName: GROUP, logStreamName: "mine" };
  await client.send(new CreateLogStreamCommand(stream));
  const put = (days: number) =>
    client.send(
      new PutLogEventsCommand({ ...stream, logEvents: lines(2, clock.now() - days * DAY_MS, 1, () => `${days} days`) }),
    );
  for (const days of [10, 5, 1]) await put(days);
  const old = await addStream("old", { createdAt: now - 9 * DAY_MS, endedAt: now - 8 * DAY_MS });
  logs.append(
    old,
    lines(3, now - 9 * DAY_MS, 1, () => "old"),
  );
  const long = await addStream("long", { createdAt: now - 9 * DAY_MS, endedAt: now });
  logs.append(long, [
    { timestamp: now - 9 * DAY_MS, message: "long ago" },
    { timestamp: now - DAY_MS, message: "lately" },
  ]);
  await client.send(new PutRetentionPolicyCommand({ logGroupName: GROUP, retentionInDays: 7 }));
  const get = async (logStreamName: string) =>
    (await client.send(new GetLogEventsCommand({ ...stream, logStreamName, startFromHead: true }))).events?.map(
      ({ message }) => message,
    );
  const filter = async () =>
    (await client.send(new FilterLogEventsCommand({ logGroupName: GROUP }))).events?.map(({ message }) => message);
  const check = async () => {
    assert.deepEqual(await get("mine"), ["5 days", "5 days", "1 days", "1 days"]);
    assert.deepEqual(await get("old"), []);
    assert.deepEqual(await get("long"), ["lately"]);
    assert.deepEqual(await filter(), ["5 days", "5 days", "lately", "1 days", "1 days"]);
    const { logStreams } = await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP }));
    assert.deepEqual(
      logStreams?.map((one) => [one.logStreamName, one.firstEventTimestamp, one.lastEventTimestamp]),
      [
        ["long", now - DAY_MS, now - DAY_MS],
        ["mine", now - 5 * DAY_MS, now - DAY_MS + 1],
        ["old", undefined, undefined],
      ],
    );
  };
  await check();
  await removeOld();
  await check();
  assert.equal((await database.read("SELECT count(*) AS n FROM log_events"))[0]!["n"], 4);
  assert.deepEqual(
    [old, long].map((id) => existsSync(logs.path(id))),
    [false, true],
  );
  clock.advance(30 * DAY_MS);
  assert.deepEqual(await filter(), []);
  await removeOld();
  await removeOld();
  assert.equal((await database.read("SELECT count(*) AS n FROM log_events"))[0]!["n"], 0);
  assert.deepEqual(await get("mine"), []);
  await put(0);
  assert.deepEqual(await filter(), ["0 days", "0 days"]);
  const { logStreams } = await client.send(
    new DescribeLogStreamsCommand({ logGroupName: GROUP, logStreamNamePrefix: "m" }),
  );
  assert.equal(logStreams?.[0]?.firstEventTimestamp, clock.now());
});

test("accounts and regions do not see each other's groups", async (t) => {
  const { client, endpoint } = await logsService(t);
  const logGroupName = "shared-name";
  const stream = { logGroupName, logStreamName: "s" };
  const elsewhere = logsClient(t, endpoint, "eu-west-1");
  const credentials = { accessKeyId: "210987654321", secretAccessKey: "x" };
  const other = new CloudWatchLogsClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
  t.after(() => other.destroy());
  for (const [n, one] of [client, elsewhere, other].entries()) {
    assert.deepEqual(await namesOf(one), [GROUP]);
    await assert.rejects(one.send(new GetLogEventsCommand(stream)), groupMissing);
    await one.send(new CreateLogGroupCommand({ logGroupName, tags: { n: `${n}` } }));
    await one.send(new CreateLogStreamCommand(stream));
    await one.send(new PutLogEventsCommand({ ...stream, logEvents: [{ timestamp: Date.now(), message: `${n}` }] }));
  }
  await client.send(new DeleteLogStreamCommand(stream));
  for (const [n, one] of [elsewhere, other].entries()) {
    const { events } = await one.send(new FilterLogEventsCommand({ logGroupName }));
    assert.deepEqual(
      events?.map(({ message }) => message),
      [`${n + 1}`],
    );
    assert.deepEqual((await one.send(new ListTagsLogGroupCommand({ logGroupName }))).tags, { n: `${n + 1}` });
  }
});
