import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { BatchClient, DescribeConsumableResourceResponse } from "@aws-sdk/client-batch";
import {
  CreateConsumableResourceCommand,
  DescribeConsumableResourceCommand,
  ListServiceJobsCommand,
  UpdateConsumableResourceCommand,
} from "@aws-sdk/client-batch";
import { batchClient } from "../support/clients.ts";
import { allEnded, submitScript } from "../support/jobs.ts";
import { createServiceQueue, serviceEnded, submitService, trainingRequest } from "../support/service-jobs.ts";
import type { ServerProcess } from "./server.ts";
import { spawnServer } from "./server.ts";

/** A server in a process of its own, and a client for it, which is made anew after each kill: the port changes. */
async function bench(t: TestContext): Promise<{ batch: () => BatchClient; restart: () => Promise<void> }> {
  const server: ServerProcess = await spawnServer(t, { driver: "process", vcpus: 4 });
  let batch = batchClient(t, server.url);
  return {
    batch: () => batch,
    restart: async () => {
      await server.kill();
      await server.start();
      batch = batchClient(t, server.url);
    },
  };
}

async function describe(batch: BatchClient, name: string): Promise<DescribeConsumableResourceResponse> {
  return batch.send(new DescribeConsumableResourceCommand({ consumableResource: name }));
}

const TOTAL = 10_000;
const ROUNDS = 4;
const JOBS_PER_ROUND = 8;

test("what does not come back is used up once by each attempt, however often the server is killed", async (t) => {
  const { batch, restart } = await bench(t);
  const create = (consumableResourceName: string, totalQuantity: number, resourceType: string) =>
    batch().send(new CreateConsumableResourceCommand({ consumableResourceName, totalQuantity, resourceType }));
  await create("budget", TOTAL, "NON_REPLENISHABLE");
  await create("seats", 2, "REPLENISHABLE");
  const consumableResourceList = [
    { consumableResource: "budget", quantity: 3 },
    { consumableResource: "seats", quantity: 1 },
  ];
  const ids: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const submissions = Array.from({ length: JOBS_PER_ROUND }, (_, n) =>
      submitScript(batch(), `sleep 0.05; exit ${n % 2}`, {
        retryStrategy: { attempts: 2 },
        consumableResourcePropertiesOverride: { consumableResourceList },
      }),
    );
    ids.push(...(await Promise.all(submissions)));
    // In the middle of whatever the engine does with those that end now.
    await allEnded(batch(), ids.slice(-JOBS_PER_ROUND, -JOBS_PER_ROUND + 1 + round));
    await restart();
  }
  const jobs = await allEnded(batch(), ids);
  const attempts = jobs.reduce((sum, job) => sum + job.attempts!.length, 0);
  assert.equal(attempts, (ids.length / 2) * 3, "every other job needs both of its attempts");
  const budget = await describe(batch(), "budget");
  assert.deepEqual([budget.totalQuantity, budget.inUseQuantity], [TOTAL - 3 * attempts, 0]);
  const seats = await describe(batch(), "seats");
  assert.deepEqual([seats.totalQuantity, seats.inUseQuantity, seats.availableQuantity], [2, 0, 2]);
});

test("a request with a token is done once, though the server is killed before its client hears of it", async (t) => {
  const { batch, restart } = await bench(t);
  await batch().send(new CreateConsumableResourceCommand({ consumableResourceName: "counted" }));
  await createServiceQueue(batch(), "training");
  const request = trainingRequest("true");
  for (let round = 0; round < ROUNDS; round += 1) {
    const clientToken = randomUUID();
    const update = new UpdateConsumableResourceCommand({
      ...{ consumableResource: "counted", operation: "ADD", quantity: 1, clientToken },
    });
    const submit = () => submitService(batch(), request, { jobName: "once", clientToken });
    // Some of them arrive, some do not.
    const unheard = Promise.allSettled([batch().send(update), submit()]);
    if (round % 2 === 0) await Promise.race([unheard, new Promise((resolve) => setImmediate(resolve))]);
    else await unheard;
    await restart();
    await unheard;
    await batch().send(update);
    await serviceEnded(batch(), await submit());
  }
  assert.equal((await describe(batch(), "counted")).totalQuantity, ROUNDS);
  const filters = [{ name: "JOB_NAME", values: ["once"] }];
  const { jobSummaryList } = await batch().send(new ListServiceJobsCommand({ jobQueue: "training", filters }));
  assert.equal(jobSummaryList!.length, ROUNDS);
});
