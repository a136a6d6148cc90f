import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { after, test } from "node:test";
import { BatchClient } from "@aws-sdk/client-batch";
import type { HammerPlan } from "../load/hammer.ts";
import { ended, submit } from "../support/jobs.ts";
import { spawnServer } from "./server.ts";

const HAMMER = join(import.meta.dirname, "..", "load", "hammer.ts");
const MIB = 2 ** 20;
/** docs/limits.md */
const MOST_RSS_MIB = 768;

const server = await spawnServer({ after });
const port = Number(new URL(server.url).port);

/** Of an account, which an open server takes from the key. */
function clientOf(t: TestContext, account: string): BatchClient {
  const credentials = { accessKeyId: account, secretAccessKey: "any" };
  const client = new BatchClient({ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 });
  t.after(() => client.destroy());
  return client;
}

function headOf(path: string, account: string, headers = ""): string {
  const credential = `Credential=${account}/20260101/us-east-1/batch/aws4_request`;
  return (
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}` +
    `authorization: AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0\r\n`
  );
}

/** Runs until `stop`. `counts`: what was answered, by status. */
function startHammer(t: TestContext, loads: HammerPlan["loads"]) {
  const plan: HammerPlan = { port, loads };
  const child = spawn(process.execPath, [HAMMER, JSON.stringify(plan)], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  let counts: Record<string, number> = {};
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => (counts = JSON.parse(line) as Record<string, number>));
  return {
    counts: (status: string): number => counts[status] ?? 0,
    async stop(): Promise<Record<string, number>> {
      const closed = once(child, "close");
      child.stdin.end();
      await closed;
      return counts;
    },
  };
}

function rssMiB(): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;
}

test("2,000 connections of one account, half of them with 10 MiB bodies: memory stays bounded, another account is served, its jobs run, and then all is as before", async (t) => {
  const quiet = clientOf(t, "222222222222");
  await ended(quiet, await submit(quiet, ["true"]));
  const target = "x-amz-target: Logs_20140328.PutLogEvents\r\n";
  const flood = startHammer(t, [
    { connections: 1_000, head: headOf("/v1/describejobs", "111111111111"), bodyBytes: 1_000 },
    { connections: 1_000, head: headOf("/", "111111111111", target), bodyBytes: 10 * MIB },
  ]);
  let mostMiB = 0;
  const watch = setInterval(() => (mostMiB = Math.max(mostMiB, rssMiB())), 20);
  t.after(() => clearInterval(watch));
  const startedAt = performance.now();
  const statuses: (string | undefined)[] = [];
  // Until the flood was served as far as there was room, and told to come again for the rest.
  const isSeen = () => flood.counts("400") > 0 && flood.counts("429") > 0;
  while (performance.now() - startedAt < 3_000 || statuses.length < 3 || !isSeen()) {
    // Neither the submission nor any look at the job is refused.
    statuses.push((await ended(quiet, await submit(quiet, ["true"]))).status);
  }
  const counts = await flood.stop();
  t.diagnostic(
    `${statuses.length} jobs, at most ${mostMiB.toFixed(0)} MiB, answers to the flood ${JSON.stringify(counts)}`,
  );
  assert.deepEqual([...new Set(statuses)], ["SUCCEEDED"]);
  assert.equal(counts["500"], undefined);
  assert.ok(mostMiB < MOST_RSS_MIB, `${mostMiB} MiB`);
  const flooding = clientOf(t, "111111111111");
  await ended(flooding, await submit(flooding, ["true"]));
});
