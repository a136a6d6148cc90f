import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { until } from "../support/until.ts";
import { newDataDir, spawnServer } from "./server.ts";

/** docs/limits.md */
const MOST_RSS_MIB = 768;
const JOBS = 100;
/** Long enough that a slow machine, too, has more answers under way at a time than there is room for. */
const ANSWER_SECONDS = 15;

const dataDir = newDataDir();
writeFileSync(join(dataDir, "config.json"), JSON.stringify({ limits: { answerSeconds: ANSWER_SECONDS } }));
const server = await spawnServer({ after }, {}, dataDir);
const port = Number(new URL(server.url).port);

let mostMiB = 0;
const watch = setInterval(() => {
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1];
  mostMiB = Math.max(mostMiB, Number(rss) / 1024);
}, 20);
after(() => clearInterval(watch));

interface Ask {
  readonly path: string;
  readonly target?: string;
  readonly body: string;
}

async function ask({ path, target, body }: Ask): Promise<{ status: number; text: string }> {
  const type = target === undefined ? "application/json" : "application/x-amz-json-1.1";
  const headers = { "content-type": type, ...(target !== undefined && { "x-amz-target": `Logs_20140328.${target}` }) };
  const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body });
  return { status: answer.status, text: await answer.text() };
}

async function done(request: Ask): Promise<string> {
  const { status, text } = await ask(request);
  assert.equal(status, 200, text.slice(0, 300));
  return text;
}

const logs = (target: string, input: object): Ask => ({ path: "/", target, body: JSON.stringify(input) });

/** As large as jobs may be, and they wait. */
async function submitLarge(): Promise<string> {
  const environment = [{ name: "LARGE", value: "x".repeat(28 * 1024) }];
  const containerOverrides = { environment, resourceRequirements: [{ type: "VCPU", value: "1000" }] };
  const job = { jobName: "large", jobQueue: "default", jobDefinition: "default", containerOverrides };
  const text = await done({ path: "/v1/submitjob", body: JSON.stringify(job) });
  return (JSON.parse(text) as { jobId: string }).jobId;
}

const jobs = await Promise.all(Array.from({ length: JOBS }, submitLarge));
const describe: Ask = { path: "/v1/describejobs", body: JSON.stringify({ jobs }) };
const stream = { logGroupName: "large", logStreamName: "lines" };
await done(logs("CreateLogGroup", { logGroupName: stream.logGroupName }));
await done(logs("CreateLogStream", stream));
const message = "é".repeat(125_000);
for (let batch = 0; batch < 16; batch += 1) {
  const logEvents = Array.from({ length: 4 }, () => ({ timestamp: Date.now(), message }));
  await done(logs("PutLogEvents", { ...stream, logEvents }));
}

test("120 large answers at a time: each is whole, or 429; memory stays bounded, and others are served", async (t) => {
  const requests = [describe, logs("GetLogEvents", stream), logs("FilterLogEvents", { logGroupName: "large" })];
  const asked = Array.from({ length: 120 }, (_, number) => ask(requests[number % requests.length]!));
  const small = await ask({ path: "/v1/describejobs", body: JSON.stringify({ jobs: jobs.slice(0, 1) }) });
  assert.equal(small.status, 200);
  const statuses = new Map<number, number>();
  for (const { status, text } of await Promise.all(asked)) {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    assert.doesNotThrow(() => JSON.parse(text));
  }
  t.diagnostic(`${JSON.stringify([...statuses])}, at most ${mostMiB.toFixed(0)} MiB`);
  assert.deepEqual(
    [...statuses.keys()].filter((status) => status !== 200 && status !== 429),
    [],
  );
  assert.ok(statuses.get(200)! >= requests.length);
  assert.ok(mostMiB < MOST_RSS_MIB, `${mostMiB} MiB`);
});

test("60 clients that do not read their large answers are cut off, and memory stays bounded", async (t) => {
  const request = `POST ${describe.path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${describe.body.length}\r\n\r\n${describe.body}`;
  const sockets: Socket[] = [];
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  const comeIn = (): void => {
    // It never reads.
    const socket = connect(port, "127.0.0.1").pause();
    socket.on("error", () => {}).write(request.repeat(8));
    sockets.push(socket);
  };
  for (let number = 0; number < 60; number += 1) comeIn();
  await until("no room for one more", async () => {
    const { status } = await ask(describe);
    // On a slow machine the first ones may be cut off before the last ones are asked for: then more are needed.
    if (status !== 429) comeIn();
    return status === 429;
  });
  assert.equal((await fetch(`${server.url}/`)).status, 200);
  await until("room again", async () => (await ask(describe)).status === 200);
  t.diagnostic(`at most ${mostMiB.toFixed(0)} MiB`);
  assert.ok(mostMiB < MOST_RSS_MIB, `${mostMiB} MiB`);
});
