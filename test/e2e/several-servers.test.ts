import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { DescribeJobQueuesCommand, TerminateJobCommand, UpdateJobQueueCommand } from "@aws-sdk/client-batch";
import { batchClient, logsClient } from "../support/clients.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { describeJob, ended, logLines, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { ownPostgres, postgresUnavailable } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { note, openLedger, WAIT_FOR_GO } from "./ledger.ts";
import type { Member, ServerGroup } from "./server-group.ts";
import { listServers, serverGroup } from "./server-group.ts";

const skip = postgresUnavailable() ?? false;
/** What is promised. */
const TAKEOVER_MS = 5_000;
const LEASE_MS = 3_000;

test("each server answers everything, and one of them leads", { skip }, async (t) => {
  const group = await serverGroup(t, 2, await emptyDatabase());
  const leader = await group.leader();
  const [follower] = group.others(leader);
  const { servers } = await listServers(follower!.server.url);
  assert.deepEqual(
    servers.map(({ url, status, isThis }) => [url, status, isThis]),
    [
      [leader.server.url, "leads", false],
      [follower!.server.url, "stands by", true],
    ],
  );
  const batch = batchClient(t, follower!.server.url);
  // Of an account that nobody has asked for before: what it has by default is there at once.
  const job = await submitScript(batch, "echo over there; echo one more");
  const detail = await ended(batch, job);
  assert.equal(detail.status, "SUCCEEDED");
  assert.deepEqual(await logLines(logsClient(t, follower!.server.url), detail.container!.logStreamName!, 2), [
    "over there",
    "one more",
  ]);
  const waiting = await submit(batch, ["true"], {
    containerOverrides: { resourceRequirements: [{ type: "VCPU", value: "1000" }] },
  });
  const { statusReason } = await untilStatus(batch, waiting, "RUNNABLE");
  const reason = await until("a reason", async () => (await describeJob(batch, waiting)).statusReason ?? statusReason);
  assert.match(reason, /^MISCONFIGURATION:/);
  await batch.send(new TerminateJobCommand({ jobId: waiting, reason: "enough" }));
  assert.equal((await describeJob(batch, waiting)).status, "FAILED");
  await batch.send(new UpdateJobQueueCommand({ jobQueue: "default", state: "DISABLED" }));
  const { jobQueues } = await batchClient(t, leader.server.url).send(new DescribeJobQueuesCommand({}));
  assert.equal(jobQueues?.[0]?.state, "DISABLED");
  await assert.rejects(submit(batch, ["true"]), /state/i);
});

/** A job that runs, in a group whose leader is about to be lost. */
async function runningJob(t: TestContext, group: ServerGroup, leader: Member) {
  const ledger = openLedger(t);
  const [standby] = group.others(leader);
  const batch = batchClient(t, standby!.server.url);
  const environment = [{ name: "LEDGER", value: ledger.directory }];
  const script = `${note("begins")}; ${WAIT_FOR_GO}; ${note("ends")}`;
  const job = await submitScript(batch, script, { containerOverrides: { environment } });
  await ledger.untilLines("it runs", (lines) => lines.length === 1);
  await untilStatus(batch, job, "RUNNING");
  return { job, batch, ledger, standby: standby! };
}

/** Epoch ms: the database is on this machine. */
async function leadsSince({ server }: Member): Promise<number> {
  const { servers } = await listServers(server.url);
  return servers.find(({ isThis }) => isThis)!.leadsSince!;
}

const LOSSES: Record<string, { lose(leader: Member): unknown; restore(leader: Member): unknown }> = {
  "is killed": {
    lose: ({ server }) => server.kill(),
    restore: ({ server }) => server.start(),
  },
  "is frozen": {
    lose: ({ server }) => process.kill(server.pid, "SIGSTOP"),
    restore: ({ server }) => process.kill(server.pid, "SIGCONT"),
  },
  "is cut off from PostgreSQL": {
    lose: ({ network }) => network.set("stall"),
    restore: ({ network }) => network.set("pass"),
  },
};

test("a leader is lost: another one leads within five seconds, and what runs goes on", { skip }, async (t) => {
  const group = await serverGroup(t, 2, await emptyDatabase());
  for (const [what, { lose, restore }] of Object.entries(LOSSES)) {
    await t.test(`it ${what}`, async (loss) => {
      const leader = await group.leader();
      const { job, batch, ledger, standby } = await runningJob(loss, group, leader);
      const lostAt = Date.now();
      await lose(leader);
      // It is asked of the one that stands by, whose request waits until somebody leads.
      const next = await submitScript(batch, "true");
      assert.equal((await describeJob(batch, job)).status, "RUNNING");
      assert.equal(await group.leader(leader), standby);
      const tookMs = (await leadsSince(standby)) - lostAt;
      loss.diagnostic(`another server led after ${tookMs} ms, and answered after ${Date.now() - lostAt} ms`);
      assert.ok(tookMs < TAKEOVER_MS, `it took ${tookMs} ms`);
      assert.equal((await ended(batch, next)).status, "SUCCEEDED");
      ledger.go();
      const { status, attempts } = await ended(batch, job);
      assert.deepEqual([status, attempts?.length], ["SUCCEEDED", 1]);
      await restore(leader);
      // The one that led before stands by, and its requests are answered.
      const again = batchClient(loss, leader.server.url);
      await until("it stands by", async () => {
        const { servers } = await listServers(leader.server.url).catch(() => ({ servers: [] }));
        return servers.some(({ isThis, status: standing }) => isThis && standing === "stands by");
      });
      assert.equal((await ended(again, await submitScript(again, "true"))).status, "SUCCEEDED");
      assert.deepEqual((await describeJob(again, job)).attempts, attempts);
      assert.equal(ledger.lines().length, 2);
    });
  }
  await t.test("it stops: another one leads at once", async (loss) => {
    const leader = await group.leader();
    const { job, batch, ledger, standby } = await runningJob(loss, group, leader);
    const stoppedAt = Date.now();
    const stopped = leader.server.stop();
    assert.equal(await group.leader(leader), standby);
    const tookMs = (await leadsSince(standby)) - stoppedAt;
    loss.diagnostic(`another server led after ${tookMs} ms`);
    assert.ok(tookMs < LEASE_MS, `it took ${tookMs} ms`);
    assert.equal(await stopped, 0);
    ledger.go();
    assert.equal((await ended(batch, job)).status, "SUCCEEDED");
    assert.equal(ledger.lines().length, 2);
  });
});

test("PostgreSQL is restarted under several servers: they go on, and one of them leads", { skip }, async (t) => {
  const postgres = await ownPostgres(t);
  const group = await serverGroup(t, 2, await postgres.createDatabase());
  const leader = await group.leader();
  const { job, batch, ledger } = await runningJob(t, group, leader);
  await postgres.stop("immediate");
  await assert.rejects(submitScript(batch, "true"), { name: "ServerException" });
  await postgres.start();
  const next = await until("a job is accepted", () => submitScript(batch, "true").catch(() => undefined));
  assert.equal((await ended(batch, next)).status, "SUCCEEDED");
  ledger.go();
  const { status, attempts } = await ended(batch, job);
  assert.deepEqual([status, attempts?.length], ["SUCCEEDED", 1]);
  await group.leader();
  assert.equal(ledger.lines().length, 2);
});
