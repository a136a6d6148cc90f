import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";
import type { TestContext } from "node:test";
import { suite, test } from "node:test";
import type { ContainerOverrides } from "@aws-sdk/client-batch";
import { paginateListJobs } from "@aws-sdk/client-batch";
import { Connection } from "../bench/connection.ts";
import { batchClient } from "../support/clients.ts";
import { submit } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import type { ServerProcess } from "./server.ts";
import { spawnServer } from "./server.ts";

const SUBMITTERS = 200;
/** docs/limits.md: ten seconds for clients that hang; the rest is the machine's. */
const LONGEST_STOP_MS = 20_000;
/** More than the machine has: such jobs wait, and none of them runs. */
const WAITING: ContainerOverrides = { resourceRequirements: [{ type: "VCPU", value: "1000" }] };
const SUBMISSION = JSON.stringify({
  jobName: "waiting",
  jobQueue: "default",
  jobDefinition: "default",
  containerOverrides: { command: ["true"], ...WAITING },
});

/** Submits one job after the other until the server is gone, and notes each that was acknowledged. */
async function submitAll(url: string, acknowledged: string[]): Promise<void> {
  const connection = await Connection.open(url);
  try {
    for (;;) {
      const { status, body } = await connection.post("/v1/submitjob", SUBMISSION);
      assert.equal(status, 200, body.toString());
      acknowledged.push((JSON.parse(body.toString()) as { jobId: string }).jobId);
    }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
  } finally {
    connection.close();
  }
}

async function jobsOf(t: TestContext, { url }: ServerProcess): Promise<Set<string>> {
  const client = batchClient(t, url);
  const ids = new Set<string>();
  const everyJob = { jobQueue: "default", filters: [{ name: "JOB_NAME", values: ["waiting"] }] };
  for await (const { jobSummaryList = [] } of paginateListJobs({ client, pageSize: 1_000 }, everyJob)) {
    for (const { jobId } of jobSummaryList) ids.add(jobId!);
  }
  return ids;
}

async function opened(t: TestContext, url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  t.after(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

function signal({ pid }: ServerProcess): void {
  process.kill(pid, "SIGTERM");
}

suite("stopping", { concurrency: true }, () => {
  test("under the load of 200 submitters, SIGTERM loses no job that was acknowledged", async (t) => {
    const server = await spawnServer(t);
    const acknowledged: string[] = [];
    const submitters = Array.from({ length: SUBMITTERS }, () => submitAll(server.url, acknowledged));
    await until("some hundred jobs", () => acknowledged.length > 3 * SUBMITTERS);
    const before = performance.now();
    assert.equal(await server.stop(), 0);
    const stopMs = performance.now() - before;
    await Promise.all(submitters);
    await server.start();
    const kept = await jobsOf(t, server);
    t.diagnostic(`${acknowledged.length} acknowledged, ${kept.size} kept, stopped in ${stopMs.toFixed(0)} ms`);
    assert.deepEqual(
      acknowledged.filter((id) => !kept.has(id)),
      [],
    );
    assert.equal(new Set(acknowledged).size, acknowledged.length);
    assert.ok(stopMs < LONGEST_STOP_MS);
  });

  test("it ends with 0 within seconds although clients hang, answers who has asked, and keeps the job of the last moment", async (t) => {
    const server = await spawnServer(t);
    const head = "POST /v1/describejobs HTTP/1.1\r\nhost: localhost\r\n";
    const silent = await opened(t, server.url);
    const inHeaders = await opened(t, server.url);
    inHeaders.write(head);
    const inBody = await opened(t, server.url);
    inBody.write(`${head}content-length: 1000\r\n\r\n{`);
    const late = await opened(t, server.url);
    let answer = "";
    late.setEncoding("utf8").on("data", (text: string) => (answer += text));
    late.write(`${head}content-length: 11\r\n\r\n{"jobs"`);
    for (const socket of [silent, inHeaders, inBody]) socket.resume();
    // What was sent before has come when something that was sent after it is answered.
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    const lastJob = await submit(batchClient(t, server.url), ["true"], {
      jobName: "waiting",
      containerOverrides: WAITING,
    });
    const before = performance.now();
    const exited = server.stop();
    // The silent one is ended as soon as the server stops: by then the late one's request is still under way.
    await once(silent, "close");
    late.write(":[]}");
    await until("the answer", () => answer.includes('{"jobs":[]}'));
    assert.match(answer, /^HTTP\/1.1 200 [^]*connection: close/i);
    assert.equal(await exited, 0);
    assert.ok(performance.now() - before < LONGEST_STOP_MS);
    await assert.rejects(fetch(`${server.url}/healthz`));
    await server.start();
    assert.deepEqual(await jobsOf(t, server), new Set([lastJob]));
  });

  test("a second signal ends it at once", async (t) => {
    const server = await spawnServer(t);
    const jobId = await submit(batchClient(t, server.url), ["true"], {
      jobName: "waiting",
      containerOverrides: WAITING,
    });
    const hanging = await opened(t, server.url);
    hanging.write("POST /v1/describejobs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{");
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    const idle = await opened(t, server.url);
    const idleEnds = once(idle.resume(), "close");
    const exited = server.stop();
    await idleEnds;
    const before = performance.now();
    signal(server);
    assert.equal(await exited, 130);
    assert.ok(performance.now() - before < 5_000);
    await server.start();
    assert.deepEqual(await jobsOf(t, server), new Set([jobId]));
  });
});
