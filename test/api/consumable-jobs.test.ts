import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ListJobsByConsumableResourceCommandInput, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import {
  CreateConsumableResourceCommand,
  DeleteConsumableResourceCommand,
  DescribeConsumableResourceCommand,
  ListConsumableResourcesCommand,
  ListJobsByConsumableResourceCommand,
  paginateListJobsByConsumableResource,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobCommand,
  UpdateConsumableResourceCommand,
} from "@aws-sdk/client-batch";
import { describeJob, ended, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, CONTAINER, register, refused } from "./server.ts";

const { batch } = await apiServer({ after });

const PREFIX = "arn:aws:batch:us-east-1:123456789012:";
const arnOf = (name: string) => `${PREFIX}consumable-resource/${name}`;
const create = (consumableResourceName: string, totalQuantity: number, resourceType = "REPLENISHABLE") =>
  batch.send(new CreateConsumableResourceCommand({ consumableResourceName, totalQuantity, resourceType }));
/** What there is of a resource: in all, in use, available. */
async function stock(consumableResource: string): Promise<(number | undefined)[]> {
  const found = await batch.send(new DescribeConsumableResourceCommand({ consumableResource }));
  return [found.totalQuantity, found.inUseQuantity, found.availableQuantity];
}
const needs = (quantities: Record<string, number>): Partial<SubmitJobCommandInput> => ({
  consumableResourcePropertiesOverride: {
    consumableResourceList: Object.entries(quantities).map(([consumableResource, quantity]) => ({
      consumableResource,
      quantity,
    })),
  },
});
const FOREVER = ["sleep", "600"];
const terminate = (jobId: string) => batch.send(new TerminateJobCommand({ jobId, reason: "enough" }));

test("a job waits until all that it needs is available, holds it while it runs, and gives it back", async () => {
  await create("seats", 3);
  await create("keys", 1);
  const first = await submit(batch, FOREVER, needs({ seats: 2, [arnOf("keys")]: 1 }));
  await untilStatus(batch, first, "RUNNING");
  assert.deepEqual(
    [await stock("seats"), await stock("keys")],
    [
      [3, 2, 1],
      [1, 1, 0],
    ],
  );
  const { consumableResources } = await batch.send(
    new ListConsumableResourcesCommand({ filters: [{ name: "CONSUMABLE_RESOURCE_NAME", values: ["seats"] }] }),
  );
  assert.equal(consumableResources![0]!.inUseQuantity, 2);
  const waits = await submit(batch, ["true"], needs({ seats: 2 }));
  const passes = await submit(batch, ["true"], needs({ seats: 1 }));
  assert.equal((await ended(batch, passes)).status, "SUCCEEDED", "who waits for a resource holds nobody up");
  const waiting = await describeJob(batch, waits);
  assert.deepEqual(
    [waiting.status, waiting.statusReason],
    ["RUNNABLE", "Waiting for consumable resource seats: it asks for 2; 1 of 3 are available."],
  );
  assert.deepEqual(waiting.consumableResourceProperties, needs({ seats: 2 }).consumableResourcePropertiesOverride);
  await terminate(first);
  await ended(batch, first);
  await ended(batch, waits);
  assert.deepEqual(
    [await stock("seats"), await stock("keys")],
    [
      [3, 0, 3],
      [1, 0, 1],
    ],
  );
});

test("a resource comes later, gets more, and gets less than is in use", async () => {
  const id = await submit(batch, FOREVER, needs({ later: 2 }));
  const reason = async () => (await describeJob(batch, id)).statusReason;
  await until("the job waits", async () => (await reason()) !== undefined);
  assert.equal(await reason(), "Waiting for consumable resource later, which does not exist.");
  await create("later", 1);
  assert.equal(await reason(), "Waiting for consumable resource later: it asks for 2; 1 of 1 are available.");
  const update = (operation: string, quantity: number) =>
    batch.send(new UpdateConsumableResourceCommand({ consumableResource: "later", operation, quantity }));
  assert.equal((await update("ADD", 2)).totalQuantity, 3);
  await untilStatus(batch, id, "RUNNING");
  assert.equal((await update("SET", 1)).totalQuantity, 2, "as much as is in use");
  assert.deepEqual(await stock("later"), [2, 2, 0]);
  await terminate(id);
  await ended(batch, id);
  assert.deepEqual(await stock("later"), [1, 0, 1]);
});

test("a resource that does not come back is used up, also by a job that fails, and by each attempt", async () => {
  await create("budget", 10, "NON_REPLENISHABLE");
  const good = await submit(batch, ["true"], needs({ budget: 3 }));
  await ended(batch, good);
  assert.deepEqual(await stock("budget"), [7, 0, 7]);
  const bad = await submit(batch, ["false"], { ...needs({ budget: 2 }), retryStrategy: { attempts: 2 } });
  await ended(batch, bad);
  assert.deepEqual(await stock("budget"), [3, 0, 3]);
  const cancelled = await submit(batch, ["true"], needs({ budget: 4 }));
  await until("the job waits", async () => (await describeJob(batch, cancelled)).statusReason !== undefined);
  await terminate(cancelled);
  assert.deepEqual(await stock("budget"), [3, 0, 3], "who never ran has used nothing");
  const update = await batch.send(
    new UpdateConsumableResourceCommand({ consumableResource: "budget", operation: "SET", quantity: 5 }),
  );
  assert.equal(update.totalQuantity, 5);
});

test("a resource is deleted while it is in use, and made again", async () => {
  await create("reborn", 1);
  const holder = await submit(batch, FOREVER, needs({ reborn: 1 }));
  await untilStatus(batch, holder, "RUNNING");
  await batch.send(new DeleteConsumableResourceCommand({ consumableResource: "reborn" }));
  const waits = await submit(batch, ["true"], needs({ reborn: 1 }));
  await until("the job waits", async () => (await describeJob(batch, waits)).statusReason !== undefined);
  await create("reborn", 1);
  assert.deepEqual(await stock("reborn"), [1, 1, 0]);
  await terminate(holder);
  await ended(batch, waits);
  assert.deepEqual(await stock("reborn"), [1, 0, 1]);
});

test("each child of an array, and all nodes of a multi-node job together", async () => {
  await create("slots", 2);
  const script = "sleep 0.1";
  const array = await submitScript(batch, script, { ...needs({ slots: 1 }), arrayProperties: { size: 5 } });
  assert.equal((await ended(batch, array)).status, "SUCCEEDED");
  const range = (targetNodes: string, quantity: number) => ({
    targetNodes,
    container: { ...CONTAINER, command: ["sleep", "600"] },
    consumableResourceProperties: { consumableResourceList: [{ consumableResource: "slots", quantity }] },
  });
  await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: "nodes",
      type: "multinode",
      nodeProperties: { numNodes: 3, mainNode: 0, nodeRangeProperties: [range("0:", 1)] },
    }),
  );
  const nodes = { jobName: "nodes", jobQueue: "default", jobDefinition: "nodes" };
  const id = (await batch.send(new SubmitJobCommand(nodes))).jobId!;
  const reason = async () => (await describeJob(batch, id)).statusReason;
  await until("the job waits", async () => (await reason()) !== undefined);
  assert.equal(await reason(), "Waiting for consumable resource slots: it asks for 3; 2 of 2 are available.");
  await batch.send(new UpdateConsumableResourceCommand({ consumableResource: "slots", operation: "ADD", quantity: 1 }));
  await untilStatus(batch, id, "RUNNING");
  assert.deepEqual(await stock("slots"), [3, 3, 0]);
  await terminate(id);
  await ended(batch, id);
});

test("ListJobsByConsumableResource: by status, by name, page by page", async () => {
  await create("listed", 1);
  const container = { command: ["true"] };
  const more = {
    consumableResourceProperties: { consumableResourceList: [{ consumableResource: "listed", quantity: 1 }] },
  };
  const definition = await register(batch, "needs-listed", container, more);
  const run = async (jobName: string) => {
    const jobId = await submit(batch, ["true"], { jobName, jobDefinition: definition });
    return ended(batch, jobId);
  };
  for (const name of ["one", "two", "Three"]) await run(name);
  const holder = await submit(batch, FOREVER, { jobName: "holder", jobDefinition: definition });
  await untilStatus(batch, holder, "RUNNING");
  const waits = await submit(batch, ["true"], {
    jobName: "array",
    jobDefinition: definition,
    arrayProperties: { size: 2 },
    ...needs({ listed: 2, other: 1 }),
  });
  const list = async (filters: Record<string, string> = {}): Promise<(string | undefined)[]> => {
    const input: ListJobsByConsumableResourceCommandInput = {
      consumableResource: "listed",
      filters: Object.entries(filters).map(([name, value]) => ({ name, values: [value] })),
    };
    const names: (string | undefined)[] = [];
    for await (const page of paginateListJobsByConsumableResource({ client: batch, pageSize: 2 }, input)) {
      assert.ok(page.jobs!.length <= 2);
      names.push(...page.jobs!.map(({ jobName }) => jobName));
    }
    return names;
  };
  assert.deepEqual(await list(), ["array", "holder", "Three", "two", "one"]);
  assert.deepEqual(await list({ JOB_STATUS: "SUCCEEDED" }), ["Three", "two", "one"]);
  assert.deepEqual(await list({ JOB_NAME: "T*" }), ["Three", "two"]);
  assert.deepEqual(await list({ JOB_NAME: "t*", JOB_STATUS: "RUNNING" }), []);
  const { jobs } = await batch.send(
    new ListJobsByConsumableResourceCommand({ consumableResource: arnOf("listed"), maxResults: 2 }),
  );
  const running = await describeJob(batch, holder);
  assert.deepEqual(jobs![1], {
    jobArn: `${PREFIX}job/${holder}`,
    jobQueueArn: `${PREFIX}job-queue/default`,
    jobName: "holder",
    jobDefinitionArn: definition,
    jobStatus: "RUNNING",
    quantity: 1,
    createdAt: running.createdAt,
    startedAt: running.startedAt,
    consumableResourceProperties: {
      consumableResourceList: [{ consumableResource: arnOf("listed"), quantity: 1 }],
    },
  });
  assert.deepEqual([jobs![0]!.jobName, jobs![0]!.quantity, jobs![0]!.jobStatus], ["array", 2, "PENDING"]);
  await terminate(holder);
  await terminate(waits);
  for (const [input, message] of [
    [{ consumableResource: "nowhere" }, "ConsumableResource nowhere not found."],
    [
      { filters: [{ name: "JOB_ID", values: ["x"] }] },
      "Filter JOB_ID is not valid. Valid filters: [JOB_STATUS, JOB_NAME]",
    ],
    [{ filters: [{ name: "JOB_NAME", values: ["x", "y"] }] }, "Filter JOB_NAME needs exactly one value."],
    [
      {
        filters: [
          { name: "JOB_NAME", values: ["x"] },
          { name: "JOB_NAME", values: ["y"] },
        ],
      },
      "Filter JOB_NAME is given twice.",
    ],
    [
      { filters: [{ name: "JOB_STATUS", values: ["SCHEDULED"] }] },
      "Job status is not one of SUBMITTED | PENDING | RUNNABLE | STARTING | RUNNING | SUCCEEDED | FAILED",
    ],
    [{ maxResults: 101 }, "maxResults must be between 1 and 100."],
  ] as const) {
    const command = { consumableResource: "listed", ...(structuredClone(input) as object) };
    await assert.rejects(batch.send(new ListJobsByConsumableResourceCommand(command)), refused(message));
  }
});
