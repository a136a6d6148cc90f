import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { RegisterJobDefinitionCommand, SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import type { UnitUsageSeries, UsageSeries } from "../../src/ports/usage-series.ts";
import { BUSY } from "../conformance/driver/suite.ts";
import { batchClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { ended, submitScript } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import type { ServerProcess } from "./server.ts";
import { spawnServer } from "./server.ts";

const skip = (await dockerUnavailable()) ?? false;

async function ask({ url }: ServerProcess, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/longshore/jobs/${path}`);
  return { status: response.status, body: await response.json() };
}

async function seriesOf(server: ServerProcess, jobId: string): Promise<UsageSeries> {
  return (await ask(server, `${jobId}/usage-series`)).body as UsageSeries;
}

/** Waits until so many points of each unit are there. */
function untilPoints(server: ServerProcess, jobId: string, count: number): Promise<readonly UnitUsageSeries[]> {
  return until(`${count} points of ${jobId}`, async () => {
    const { attempt } = await seriesOf(server, jobId);
    return attempt?.units.every(({ points }) => points.length >= count) === true && attempt.units;
  });
}

function assertBusy({ points }: UnitUsageSeries): void {
  const last = points.findLast(({ memoryMiB }) => memoryMiB !== undefined)!;
  assert.ok(last.vcpus > 0.02 && last.vcpus < 1.6, JSON.stringify(points));
  assert.ok(last.memoryMiB! >= 50 && last.memoryMiB! < 80, JSON.stringify(points));
}

/** The series of a busy job that runs, and after its end: both times it says the same. */
async function throughLife(t: TestContext, server: ServerProcess, jobId: string, meanwhile?: () => Promise<void>) {
  for (const unit of await untilPoints(server, jobId, 3)) assertBusy(unit);
  const { attempt } = await seriesOf(server, jobId);
  const { number, isGrowing, stoppedAt, startedAt } = attempt!;
  assert.deepEqual({ number, isGrowing, stoppedAt }, { number: 1, isGrowing: true, stoppedAt: undefined });
  const first = attempt!.units[0]!.points[0]!;
  assert.ok(first.at - startedAt! >= 900 && first.at - startedAt! < 5_000, `${first.at - startedAt!} ms`);
  await meanwhile?.();
  await batchClient(t, server.url).send(new TerminateJobCommand({ jobId, reason: "enough" }));
  await ended(batchClient(t, server.url), jobId);
  const over = (await seriesOf(server, jobId)).attempt!;
  assert.deepEqual([over.isGrowing, typeof over.stoppedAt], [false, "number"]);
  for (const unit of over.units) {
    const { points, cpuSeconds = 0, peakMemoryMiB = 0 } = unit;
    assert.ok(cpuSeconds > 0.2 && peakMemoryMiB >= 50, JSON.stringify({ cpuSeconds, peakMemoryMiB }));
    assert.ok(points.every(({ at }, place) => place === 0 || at > points[place - 1]!.at));
    const busyMs = points.reduce(
      (sum, { at, vcpus }, place) => sum + vcpus * (at - (points[place - 1]?.at ?? unit.startedAt!)),
      0,
    );
    assert.ok(Math.abs(busyMs / 1000 - cpuSeconds) < 0.2, `${busyMs} ms in all points, ${cpuSeconds} s`);
  }
  return over;
}

/** What has grown by four points is written within two seconds. */
async function throughKill(server: ServerProcess, jobId: string): Promise<void> {
  const before = await untilPoints(server, jobId, 7);
  await server.kill();
  await server.start();
  const after = await untilPoints(server, jobId, 8);
  for (const [index, { points }] of after.entries())
    assert.deepEqual(points.slice(0, 4), before[index]!.points.slice(0, 4));
}

test("what a process uses over time, through kill -9 of its server; and what cannot be asked", async (t) => {
  const server = await spawnServer(t, { driver: "process", vcpus: 2 });
  const jobId = await submitScript(batchClient(t, server.url), BUSY, {
    containerOverrides: { resourceRequirements: [{ type: "MEMORY", value: "200" }] },
  });
  const attempt = await throughLife(t, server, jobId, () => throughKill(server, jobId));
  assert.deepEqual(attempt.request, { vcpus: 1, memoryMiB: 200 });
  assert.deepEqual(attempt.units[0]!.request, attempt.request);
  const batch = batchClient(t, server.url);
  const short = await submitScript(batch, "exit 0");
  await ended(batch, short);
  const { attemptCount, attempt: only } = await seriesOf(server, short);
  assert.equal(attemptCount, 1);
  const [{ points, cpuSeconds, peakMemoryMiB }] = only!.units as [UnitUsageSeries];
  assert.ok(points.length <= 1 && cpuSeconds! < 1 && peakMemoryMiB! < 50, JSON.stringify(only));
  const array = await submitScript(batch, "exit 0", { arrayProperties: { size: 2 } });
  assert.deepEqual(await seriesOf(server, array), { jobId: array, attemptCount: 0 });
  const refusals = [
    [`${jobId}/usage-series?attempt=2`, 400, "attempt 2 is not there: the job has attempts 1 to 1."],
    [`${jobId}/usage-series?attempt=0`, 400, "attempt must be a whole number from 1 on, not 0."],
    [`${jobId}/usage-series?attempt=1&attempt=1`, 400, "attempt is given more than once."],
    [`${jobId}/usage-series?unit=1`, 400, "unit is no parameter of this request: it takes attempt."],
    [`${array}/usage-series?attempt=1`, 400, "attempt 1 is not there: the job has none yet."],
    ["nothing/usage-series", 404, "Job nothing not found."],
  ] as const;
  for (const [path, status, message] of refusals) {
    const answer = await ask(server, path);
    assert.equal(answer.status, status, path);
    assert.match(JSON.stringify(answer.body), new RegExp(message.replaceAll(".", "\\.")));
  }
});

test("what each container of a job uses over time, in the engine", { skip }, async (t) => {
  const image = await ensureTestImage();
  const resourceRequirements = [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: "128" },
  ];
  const container = { image, command: ["sh", "-c", BUSY], essential: true, resourceRequirements };
  const server = await spawnServer(t, { driver: "docker" });
  const batch = batchClient(t, server.url);
  const containers = ["one", "other"].map((name) => ({ ...container, name }));
  const jobDefinition = "two";
  await batch.send(
    new RegisterJobDefinitionCommand({
      ...{ jobDefinitionName: jobDefinition, type: "container" },
      ecsProperties: { taskProperties: [{ containers }] },
    }),
  );
  const { jobId } = await batch.send(new SubmitJobCommand({ jobName: "two", jobQueue: "default", jobDefinition }));
  const attempt = await throughLife(t, server, jobId!);
  assert.deepEqual(attempt.request, { vcpus: 2, memoryMiB: 256 });
  assert.deepEqual(
    attempt.units.map(({ name, request }) => [name, request]),
    [
      ["one", { vcpus: 1, memoryMiB: 128 }],
      ["other", { vcpus: 1, memoryMiB: 128 }],
    ],
  );
});
