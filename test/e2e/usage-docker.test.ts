import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { TaskContainerProperties } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import type { CostReport, JobUsage } from "../../src/ports/cost-report.ts";
import { LABEL } from "../../src/drivers/docker/names.ts";
import { batchClient } from "../support/clients.ts";
import { exactMeasuringUnavailable } from "../support/docker.ts";
import { ensureTestImage, testEngine } from "../support/docker-image.ts";
import { ended } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { containerName } from "../../src/core/driver-name.ts";
import { newDataDir, spawnServer } from "./server.ts";
import type { ServerProcess } from "./server.ts";

const skip = (await exactMeasuringUnavailable()) ?? false;

/** Keeps a processor busy for some tenths of a second, and holds so many MiB. */
const work = (mib: number) =>
  `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; head -c $((${mib}*1048576)) /dev/zero | tail > /dev/null`;

/** A server at a dollar for a vCPU hour, and a job of it whose containers run these scripts. */
async function jobOf(t: TestContext, scripts: Readonly<Record<string, string>>) {
  const dataDir = newDataDir();
  writeFileSync(join(dataDir, "config.json"), JSON.stringify({ prices: { perVcpuHour: 1 } }));
  const server = await spawnServer(t, { driver: "docker" }, dataDir);
  const batch = batchClient(t, server.url);
  const image = await ensureTestImage();
  const containers = Object.entries(scripts).map(([name, script]): TaskContainerProperties => {
    const resourceRequirements = [
      { type: "VCPU" as const, value: "1" },
      { type: "MEMORY" as const, value: "128" },
    ];
    return { name, image, command: ["sh", "-c", script], essential: true, resourceRequirements };
  });
  const [first] = containers;
  const { name: _, essential: __, ...alone } = first!;
  await batch.send(
    new RegisterJobDefinitionCommand({
      ...{ jobDefinitionName: "work", type: "container" },
      ...(containers.length === 1
        ? { containerProperties: alone }
        : { ecsProperties: { taskProperties: [{ containers }] } }),
    }),
  );
  const { jobId } = await batch.send(
    new SubmitJobCommand({ jobName: "work", jobQueue: "default", jobDefinition: "work" }),
  );
  return { server, batch, jobId: jobId! };
}

/** What the server still has to do when a job's end is told: what ran for it is removed. */
async function untilGone(jobId: string, attemptId: string): Promise<void> {
  const engine = await testEngine();
  for (const label of [`${LABEL.job}=${jobId}`, `${LABEL.task}=${attemptId}`]) {
    const filters = { label: [label] };
    await until(`no container has the label ${label}`, async () => {
      return (await engine.listContainers({ all: true, filters })).length === 0;
    });
  }
}

async function get<T>({ url }: ServerProcess, path: string): Promise<T> {
  return (await (await fetch(`${url}/longshore/${path}`)).json()) as T;
}

test(
  "what a container used is known, and paid, though its server was killed and it ended while none ran",
  { skip },
  async (t) => {
    const { server, batch, jobId } = await jobOf(t, { work: `sleep 2; ${work(50)}` });
    const name = await until("it runs", async () => {
      const { attempts } = await get<JobUsage>(server, `jobs/${jobId}/usage`);
      return attempts[0] && containerName(attempts[0].attemptId);
    });
    const running = await get<CostReport>(server, "cost?by=job");
    assert.deepEqual([running.total.attempts, running.total.running], [1, 1]);
    await server.kill();
    const engine = await testEngine();
    await until("it has ended", async () => (await engine.getContainer(name).inspect()).State.Status === "exited");
    await server.start();
    await ended(batchClient(t, server.url), jobId);
    const { attempts, total } = await get<JobUsage>(server, `jobs/${jobId}/usage`);
    const [attempt, ...more] = attempts;
    assert.deepEqual(more, []);
    const { cpuSeconds = 0, peakMemoryMiB = 0, startedAt, stoppedAt, usd } = attempt!;
    assert.ok(cpuSeconds > 0.05 && cpuSeconds < 5, `${cpuSeconds} s`);
    assert.ok(peakMemoryMiB >= 50 && peakMemoryMiB < 70, `${peakMemoryMiB} MiB`);
    assert.equal(usd, Math.round(((stoppedAt! - startedAt!) / 3_600_000) * 1e9) / 1e9);
    assert.deepEqual([total.attempts, total.running, total.usd, total.peakMemoryMiB], [1, 0, usd, peakMemoryMiB]);
    batch.destroy();
    await untilGone(jobId, attempt!.attemptId);
  },
);

test("an attempt of several containers has used what they have together", { skip }, async (t) => {
  const { server, batch, jobId } = await jobOf(t, { small: `${work(10)}; sleep 1`, large: `${work(40)}; sleep 1` });
  await ended(batch, jobId);
  const { attempts } = await get<JobUsage>(server, `jobs/${jobId}/usage`);
  const { cpuSeconds, peakMemoryMiB, containers = [], vcpus } = attempts[0]!;
  assert.deepEqual([containers.map(({ name }) => name), vcpus], [["small", "large"], 2]);
  const [small, large] = containers.map((one) => one.peakMemoryMiB!);
  assert.ok(small! >= 10 && small! < 30 && large! >= 40 && large! < 60, `${small} and ${large} MiB`);
  assert.equal(peakMemoryMiB, small! + large!);
  assert.ok(Math.abs(cpuSeconds! - containers[0]!.cpuSeconds! - containers[1]!.cpuSeconds!) < 1e-9);
  await untilGone(jobId, attempts[0]!.attemptId);
});
