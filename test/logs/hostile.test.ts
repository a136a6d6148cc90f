import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import fc from "fast-check";
import { askJson, rawRequestTo } from "../access/raw-client.ts";
import { apiServer } from "../api/server.ts";
import { BROKEN, HOSTILE } from "../support/hostile.ts";
import { ownPostgres, postgresUnavailable } from "../support/postgres.ts";

/** Names, events and patterns of CloudWatch Logs: refused, or back as they were given. */

test("hostile text in log streams, events, tags and patterns", (t) => tryAll(t, {}));

test("the same with PostgreSQL", { skip: postgresUnavailable() }, async (t) => {
  await tryAll(t, { databaseUrl: await (await ownPostgres(t)).createDatabase() });
});

const GROUP = { logGroupName: "g" };

async function tryAll(t: TestContext, options: { readonly databaseUrl?: string }): Promise<void> {
  const seed = Number(process.env["LONGSHORE_SEED"] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const { url } = await apiServer(t, options);
  const ask = rawRequestTo(url, { accessKeyId: "any", secretAccessKey: "any" });
  const call = async (operation: string, input: object): Promise<Record<string, unknown> | undefined> => {
    const { status, json, text } = await askJson(ask, "logs", `Logs_20140328.${operation}`, input);
    assert.ok(status === 200 || status === 400, `seed ${seed}: ${operation} ${JSON.stringify(input)}: ${text}`);
    return status === 200 ? json : undefined;
  };
  await call("CreateLogGroup", GROUP);
  await call("CreateLogStream", { ...GROUP, logStreamName: "s" });
  const random = fc.sample(fc.string({ unit: "binary", minLength: 1, maxLength: 40 }), { seed, numRuns: 20 });
  let timestamp = Date.now() - 60_000;
  let kept = 0;
  for (const text of new Set([...Object.values({ ...HOSTILE, ...BROKEN }), ...random])) {
    timestamp += 1;
    const about = `seed ${seed}: ${JSON.stringify(text)}`;
    const events = { logEvents: [{ timestamp, message: text }] };
    await call("PutLogEvents", { ...GROUP, logStreamName: "s", ...events });
    const range = { startTime: timestamp, endTime: timestamp + 1 };
    const read = await call("GetLogEvents", { ...GROUP, logStreamName: "s", startFromHead: true, ...range });
    assert.equal((read!["events"] as [{ message: string }])[0].message, text.toWellFormed(), about);
    await call("TagLogGroup", { ...GROUP, tags: { [text]: text.slice(0, 200) } });
    for (const filterPattern of [text, `%${text}%`, `{ $.a = "${text}" }`]) {
      await call("FilterLogEvents", { ...GROUP, filterPattern, limit: 1 });
    }
    for (const operation of ["CreateLogGroup", "DescribeLogGroups"]) {
      await call(operation, { logGroupName: text, logGroupNamePrefix: text });
    }
    if ((await call("CreateLogStream", { ...GROUP, logStreamName: text })) === undefined) continue;
    kept += 1;
    assert.ok(text.isWellFormed(), `${about} is a name`);
    await call("PutLogEvents", { ...GROUP, logStreamName: text, ...events });
    const found = await call("FilterLogEvents", { ...GROUP, logStreamNames: [text] });
    const [event] = found!["events"] as [{ logStreamName: string; message: string }];
    assert.deepEqual([event.logStreamName, event.message], [text, text], about);
    const listed = await call("DescribeLogStreams", { ...GROUP, logStreamNamePrefix: text });
    const streams = listed!["logStreams"] as { logStreamName: string }[];
    assert.ok(
      streams.some(({ logStreamName }) => logStreamName === text),
      about,
    );
    await call("DeleteLogStream", { ...GROUP, logStreamName: text });
  }
  assert.ok(kept > 20, `${kept}`);
}
