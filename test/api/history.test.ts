import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CancelJobCommand, DescribeJobsCommand, SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import type { HistoryReport, Values } from "../../src/ports/history-report.ts";
import type { SummaryReport } from "../../src/ports/summary-report.ts";
import { ended, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer } from "./server.ts";

const { batch, url } = await apiServer({ after });

async function get<T>(path: string, status = 200): Promise<T> {
  const answer = await fetch(`${url}/longshore/${path}`);
  const text = await answer.text();
  assert.equal(answer.status, status, text);
  return JSON.parse(text) as T;
}

const sum = (values: Values): number => values.reduce<number>((total, value) => total + (value ?? 0), 0);

test("what jobs did is told at once, and counts children one by one", async () => {
  const ok = await submitScript(batch, "exit 0");
  const failing = await submitScript(batch, "exit 3");
  const { jobId: array } = await batch.send(
    new SubmitJobCommand({
      ...{ jobName: "array", jobQueue: "default", jobDefinition: "default", arrayProperties: { size: 5 } },
      containerOverrides: { command: ["true"] },
    }),
  );
  for (const id of [ok, failing, array!]) await ended(batch, id);
  const long = await submitScript(batch, "sleep 600");
  await untilStatus(batch, long, "RUNNING");
  const { jobId: blocked } = await batch.send(
    new SubmitJobCommand({
      ...{ jobName: "behind", jobQueue: "default", jobDefinition: "default", arrayProperties: { size: 7 } },
      dependsOn: [{ jobId: long }],
    }),
  );
  const summary = await until("the array waits", async () => {
    const told = await get<SummaryReport>("summary");
    // What comes is counted with the commit that tells of it, a moment after it is seen to wait.
    return told.jobs.byStatus["PENDING"] === 7 && told.jobs.submittedLastDay === 15 && told;
  });
  assert.deepEqual(summary.jobs, {
    ...{ running: 1, waiting: 7, byStatus: { RUNNING: 1, PENDING: 7 } },
    ...{ submittedLastDay: 15, succeededLastDay: 6, failedLastDay: 1 },
  });
  const queue = summary.queues.find(({ jobQueue }) => jobQueue === "default")!;
  const { jobQueue: _, jobQueueArn, ...counts } = queue;
  assert.deepEqual(counts, summary.jobs);
  const environment = summary.environments.find(({ vcpusInUse }) => vcpusInUse > 0)!;
  assert.deepEqual([environment.vcpusInUse, environment.runningJobs], [1, 1]);
  assert.ok(environment.maxvCpus! > 0);

  const history = await get<HistoryReport>("history");
  assert.equal(history.step, 60);
  assert.ok(history.series.times.length <= 181);
  const { total } = history.series;
  for (const values of Object.values(total)) assert.equal(values.length, history.series.times.length);
  assert.deepEqual([total.submitted, total.started, total.succeeded, total.failed].map(sum), [15, 8, 6, 1]);
  assert.equal(total.running.at(-1), 1);
  assert.equal(total.submitted[0], null, "nobody led then");
  assert.ok(Math.max(...total.waitSecondsMax.map(Number)) < 60);
  const one = await get<HistoryReport>(`history?queue=${encodeURIComponent(jobQueueArn)}&step=600`);
  assert.deepEqual(
    one.series.queues.map(({ jobQueue }) => jobQueue),
    ["default"],
  );
  assert.deepEqual(one.series.environments, []);
  assert.equal(sum(one.series.queues[0]!.submitted), 15);
  const other = await get<HistoryReport>(`history?environment=${environment.computeEnvironment}`);
  assert.equal(other.series.environments[0]?.vcpusInUse.at(-1), 1);
  assert.deepEqual((await get<HistoryReport>("history?queue=nothing")).series.queues, []);

  await batch.send(new CancelJobCommand({ jobId: blocked, reason: "no" }));
  await until("all children have failed", async () => (await get<SummaryReport>("summary")).jobs.failedLastDay === 8);
  assert.equal((await get<SummaryReport>("summary")).jobs.waiting, 0);
});

test("of a queue in which jobs wait for room the oldest is told, and no other's", async (t) => {
  const { batch, url } = await apiServer(t, { vcpus: 1 });
  const running = await submitScript(batch, "sleep 600");
  await untilStatus(batch, running, "RUNNING");
  const waiting = [await submitScript(batch, "true"), await submitScript(batch, "true")];
  for (const id of waiting) await untilStatus(batch, id, "RUNNABLE");
  const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: [waiting[0]!] }));
  const told = await until("both wait", async () => {
    const { queues } = (await (await fetch(`${url}/longshore/summary`)).json()) as SummaryReport;
    return queues.find(({ byStatus }) => byStatus["RUNNABLE"] === 2);
  });
  assert.equal(told.oldestWaitSince, Number(jobs![0]!.createdAt));
  for (const jobId of [...waiting, running]) await batch.send(new TerminateJobCommand({ jobId, reason: "enough" }));
  await until("nothing is told any more", async () => {
    const { queues } = (await (await fetch(`${url}/longshore/summary`)).json()) as SummaryReport;
    return queues.every(({ oldestWaitSince }) => oldestWaitSince === undefined);
  });
});

test("what is asked wrong is told", async () => {
  const refused = async (query: string): Promise<string> =>
    (await get<{ message: string }>(`history?${query}`, 400)).message;
  assert.equal(await refused("step=0"), "step must be a whole number of seconds from 1 to 86400, not 0.");
  assert.equal(await refused("from=2026-02-01&to=2026-01-01"), "from must be before to, and not in the future.");
  assert.match(await refused("since=1"), /^since is no parameter of this request: it takes from, to, step/);
  assert.match(await refused("from=soon"), /^from must be a date or time/);
  assert.equal(await refused("step=60&step=60"), "step is given more than once.");
  assert.equal(await refused("queue="), "queue must be a name or an ARN, not empty.");
  const long = await get<HistoryReport>("history?from=2020-01-01&step=60");
  assert.ok(long.series.times.length <= 720 && long.step >= 10_800, String(long.step));
});
