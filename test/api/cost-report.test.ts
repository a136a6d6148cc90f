import assert from "node:assert/strict";
import { test } from "node:test";
import type { SubmitJobCommandInput } from "@aws-sdk/client-batch";
import { DescribeJobsCommand, SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import type { AdviceReport, CostReport, CostTotals, JobUsage } from "../../src/ports/cost-report.ts";
import { until } from "../support/until.ts";
import type { ApiServer } from "./server.ts";
import { apiServer } from "./server.ts";

/** At a dollar for a vCPU hour dollars are vCPU hours. */
const RATES = { prices: { perVcpuHour: 1, environments: { free: { perGibHour: 0 } } } };

const get = async <T>({ url }: ApiServer, path: string): Promise<T> => {
  const answer = await fetch(`${url}/longshore/${path}`);
  const body = await answer.text();
  assert.equal(answer.status, 200, body);
  return JSON.parse(body) as T;
};
const refusal = async ({ url }: ApiServer, path: string): Promise<[number, string]> => {
  const answer = await fetch(`${url}/longshore/${path}`);
  return [answer.status, ((await answer.json()) as { message: string }).message];
};

async function submit({ batch }: ApiServer, jobName: string, more: Partial<SubmitJobCommandInput> = {}) {
  const { jobId } = await batch.send(
    new SubmitJobCommand({ jobName, jobQueue: "default", jobDefinition: "default", ...more }),
  );
  return jobId!;
}

async function over({ batch }: ApiServer, ...ids: string[]): Promise<void> {
  await until("all are over", async () => {
    const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: ids }));
    return jobs.every(({ status }) => status === "SUCCEEDED" || status === "FAILED");
  });
}

const command = (...words: string[]) => ({ containerOverrides: { command: words } });

test("what attempts cost is added up by queue, share, environment, array, job and tag, and is the sum of them", async (t) => {
  const server = await apiServer(t, { configuration: RATES });
  const array = await submit(server, "array", {
    ...{ arrayProperties: { size: 3 }, tags: { team: "a" }, ...command("sleep", "0.02") },
  });
  const twice = await submit(server, "twice", {
    ...{ retryStrategy: { attempts: 2 }, tags: { team: "b" }, ...command("false") },
  });
  await over(server, array, twice);
  const running = await submit(server, "running", { tags: { team: "a" }, ...command("sleep", "60") });
  const live = await until("it runs", async () => {
    const report = await get<CostReport>(server, "cost");
    return report.total.running === 1 && report;
  });
  assert.equal(live.total.attempts, 6);

  const expected: Record<string, Record<string, number>> = {
    queue: { default: 6 },
    share: { "": 6 },
    environment: { default: 6 },
    array: { array: 3, twice: 2, running: 1 },
    "tag:team": { a: 4, b: 2 },
    "tag:none": { "": 6 },
  };
  for (const [by, attempts] of Object.entries(expected)) {
    const report = await get<CostReport>(server, `cost?by=${by}`);
    const found = Object.fromEntries(report.groups.map((group) => [group.name ?? group.key, group.attempts]));
    assert.deepEqual(found, attempts, by);
    assertSum(report);
  }
  const byJob = await get<CostReport>(server, "cost?by=job");
  const told = byJob.groups.map(({ key, name, attempts }) => `${key} ${name} ${attempts}`);
  const expectedJobs = [0, 1, 2].map((index) => `${array}:${index} array 1`);
  assert.deepEqual(told.toSorted(), [...expectedJobs, `${twice} twice 2`, `${running} running 1`].toSorted());
  const costs = byJob.groups.map(({ usd }) => usd);
  assert.deepEqual(
    costs,
    costs.toSorted((a, b) => b - a),
    "most expensive first",
  );
  const limited = await get<CostReport>(server, "cost?by=job&limit=2");
  assert.deepEqual([limited.groups.length, limited.groupCount, limited.total.attempts], [2, 5, 6]);
  const children = await get<CostReport>(server, `cost?by=job&job=${array}`);
  assert.deepEqual(children.groups.map(({ key }) => key).toSorted(), [`${array}:0`, `${array}:1`, `${array}:2`]);
  assertSum(children);

  await server.batch.send(new TerminateJobCommand({ jobId: running, reason: "enough" }));
  await over(server, running);
  const ended = await get<CostReport>(server, "cost?by=array");
  assert.deepEqual([ended.total.attempts, ended.total.running], [6, 0]);
  assert.ok(ended.total.usd >= live.total.usd);
});

/** The groups add up to the total, and all is at its price: a dollar for a vCPU hour. */
function assertSum({ total, groups }: CostReport): void {
  const sum = (member: keyof CostTotals) => groups.reduce((all, group) => all + (group[member] ?? 0), 0);
  for (const member of ["attempts", "running", "unmeasured", "unpriced"] as const) {
    assert.equal(sum(member), total[member], member);
  }
  for (const member of ["vcpuHours", "gibHours", "cpuHours", "usd"] as const) {
    assert.ok(Math.abs(sum(member) - total[member]) < 1e-7, `${member}: ${sum(member)}, ${total[member]}`);
  }
  assert.equal(total.unpriced, 0);
  assert.ok(total.usd > 0 && Math.abs(total.usd - total.vcpuHours) < 1e-7, `${total.usd} for ${total.vcpuHours}`);
}

test("only of the time, the queue, the environment that is asked for", async (t) => {
  const server = await apiServer(t, { configuration: RATES });
  const first = await submit(server, "first");
  await over(server, first);
  const { jobs = [] } = await server.batch.send(new DescribeJobsCommand({ jobs: [first] }));
  const { stoppedAt } = jobs[0]!;
  const attempts = async (query: string) => (await get<CostReport>(server, `cost?${query}`)).total.attempts;
  assert.equal(await attempts(`from=${stoppedAt}`), 1);
  assert.equal(await attempts(`from=${stoppedAt! + 1}`), 0);
  assert.equal(await attempts(`to=${stoppedAt}`), 0);
  assert.equal(await attempts(`from=2020-01-01&to=${stoppedAt! + 1}`), 1);
  assert.equal(await attempts(`to=${encodeURIComponent("2020-01-01T00:00:00+01:00")}`), 0);
  assert.equal(await attempts("queue=default&environment=default&share="), 1);
  assert.equal(await attempts("queue=other"), 0);
  assert.equal(await attempts("environment=other"), 0);
  assert.equal(await attempts("share=red"), 0);
});

test("a job's own attempts: what they held, used and cost", async (t) => {
  const server = await apiServer(t, { configuration: RATES });
  const array = await submit(server, "array", { arrayProperties: { size: 2 } });
  const twice = await submit(server, "twice", { retryStrategy: { attempts: 2 }, ...command("false") });
  await over(server, array, twice);
  const usage = await get<JobUsage>(server, `jobs/${twice}/usage`);
  assert.equal(usage.attempts.length, 2);
  for (const { startedAt, stoppedAt, vcpus, memoryMiB, gpus, usd } of usage.attempts) {
    assert.deepEqual([vcpus, memoryMiB, gpus], [1, 64, 0]);
    assert.equal(usd, Math.round(((stoppedAt! - startedAt!) / 3_600_000) * 1e9) / 1e9);
  }
  assert.equal(usage.total.attempts, 2);
  const ofArray = await get<JobUsage>(server, `jobs/${array}/usage`);
  assert.deepEqual([ofArray.total.attempts, ofArray.attempts], [2, []]);
  const ofChild = await get<JobUsage>(server, `jobs/${array}:1/usage`);
  assert.deepEqual([ofChild.total.attempts, ofChild.attempts.length], [1, 1]);
});

test("what jobs asked for, and what they used of it", async (t) => {
  const server = await apiServer(t);
  const array = await submit(server, "array", { arrayProperties: { size: 3 }, ...command("sleep", "0.1") });
  // Of what ran for a moment only, the use is too coarse to be divided by the time.
  const larger = {
    containerOverrides: {
      command: ["sleep", "0.1"],
      resourceRequirements: [{ type: "MEMORY" as const, value: "4096" }],
    },
  };
  const others = await Promise.all([1, 2, 3].map((n) => submit(server, `large-${n}`, larger)));
  await over(server, array, ...others);
  const { sizes, sizeCount } = await get<AdviceReport>(server, "advice");
  const largestFirst = sizes.toSorted((a, b) => b.memoryMiB - a.memoryMiB);
  const told = largestFirst.map(({ jobDefinition, vcpus, memoryMiB, attempts }) => [
    ...[jobDefinition.slice(jobDefinition.lastIndexOf("/") + 1), vcpus, memoryMiB, attempts],
  ]);
  assert.deepEqual(told, [
    ["default:1", 1, 4096, 3],
    ["default:1", 1, 64, 3],
  ]);
  assert.equal(sizeCount, 2);
  assert.ok(
    sizes.every(({ vcpusUsed }) => vcpusUsed >= 0 && vcpusUsed < 2),
    JSON.stringify(sizes),
  );
  // Where the most memory is measured, the first one is that which asks for far more than a shell that sleeps.
  const [first] = sizes;
  if (first?.peakMemoryMiB !== undefined) {
    assert.deepEqual([first.memoryMiB, first.enoughMemoryMiB], [4096, 64], JSON.stringify(sizes));
  }
  assert.equal((await get<AdviceReport>(server, "advice?to=2020-01-01")).sizes.length, 0);
});

test("requests that are wrong are told what is", async (t) => {
  const server = await apiServer(t);
  for (const [query, message] of [
    ["by=colour", "by must be one of queue, share, environment, array, job, or tag:KEY, not colour."],
    ["by=tag:", "by must be one of queue, share, environment, array, job, or tag:KEY, not tag:."],
    ["from=yesterday", "from must be a date or time such as 2026-03-01 or 2026-03-01T12:00:00Z, not yesterday."],
    [
      "to=99999999999999999",
      "to must be a date or time such as 2026-03-01 or 2026-03-01T12:00:00Z, not 99999999999999999.",
    ],
    ["from=2026-13-01", "from must be a date or time such as 2026-03-01 or 2026-03-01T12:00:00Z, not 2026-13-01."],
    ["from=2026-03-02&to=2026-03-01", "from must be before to."],
    ["limit=0", "limit must be a whole number from 1 to 1000."],
    ["since=1", "since is no parameter of this request: it takes by, from, to, queue, environment, share, job, limit."],
    ["by=job&by=queue", "by is given more than once."],
  ] as const) {
    assert.deepEqual(await refusal(server, `cost?${query}`), [400, message]);
  }
  assert.deepEqual(await refusal(server, "cost?job=nobody"), [404, "Job nobody not found."]);
  assert.deepEqual(await refusal(server, "jobs/nobody/usage"), [404, "Job nobody not found."]);
});
