import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import { ListJobsCommand } from "@aws-sdk/client-batch";
import { batchClient } from "../support/clients.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { allEnded, submitScript } from "../support/jobs.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { note, openLedger } from "./ledger.ts";
import type { ServerGroup } from "./server-group.ts";
import { listServers, serverGroup } from "./server-group.ts";

const skip = postgresUnavailable() ?? false;

test(
  "servers are replaced one after the other under load: no job is lost, and none runs twice",
  { skip },
  async (t) => {
    const group = await serverGroup(t, 2, await emptyDatabase());
    const ledger = openLedger(t);
    const stream = startStream(t, group, ledger.directory);
    await stream.accepted(10);
    for (const how of ["stop", "kill"] as const) {
      // Each time the one that leads: it is the other one's turn then.
      const leader = await group.leader();
      const [other] = group.others(leader);
      await leader.server[how]();
      assert.equal(await group.leader(leader), other);
      await stream.accepted(10);
      await leader.server.start();
      await untilBothStand(group);
      await stream.accepted(10);
    }
    const jobIds = await stream.end();
    const [first] = group.members;
    const batch = batchClient(t, first!.server.url);
    const jobs = await allEnded(batch, jobIds);
    for (const { status, attempts } of jobs) assert.deepEqual([status, attempts?.length], ["SUCCEEDED", 1]);
    // Also those of which nobody heard that they were accepted.
    const lines = ledger.lines();
    assert.equal(new Set(lines).size, lines.length, "something ran twice");
    const ran = new Set(lines.map((line) => line.split(" ")[1]));
    for (const jobId of jobIds) assert.ok(ran.has(jobId));
    assert.deepEqual(new Set(await jobsThere(batch)), ran);
    t.diagnostic(
      `${jobIds.length} jobs were accepted, ${ran.size} ran, ${stream.refused()} requests were not answered`,
    );
  },
);

/** Submits one job after the other, now to this server and now to that one. */
function startStream(t: TestContext, { members }: ServerGroup, directory: string) {
  const jobIds: string[] = [];
  let refused = 0;
  const ended = new AbortController();
  const environment = [{ name: "LEDGER", value: directory }];
  const submitTo = async (client: BatchClient): Promise<void> => {
    try {
      jobIds.push(await submitScript(client, note("ran"), { containerOverrides: { environment } }));
    } catch {
      refused += 1;
    } finally {
      client.destroy();
    }
  };
  const run = async (): Promise<void> => {
    for (let turn = 0; !ended.signal.aborted; turn += 1) {
      const { server } = members[turn % members.length]!;
      await submitTo(batchClient({ after: () => {} }, server.url));
      // A server that is not there refuses at once.
      await new Promise((resolve) => void setTimeout(resolve, 20));
    }
  };
  const running = run();
  t.after(() => ended.abort());
  return {
    refused: () => refused,
    async accepted(more: number): Promise<void> {
      const goal = jobIds.length + more;
      await until(`${more} more jobs are accepted`, () => jobIds.length >= goal);
    },
    async end(): Promise<readonly string[]> {
      ended.abort();
      await running;
      return jobIds;
    },
  };
}

async function untilBothStand({ members }: ServerGroup): Promise<void> {
  await until("both servers are there", async () => {
    const { servers } = await listServers(members[0]!.server.url);
    const there = new Set(members.map(({ server }) => servers.find(({ pid }) => pid === server.pid)?.status));
    return there.has("leads") && there.has("stands by");
  });
}

async function jobsThere(batch: BatchClient): Promise<string[]> {
  const ids: string[] = [];
  for (let nextToken: string | undefined, isFirst = true; isFirst || nextToken !== undefined; isFirst = false) {
    const page = await batch.send(new ListJobsCommand({ jobQueue: "default", jobStatus: "SUCCEEDED", nextToken }));
    ids.push(...(page.jobSummaryList ?? []).map(({ jobId }) => jobId!));
    nextToken = page.nextToken;
  }
  return ids;
}
