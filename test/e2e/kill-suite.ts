import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { CancelJobCommand, DescribeJobsCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { describeJob, ended, allEnded, logLines, submitScript, untilStatus } from "../support/jobs.ts";
import { batchClient, logsClient } from "../support/clients.ts";
import { killSeveralContainers } from "./kill-several-containers.ts";
import type { Ledger } from "./ledger.ts";
import { note, openLedger, registerNoted, WAIT_FOR_GO } from "./ledger.ts";
import type { ServerFlags, ServerProcess } from "./server.ts";
import { spawnServer } from "./server.ts";

export interface KillSuite {
  readonly driver: "process" | "docker";
  /** What the jobs run in. */
  readonly image: () => Promise<string>;
  /** How many rounds of "submitted, acknowledged, killed". */
  readonly rounds: number;
  /** Resolves when nothing is left of these ECS tasks, all of which are over. */
  readonly untilGone: (taskIds: readonly string[]) => Promise<void>;
}

/** A server, its clients and its jobs' ledger. The clients are made anew after each start: the port changes. */
export class Bench {
  readonly server: ServerProcess;
  readonly ledger: Ledger;
  readonly #t: TestContext;
  batch: BatchClient;
  logs: CloudWatchLogsClient;

  constructor(t: TestContext, server: ServerProcess, ledger: Ledger) {
    this.#t = t;
    this.server = server;
    this.ledger = ledger;
    this.batch = batchClient(t, server.url);
    this.logs = logsClient(t, server.url);
  }

  submit(script: string, job: Parameters<typeof submitScript>[2] = {}): Promise<string> {
    return submitScript(this.batch, script, { jobDefinition: "noted", ...job });
  }

  async restart(clockAheadMs = 0): Promise<void> {
    await this.server.start(clockAheadMs);
    this.batch = batchClient(this.#t, this.server.url);
    this.logs = logsClient(this.#t, this.server.url);
  }
}

/** What must hold when a server is killed with SIGKILL at the worst moments and started again on the same directory. */
export function killSuite(suite: KillSuite): void {
  const bench = async (t: TestContext, flags: ServerFlags = {}): Promise<Bench> => {
    const ledger = openLedger(t);
    const image = await suite.image();
    const server = await spawnServer(t, { driver: suite.driver, ...flags });
    const made = new Bench(t, server, ledger);
    await registerNoted(made.batch, "noted", image, ledger);
    return made;
  };

  killSeveralContainers(suite, bench);

  test(`${suite.driver}: killed in mid-run, running jobs go on, none is lost, none runs twice`, async (t) => {
    const b = await bench(t, { vcpus: 3 });
    const script = `${note("began")}; echo before; ${WAIT_FOR_GO}; echo after; ${note("done")}`;
    const singles = await Promise.all(Array.from({ length: 4 }, () => b.submit(script)));
    const parent = await b.submit(script, { arrayProperties: { size: 3 } });
    const dependent = await b.submit(note("began"), { dependsOn: [{ jobId: parent }] });
    const first = await b.ledger.untilLines("three jobs run", (lines) => lines.length === 3);
    const ids = [...singles, `${parent}:0`, `${parent}:1`, `${parent}:2`];
    const before = await Promise.all(singles.slice(0, 3).map((id) => untilStatus(b.batch, id, "RUNNING")));

    await b.server.kill();
    await b.restart();
    const now = await Promise.all(ids.map((id) => describeJob(b.batch, id)));
    assert.deepEqual(
      now.map(({ status }) => status),
      ["RUNNING", "RUNNING", "RUNNING", "RUNNABLE", "RUNNABLE", "RUNNABLE", "RUNNABLE"],
    );
    assert.deepEqual(b.ledger.lines(), first);
    b.ledger.go();

    const jobs = await allEnded(b.batch, [...ids, parent, dependent]);
    for (const { jobId, status, attempts, statusReason } of jobs) {
      assert.equal(status, "SUCCEEDED", `${jobId}: ${statusReason}`);
      assert.equal(attempts?.length, jobId === parent ? 0 : 1);
    }
    const expected = [...ids.flatMap((id) => [`began ${id} 1`, `done ${id} 1`]), `began ${dependent} 1`];
    assert.deepEqual(b.ledger.lines().toSorted(), expected.toSorted());
    for (const [index, job] of before.entries()) {
      assert.equal(jobs[index]!.startedAt, job.startedAt);
      assert.equal(jobs[index]!.container!.taskArn, job.container!.taskArn);
      assert.deepEqual(await logLines(b.logs, job.container!.logStreamName!, 2), ["before", "after"]);
    }
  });

  test(`${suite.driver}: killed as soon as submissions are acknowledged, each of them runs exactly once`, async (t) => {
    const b = await bench(t);
    const acknowledged: string[] = [];
    let jobs = 0;
    for (let round = 1; round <= suite.rounds; round += 1) {
      let acks = 0;
      let enough!: () => void;
      const acknowledgedSome = new Promise<void>((resolve) => (enough = resolve));
      const submissions = Array.from({ length: 12 }, async () => {
        const jobId = await b.submit(note("ran"), { jobName: `job-${(jobs += 1)}` });
        acknowledged.push(jobId);
        if ((acks += 1) === round) enough();
      });
      const settled = Promise.allSettled(submissions);
      await acknowledgedSome;
      await b.server.kill();
      await settled;
      await b.restart();
    }
    assert.ok(acknowledged.length >= (suite.rounds * (suite.rounds + 1)) / 2);
    const { jobs: described = [] } = await b.batch.send(new DescribeJobsCommand({ jobs: acknowledged }));
    assert.deepEqual(new Set(described.map(({ jobId }) => jobId)), new Set(acknowledged));
    assert.equal(described.length, acknowledged.length);
    for (const job of await allEnded(b.batch, acknowledged)) {
      assert.ok(job.status === "SUCCEEDED" && job.attempts?.length === 1, JSON.stringify(job));
    }
    const lines = b.ledger.lines();
    assert.equal(new Set(lines).size, lines.length, "no job ran twice");
    for (const jobId of acknowledged) assert.ok(lines.includes(`ran ${jobId} 1`), `${jobId} ran`);
  });

  test(`${suite.driver}: a job that ended while no server ran has its exit code and its own end`, async (t) => {
    const b = await bench(t);
    const failing = await b.submit(`${note("began")}; ${WAIT_FOR_GO}; echo last words; ${note("done")}; exit 7`);
    const succeeding = await b.submit(`${note("began")}; ${WAIT_FOR_GO}; ${note("done")}`);
    await Promise.all([failing, succeeding].map((id) => untilStatus(b.batch, id, "RUNNING")));
    await b.ledger.untilLines("both run", (lines) => lines.length === 2);
    await b.server.kill();
    b.ledger.go();
    await b.ledger.untilLines("both have ended", (lines) => lines.length === 4);
    await b.restart(3_600_000);
    const job = await ended(b.batch, failing);
    assert.deepEqual(
      [
        job.status,
        job.statusReason,
        job.container?.exitCode,
        job.attempts?.length,
        job.attempts?.[0]?.container?.exitCode,
      ],
      ["FAILED", "Essential container in task exited", 7, 1, 7],
    );
    assert.ok(job.stoppedAt! >= job.startedAt!);
    assert.ok(job.stoppedAt! <= Date.now() + 5_000, "it ended when it ended, not when the server came back");
    assert.deepEqual(await logLines(b.logs, job.container!.logStreamName!, 1), ["last words"]);
    assert.equal((await ended(b.batch, succeeding)).status, "SUCCEEDED");
    assert.equal(b.ledger.lines().length, 4);
  });

  test(`${suite.driver}: a timeout that passed while no server ran ends the job when one runs again`, async (t) => {
    const b = await bench(t);
    const script = `trap '${note("told to end")}; exit 5' TERM; ${note("began")}; ${WAIT_FOR_GO}; ${note("done")}`;
    const timeout = { attemptDurationSeconds: 60 };
    const [late, early] = await Promise.all([b.submit(script, { timeout }), b.submit(script)]);
    await Promise.all([late, early].map((id) => untilStatus(b.batch, id, "RUNNING")));
    await b.ledger.untilLines("both run", (lines) => lines.length === 2);
    await b.server.kill();
    await b.restart(61_000);
    const job = await ended(b.batch, late);
    assert.deepEqual(
      [job.status, job.statusReason, job.attempts?.[0]?.statusReason, job.attempts?.length, job.container?.exitCode],
      ["FAILED", "Job attempt duration exceeded timeout", "Job attempt duration exceeded timeout", 1, 5],
    );
    assert.equal((await describeJob(b.batch, early)).status, "RUNNING");
    b.ledger.go();
    assert.equal((await ended(b.batch, early)).status, "SUCCEEDED");
    assert.ok(!b.ledger.lines().includes(`done ${late} 1`));
  });

  test(`${suite.driver}: what CancelJob and TerminateJob acknowledged happens although the server was killed`, async (t) => {
    const b = await bench(t);
    const script = `trap '${note("told to end")}; exit 5' TERM; ${note("began")}; ${WAIT_FOR_GO}; ${note("done")}`;
    const running = await b.submit(script, { retryStrategy: { attempts: 3 } });
    const other = await b.submit(script);
    const waiting = await b.submit(script, { dependsOn: [{ jobId: other }] });
    await Promise.all([running, other].map((id) => untilStatus(b.batch, id, "RUNNING")));
    await b.ledger.untilLines("both run", (lines) => lines.length === 2);
    await Promise.all([
      b.batch.send(new TerminateJobCommand({ jobId: running, reason: "no longer wanted" })),
      b.batch.send(new CancelJobCommand({ jobId: waiting, reason: "nor this one" })),
    ]);
    await b.server.kill();
    await b.restart();
    const [terminated, cancelled] = await allEnded(b.batch, [running, waiting]);
    assert.deepEqual(
      [
        terminated?.status,
        terminated?.statusReason,
        terminated?.isTerminated,
        terminated?.attempts?.length,
        terminated?.attempts?.[0]?.statusReason,
      ],
      ["FAILED", "no longer wanted", true, 1, "no longer wanted"],
    );
    assert.deepEqual(
      [cancelled?.status, cancelled?.statusReason, cancelled?.isCancelled, cancelled?.attempts?.length],
      ["FAILED", "nor this one", true, 0],
    );
    b.ledger.go();
    assert.equal((await ended(b.batch, other)).status, "SUCCEEDED");
    const expected = [`began ${running} 1`, `told to end ${running} 1`, `began ${other} 1`, `done ${other} 1`];
    assert.deepEqual(b.ledger.lines().toSorted(), expected.toSorted());
  });
}
