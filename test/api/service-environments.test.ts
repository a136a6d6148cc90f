import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CapacityLimit, CreateServiceEnvironmentCommandInput } from "@aws-sdk/client-batch";
import {
  CreateJobQueueCommand,
  CreateServiceEnvironmentCommand,
  DeleteServiceEnvironmentCommand,
  DescribeJobQueuesCommand,
  DescribeServiceEnvironmentsCommand,
  paginateDescribeServiceEnvironments,
  UpdateServiceEnvironmentCommand,
} from "@aws-sdk/client-batch";
import { NEW_SERVICE_ENVIRONMENT } from "../../src/api/batch/services/service-environments.ts";
import { batchClient } from "../support/clients.ts";
import { testRefusals, WRONG_TAGS } from "../support/refusals.ts";
import { until } from "../support/until.ts";
import { apiServer, prefixed, refused, untilQueue } from "./server.ts";

const { batch, url } = await apiServer({ after });
const elsewhere = batchClient({ after }, url, "eu-west-1");

const arnOf = (name: string) => `arn:aws:batch:us-east-1:123456789012:service-environment/${name}`;
const INSTANCES = [{ capacityUnit: "NUM_INSTANCES", maxCapacity: 10 }];
const create = (name: string, more: Partial<CreateServiceEnvironmentCommandInput> = {}) =>
  batch.send(
    new CreateServiceEnvironmentCommand({
      serviceEnvironmentName: name,
      serviceEnvironmentType: "SAGEMAKER_TRAINING",
      capacityLimits: INSTANCES,
      ...more,
    }),
  );
async function describe(...serviceEnvironments: string[]) {
  const answer = await batch.send(new DescribeServiceEnvironmentsCommand({ serviceEnvironments }));
  return answer.serviceEnvironments!;
}
const untilStatus = (name: string, status: string) =>
  until(`service environment ${name} is ${status}`, async () => {
    const [found] = await describe(name);
    return (found?.status ?? "gone") === status && (found ?? true);
  });
const update = (serviceEnvironment: string, more: object) =>
  batch.send(new UpdateServiceEnvironmentCommand({ serviceEnvironment, ...more }));
const remove = (serviceEnvironment: string) => batch.send(new DeleteServiceEnvironmentCommand({ serviceEnvironment }));
const limits = (...capacityLimits: CapacityLimit[]) => ({ capacityLimits });

testRefusals<CreateServiceEnvironmentCommandInput>(
  "CreateServiceEnvironment",
  (wrong) => create("wrong", wrong),
  [NEW_SERVICE_ENVIRONMENT],
  [
    [
      "a bad name",
      { serviceEnvironmentName: "a b" },
      "Service environment name should match a valid pattern.",
      "serviceEnvironmentName",
    ],
    [
      "another service",
      { serviceEnvironmentType: "GLUE" as "SAGEMAKER_TRAINING" },
      "Service environment type GLUE is not valid. Valid types: [SAGEMAKER_TRAINING]",
      "serviceEnvironmentType",
    ],
    ["no limits", limits(), "Capacitylimits are required.", "capacityLimitsRequired"],
    [
      "six limits",
      limits(...Array.from({ length: 6 }, (_, n) => ({ capacityUnit: `ml.g${n}.large`, maxCapacity: 1 }))),
      "Number of capacity limits exceeds 5.",
      "tooManyCapacityLimits",
    ],
    [
      "a limit of nothing",
      limits({ capacityUnit: "NUM_INSTANCES", maxCapacity: 0 }),
      "Max capacity must be more than 0.",
      "maxCapacity",
    ],
    [
      "numbers beside types",
      limits(INSTANCES[0]!, { capacityUnit: "ml.g6.xlarge", maxCapacity: 1 }),
      "Capacity units must specify either number of instances OR instance type",
      "capacityUnitsMixed",
    ],
    [
      "an unknown unit",
      limits({ capacityUnit: "VCPU", maxCapacity: 1 }),
      "VCPU is unknown capacity unit",
      "capacityUnit",
    ],
    [
      "a unit twice",
      limits(INSTANCES[0]!, INSTANCES[0]!),
      "Cannot have two or more capacity limits of the same capacity unit.",
      "duplicateCapacityUnits",
    ],
    [
      "an unknown state",
      { state: "ON" as "ENABLED" },
      "State ON is not valid. Valid states: [ENABLED, DISABLED]",
      "resourceState",
    ],
    ...WRONG_TAGS,
    [
      "an unknown driver",
      { tags: { "longshore:driver": "cloud" } },
      "The tag longshore:driver must be process, docker, kubernetes or kubernetes@CLUSTER, not cloud.",
      "unknownDriver",
    ],
  ],
);

test("a service environment becomes VALID, is updated and deleted", async () => {
  assert.partialDeepStrictEqual(await create("life", { tags: { a: "b" } }), {
    serviceEnvironmentName: "life",
    serviceEnvironmentArn: arnOf("life"),
  });
  const valid = {
    serviceEnvironmentName: "life",
    serviceEnvironmentArn: arnOf("life"),
    serviceEnvironmentType: "SAGEMAKER_TRAINING",
    state: "ENABLED",
    status: "VALID",
    capacityLimits: INSTANCES,
    tags: { a: "b" },
  };
  assert.deepEqual(await untilStatus("life", "VALID"), valid);
  assert.deepEqual((await describe(arnOf("life")))[0], valid, "by ARN");
  await assert.rejects(remove("life"), refused("Cannot delete, resource must be DISABLED."));
  await update("life", { state: "DISABLED" });
  await untilStatus("life", "VALID");
  const types = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 2 }];
  const updated = await update(arnOf("life"), { capacityLimits: types });
  assert.deepEqual([updated.serviceEnvironmentName, updated.serviceEnvironmentArn], ["life", arnOf("life")]);
  assert.deepEqual(await untilStatus("life", "VALID"), { ...valid, state: "DISABLED", capacityLimits: types });
  await assert.rejects(update("life", { capacityLimits: [] }), refused(prefixed("Capacitylimits are required.")));
  await remove("life");
  await untilStatus("life", "gone");
  await remove("life");
  await assert.rejects(update("life", {}), refused("ServiceEnvironment life not found."));
});

test("a queue for service jobs has exactly one service environment, by name or ARN", async () => {
  await create("trains");
  await untilStatus("trains", "VALID");
  const order = (...names: string[]) =>
    names.map((serviceEnvironment, index) => ({ order: index + 1, serviceEnvironment }));
  const createQueue = (serviceEnvironmentOrder: { order: number; serviceEnvironment: string }[]) =>
    batch.send(
      new CreateJobQueueCommand({
        jobQueueName: "training",
        priority: 1,
        jobQueueType: "SAGEMAKER_TRAINING",
        serviceEnvironmentOrder,
      }),
    );
  await assert.rejects(
    createQueue(order("trains", "trains2")),
    refused(prefixed("Job queue can only have 1 service environment.")),
  );
  await assert.rejects(
    createQueue(order("nowhere")),
    refused(/Service environments must be created and valid before attaching them to a job queue/),
  );
  await createQueue(order("trains"));
  await untilQueue(batch, "training", "VALID");
  const { jobQueues } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: ["training"] }));
  const [{ jobQueueType, serviceEnvironmentOrder, computeEnvironmentOrder } = {}] = jobQueues!;
  assert.deepEqual(
    [jobQueueType, serviceEnvironmentOrder, computeEnvironmentOrder],
    ["SAGEMAKER_TRAINING", order(arnOf("trains")), []],
  );
  await update("trains", { state: "DISABLED" });
  await untilStatus("trains", "VALID");
  await assert.rejects(remove("trains"), refused("Cannot delete, found existing JobQueue relationship"));
});

test("names are taken once in an account and region", async () => {
  await create("taken");
  await assert.rejects(create("taken"), refused("Object already exists"));
  const { serviceEnvironments } = await elsewhere.send(
    new DescribeServiceEnvironmentsCommand({ serviceEnvironments: ["taken", arnOf("taken")] }),
  );
  assert.deepEqual(serviceEnvironments, []);
});

test("all of them, page by page", async () => {
  for (const name of ["list-a", "list-b", "list-c"]) await create(name);
  const names: (string | undefined)[] = [];
  for await (const page of paginateDescribeServiceEnvironments({ client: batch, pageSize: 2 }, {})) {
    names.push(...page.serviceEnvironments!.map(({ serviceEnvironmentName }) => serviceEnvironmentName));
  }
  const listed = names.filter((name) => name!.startsWith("list-"));
  assert.deepEqual(listed, ["list-a", "list-b", "list-c"]);
});
