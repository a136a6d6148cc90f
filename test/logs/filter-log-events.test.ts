import assert from "node:assert/strict";
import { test } from "node:test";
import { FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import type {
  CloudWatchLogsClient,
  FilteredLogEvent,
  FilterLogEventsCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import { GROUP, lines, logsService } from "./service.ts";

function filter(client: CloudWatchLogsClient, input: Partial<FilterLogEventsCommandInput> = {}) {
  return client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...input }));
}

async function all(
  client: CloudWatchLogsClient,
  input: Partial<FilterLogEventsCommandInput>,
  betweenPages: () => void | Promise<void> = () => {},
): Promise<FilteredLogEvent[]> {
  const events: FilteredLogEvent[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < 1_000; pages += 1) {
    const page = await filter(client, { ...input, nextToken });
    assert.deepEqual(page.searchedLogStreams, []);
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
    if (nextToken === undefined) return events;
    await betweenPages();
  }
  throw new Error("Paging does not end");
}

function messages(events: readonly FilteredLogEvent[] | undefined): (string | undefined)[] {
  return (events ?? []).map((event) => event.message);
}

test("events of several streams come in order of time, each once, with ids that never change", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  const names = ["job/a", "job/b", "job/c"];
  for (const [n, name] of names.entries()) {
    logs.append(
      await addStream(name),
      lines(1_000, 5_000 + n, 2, (line) => `${name} ${line}`),
    );
  }
  logs.append(
    await addStream("other"),
    lines(1, 5_000, 1, () => "other"),
  );
  const once = await all(client, { logStreamNamePrefix: "job/" });
  assert.equal(once.length, 3_000);
  const order = once.map((event) => event.timestamp ?? 0);
  assert.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
  );
  const ids = once.map((event) => event.eventId ?? "");
  assert.equal(new Set(ids).size, 3_000);
  assert.ok(ids.every((id) => /^\d{56}$/.test(id)));
  for (const limit of [1_000, 7 * 31]) {
    assert.deepEqual(await all(client, { logStreamNames: names, limit }), once);
  }
  assert.equal((await all(client, {})).length, 3_001);
});

test("many events of one time, in pages that end among them", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  for (const name of ["x", "y"])
    logs.append(
      await addStream(name),
      lines(50, 5_000, 0, (n) => `${name}${n}`),
    );
  const events = await all(client, { limit: 7 });
  assert.deepEqual(
    messages(events),
    ["x", "y"].flatMap((name) => lines(50, 0, 0, (n) => name + n).map((line) => line.message)),
  );
});

test("paging survives new events and new streams", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  const id = await addStream("s500");
  logs.append(
    id,
    lines(100, 5_000, 1, (n) => `m${n}`),
  );
  for (let n = 0; n < 150; n += 1) {
    logs.append(
      await addStream(`s${n + 100}`),
      lines(2, 5_000 + n, 1, (line) => `${n}-${line}`),
    );
  }
  let round = 0;
  const events = await all(client, { limit: 30 }, async () => {
    round += 1;
    logs.append(
      await addStream(`s1000${round}`),
      lines(1, 5_000, 1, () => "new stream"),
    );
    if (round < 20)
      logs.append(
        id,
        lines(1, 9_000 + round, 1, () => `new ${round}`),
      );
  });
  assert.equal(new Set(events.map((event) => event.eventId)).size, events.length);
  const old = messages(events).filter((message) => !message?.startsWith("new"));
  assert.equal(old.length, 400);
  assert.ok(messages(events).includes("new 1"));
});

test("a poll with a growing startTime sees what is new; endTime is inclusive", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  const id = await addStream("s");
  logs.append(
    id,
    lines(10, 5_000, 10, (n) => `m${n}`),
  );
  const seen = new Map<string, string>();
  let startTime = 0;
  for (let round = 0; round < 5; round += 1) {
    const page = await filter(client, { logStreamNames: ["s"], startTime });
    for (const event of page.events ?? []) {
      seen.set(event.eventId ?? "", event.message ?? "");
      startTime = event.timestamp ?? 0;
    }
    logs.append(
      id,
      lines(2, 6_000 + round, 0, (n) => `r${round}.${n}`),
    );
  }
  assert.equal(seen.size, 18);
  const ranged = await filter(client, { startTime: 5_010, endTime: 5_030 });
  assert.deepEqual(messages(ranged.events), ["m1", "m2", "m3"]);
});

test("patterns: words, phrases, exclusions, options", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  const texts = ["ERROR disk full", "ERROR net", "WARN disk", 'INFO a "b" c', "error disk"];
  logs.append(
    await addStream("s"),
    texts.map((message, n) => ({ timestamp: 5_000 + n, message })),
  );
  const cases: [string, number[]][] = [
    ["", [0, 1, 2, 3, 4]],
    ["ERROR", [0, 1]],
    ["disk ERROR", [0]],
    ["?WARN ?INFO", [2, 3]],
    ["?WARN ERROR", [0, 1]],
    ["disk -ERROR", [2, 4]],
    ["-ERROR -WARN", [3, 4]],
    ['"ERROR disk"', [0]],
    ['-"ERROR disk"', [1, 2, 3, 4]],
    ['?"ERROR net" ?"a \\"b\\" c"', [1, 3]],
  ];
  for (const [filterPattern, expected] of cases) {
    const page = await filter(client, { filterPattern });
    assert.deepEqual(
      messages(page.events),
      expected.map((n) => texts[n]),
      filterPattern,
    );
  }
  await assert.rejects(filter(client, { filterPattern: '"open' }), {
    name: "InvalidParameterException",
    message: "Invalid filter pattern: a quotation mark is not closed",
  });
});

test("a rare match in a long log is found, over pages that may be empty", async (t) => {
  const { client, logs, addStream } = await logsService(t);
  const id = await addStream("s");
  logs.append(
    id,
    lines(250_000, 5_000, 0, (n) => `line ${n}`),
  );
  const events = await all(client, { filterPattern: '"line 249999"' });
  assert.deepEqual(messages(events), ["line 249999"]);
});

test("what is not there or not valid is refused", async (t) => {
  const { client, addStream } = await logsService(t);
  await addStream("s");
  const groupMissing = { name: "ResourceNotFoundException", message: "The specified log group does not exist." };
  await assert.rejects(filter(client, { logGroupName: "none" }), groupMissing);
  await assert.rejects(filter(client, { logGroupName: "none", logStreamNames: ["s"] }), groupMissing);
  await assert.rejects(filter(client, { logStreamNames: ["s", "none"] }), {
    name: "ResourceNotFoundException",
    message: "The specified log stream does not exist.",
  });
  const invalid = { name: "InvalidParameterException" };
  await assert.rejects(filter(client, { logStreamNames: ["s"], logStreamNamePrefix: "s" }), invalid);
  await assert.rejects(filter(client, { logStreamNames: Array.from({ length: 101 }, (_, n) => `s${n}`) }), invalid);
  await assert.rejects(filter(client, { nextToken: "bm9uc2Vuc2U" }), {
    ...invalid,
    message: "The specified nextToken is invalid.",
  });
  assert.deepEqual((await filter(client, { logStreamNamePrefix: "zzz" })).events, []);
});
