import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  CloudWatchLogsClient,
  FilterLogEventsCommandInput,
  FilteredLogEvent,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import fc from "fast-check";
import { statement } from "../../src/store/database.ts";
import { GROUP, logsService } from "./service.ts";
import type { LogsService } from "./service.ts";

const BEGINNING = Date.UTC(2025, 0, 1);

interface Line {
  readonly timestamp: number;
  readonly message: string;
}

/** A stream, and its events in its own order. */
interface Stream {
  readonly name: string;
  readonly origin: "job" | "put";
  readonly isRunning: boolean;
  readonly lines: readonly Line[];
}

const stream = fc
  .record({
    origin: fc.constantFrom("job" as const, "put" as const),
    isRunning: fc.boolean(),
    from: fc.nat({ max: 40_000 }),
    steps: fc.array(fc.constantFrom(0, 0, 1, 500, 20_000), { maxLength: 25 }),
  })
  .map(({ steps, from, ...rest }) => {
    let time = BEGINNING + from;
    return { ...rest, times: steps.map((step) => (time += step)) };
  });

const group = fc.array(stream, { maxLength: 14 }).map((all) =>
  all.map(({ times, ...rest }, n): Stream => {
    const name = `${n % 3 === 0 ? "a" : "b"}/${(n * 5) % 14}`;
    return { ...rest, name, lines: times.map((timestamp, m) => ({ timestamp, message: `${name} ${m}` })) };
  }),
);

async function fill(service: LogsService, logGroupName: string, streams: readonly Stream[]): Promise<void> {
  for (const { name, origin, isRunning, lines } of streams) {
    if (origin === "job") {
      const createdAt = lines[0]?.timestamp ?? BEGINNING;
      const endedAt = lines.at(-1)?.timestamp ?? BEGINNING;
      const id = await service.addStream(name, { group: logGroupName, createdAt, ...(!isRunning && { endedAt }) });
      service.logs.append(id, lines);
    } else await putStream(service, logGroupName, name, lines);
  }
}

async function putStream(service: LogsService, group: string, name: string, lines: readonly Line[]): Promise<void> {
  const { client, store } = service;
  await store.logGroups.create("123456789012/us-east-1", { name: group, createdAt: 0, settings: {} });
  await client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName: name }));
  const { id } = (await store.logGroups.find("123456789012/us-east-1", group))!;
  const { logId } = (await store.logStreams.find(id, name))!;
  // In two parts, so that what is put later is not always later.
  const later = lines.filter((_, n) => n % 2 === 0);
  const sooner = lines.filter((_, n) => n % 2 === 1);
  for (const part of [later, sooner]) await store.putEvents.append(logId, part, BEGINNING);
}

async function pagesOf(client: CloudWatchLogsClient, input: FilterLogEventsCommandInput): Promise<FilteredLogEvent[]> {
  const events: FilteredLogEvent[] = [];
  let nextToken: string | undefined;
  for (let pages = 0; pages < 1_000; pages += 1) {
    const page = await client.send(new FilterLogEventsCommand({ ...input, nextToken }));
    assert.ok((page.events ?? []).length <= (input.limit ?? 10_000));
    assert.deepEqual(page.searchedLogStreams, []);
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
    if (nextToken === undefined) return events;
  }
  throw new Error("Paging does not end");
}

/** All lines in order of time, then of the stream's name; those of one stream in its own order, except that what was put together is together. */
function expected(streams: readonly Stream[], from: number, to: number): string[] {
  return streams
    .flatMap(({ name, lines, origin }) =>
      lines.map((line, n) => ({ ...line, name, rank: origin === "put" ? (n % 2) * 1_000 + n : n })),
    )
    .filter(({ timestamp }) => timestamp >= from && timestamp <= to)
    .toSorted(
      (one, other) =>
        one.timestamp - other.timestamp ||
        (one.name === other.name ? one.rank - other.rank : one.name < other.name ? -1 : 1),
    )
    .map(({ message }) => message);
}

test("FilterLogEvents: pages of any size, either way, are all events in order, each once", async (t) => {
  const service = await logsService(t);
  let groups = 0;
  const time = fc.option(
    fc.nat({ max: 120_000 }).map((offset) => BEGINNING + offset),
    { nil: undefined },
  );
  const query = fc.record({ limit: fc.constantFrom(1, 2, 7, 10_000), startTime: time, endTime: time });
  const select = fc.constantFrom("all", "prefix", "names");
  const property = fc.asyncProperty(
    group,
    query,
    fc.boolean(),
    select,
    async (streams, asked, isForward, selection) => {
      const logGroupName = `g${(groups += 1)}`;
      await fill(service, logGroupName, streams);
      await service.store.logGroups.create("123456789012/us-east-1", {
        name: logGroupName,
        createdAt: 0,
        settings: {},
      });
      const selected = selection === "all" ? streams : streams.filter(({ name }) => name.startsWith("b/"));
      if (selection === "names" && selected.length === 0) return;
      const which =
        selection === "prefix"
          ? { logStreamNamePrefix: "b/" }
          : selection === "names"
            ? { logStreamNames: selected.map(({ name }) => name) }
            : {};
      const events = await pagesOf(service.client, { logGroupName, ...which, ...asked, startFromHead: isForward });
      const texts = events.map(({ message }) => message!);
      const wanted = expected(selected, asked.startTime ?? 0, asked.endTime ?? Infinity);
      assert.deepEqual(isForward ? texts : texts.toReversed(), wanted);
      assert.equal(new Set(events.map(({ eventId }) => eventId)).size, events.length);
    },
  );
  await fc.assert(property, { numRuns: 120 });
});

test("GetLogEvents: pages of any size, either way and there and back, are all events in order, each once", async (t) => {
  const service = await logsService(t);
  let groups = 0;
  const limit = fc.constantFrom(1, 3, 10_000);
  const property = fc.asyncProperty(stream, limit, fc.boolean(), async (shape, size, isForward) => {
    const logGroupName = `g${(groups += 1)}`;
    const lines = shape.times.map((timestamp, n) => ({ timestamp, message: `${n}` }));
    const one: Stream = { ...shape, name: "s", lines };
    await fill(service, logGroupName, [one]);
    const read = async (input: { nextToken?: string; startFromHead?: boolean }) => {
      const where = { logGroupName, logStreamName: "s", limit: size };
      const page = await service.client.send(new GetLogEventsCommand({ ...where, ...input }));
      return {
        texts: page.events!.map(({ message }) => message!),
        f: page.nextForwardToken!,
        b: page.nextBackwardToken!,
      };
    };
    const walk = async (begin: { nextToken?: string; startFromHead?: boolean }, way: "f" | "b") => {
      const texts: string[] = [];
      let page = await read(begin);
      for (let last = begin.nextToken; ;) {
        if (way === "f") texts.push(...page.texts);
        else texts.unshift(...page.texts);
        if (page[way] === last) return { texts, f: page.f, b: page.b };
        last = page[way];
        page = await read({ nextToken: last });
      }
    };
    const wanted = expected([one], 0, Infinity).map((text) => text.replace("s ", ""));
    const there = await walk({ startFromHead: isForward }, isForward ? "f" : "b");
    assert.deepEqual(there.texts, wanted);
    const back = await walk({ nextToken: isForward ? there.b : there.f }, isForward ? "b" : "f");
    assert.deepEqual(back.texts, wanted);
  });
  await fc.assert(property, { numRuns: 100 });
});

test("a poll costs what is new: streams that ended before are not looked at, however many they are", async (t) => {
  const service = await logsService(t);
  const id = await service.addStream("running", { createdAt: BEGINNING });
  await service.addStream("silent", { createdAt: BEGINNING });
  const { id: groupId } = (await service.store.logGroups.find("123456789012/us-east-1", GROUP))!;
  const old = Array.from({ length: 20_000 }, (_, n) =>
    statement(
      `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
       VALUES (?, ?, ?, 'job', ?, ?, ?, ?)`,
      ...[`${n}`.padStart(32, "f"), groupId, `old/${n}`, 0, BEGINNING + n, BEGINNING + n + 100, 0],
    ),
  );
  await service.database.write(old);
  const now = Date.now();
  service.logs.append(id, [{ timestamp: now, message: "new" }]);
  const opened: string[] = [];
  const { read } = service.logs;
  service.logs.read = (logId, query) => {
    opened.push(logId);
    return read(logId, query);
  };
  const seen = new Set<string>();
  for (let poll = 0; poll < 5; poll += 1) {
    const page = await service.client.send(new FilterLogEventsCommand({ logGroupName: GROUP, startTime: now }));
    for (const { eventId } of page.events!) seen.add(eventId!);
    assert.equal(page.nextToken, undefined);
  }
  assert.equal(seen.size, 1);
  assert.ok(new Set(opened).size === 1 && opened.length <= 10, `${opened.length} reads`);
});

test("a search that finds nothing in thousands of streams ends, over pages that may be empty", async (t) => {
  const service = await logsService(t);
  await service.addStream("last", { createdAt: BEGINNING + 9_000_000, endedAt: BEGINNING + 9_000_001 });
  const { id: groupId } = (await service.store.logGroups.find("123456789012/us-east-1", GROUP))!;
  await service.database.write(
    Array.from({ length: 7_000 }, (_, n) =>
      statement(
        `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
         VALUES (?, ?, ?, 'job', ?, ?, ?, ?)`,
        ...[`${n}`.padStart(32, "f"), groupId, `old/${n}`, 0, BEGINNING + n, BEGINNING + n + 100, 0],
      ),
    ),
  );
  service.logs.append("0".repeat(31) + "1", [{ timestamp: BEGINNING + 9_000_000, message: "at last" }]);
  for (const startFromHead of [true, false]) {
    const events = await pagesOf(service.client, { logGroupName: GROUP, startFromHead });
    assert.deepEqual(
      events.map(({ message }) => message),
      ["at last"],
    );
  }
});

test("the latest events first only since 2024; the token keeps the direction", async (t) => {
  const { client, addStream, logs } = await logsService(t);
  const id = await addStream("s", { createdAt: BEGINNING });
  logs.append(
    id,
    Array.from({ length: 5 }, (_, n) => ({ timestamp: BEGINNING + n, message: `${n}` })),
  );
  const ask = (input: Partial<FilterLogEventsCommandInput>) =>
    client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...input }));
  const first = await ask({ startFromHead: false, limit: 2 });
  const second = await ask({ startFromHead: true, limit: 2, nextToken: first.nextToken });
  assert.deepEqual(
    [...first.events!, ...second.events!].map(({ message }) => message),
    ["4", "3", "2", "1"],
  );
  await assert.rejects(ask({ startFromHead: false, startTime: Date.UTC(2024, 0, 1) - 1 }), {
    name: "InvalidParameterException",
    message: "startFromHead can be false only when startTime is on or after Jan 1, 2024 00:00:00 UTC.",
  });
  await assert.rejects(ask({ logStreamNames: ["s"], logStreamNamePrefix: "s" }), {
    name: "InvalidParameterException",
    message: "Specify either logStreamNames or logStreamNamePrefix, not both.",
  });
});

test("large events do not make large answers", async (t) => {
  const { client } = await logsService(t);
  const stream = { logGroupName: GROUP, logStreamName: "large" };
  await client.send(new CreateLogStreamCommand(stream));
  const now = Date.now();
  for (let n = 0; n < 6; n += 1) {
    const logEvents = [{ timestamp: now + n, message: `${n}`.repeat(500_000) }];
    await client.send(new PutLogEventsCommand({ ...stream, logEvents }));
  }
  const counts: number[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(new FilterLogEventsCommand({ logGroupName: GROUP, nextToken }));
    counts.push(page.events!.length);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  assert.deepEqual(counts, [2, 2, 2]);
});
