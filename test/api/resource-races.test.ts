import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  CreateServiceEnvironmentCommand,
  DeleteComputeEnvironmentCommand,
  DeleteSchedulingPolicyCommand,
  DeleteServiceEnvironmentCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeServiceEnvironmentsCommand,
  UpdateComputeEnvironmentCommand,
  UpdateServiceEnvironmentCommand,
} from "@aws-sdk/client-batch";
import { until } from "../support/until.ts";
import { apiServer } from "./server.ts";

const { batch } = await apiServer({ after });

const PREFIX = "arn:aws:batch:us-east-1:123456789012:";
/** Which of two requests comes first differs from round to round. */
const ROUNDS = [...Array(10).keys()];

const isDone = (outcome: PromiseSettledResult<unknown>) => outcome.status === "fulfilled";

function createQueue(jobQueueName: string, computeEnvironment: string, more: object = {}) {
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment }];
  return batch.send(new CreateJobQueueCommand({ jobQueueName, priority: 1, computeEnvironmentOrder, ...more }));
}

test("no queue gets a scheduling policy that is deleted at the same time", async () => {
  for (const round of ROUNDS) {
    const name = `policy-${round}`;
    await batch.send(new CreateSchedulingPolicyCommand({ name }));
    const arn = `${PREFIX}scheduling-policy/${name}`;
    const create = (twin: string) => createQueue(`of-${name}-${twin}`, "default", { schedulingPolicyArn: arn });
    const [deleted, ...created] = await Promise.allSettled([
      batch.send(new DeleteSchedulingPolicyCommand({ arn })),
      ...["a", "b", "c"].map(create),
    ]);
    assert.ok(!(isDone(deleted) && created.some(isDone)), `in round ${round}`);
  }
});

test("no queue gets a compute environment that is deleted at the same time", async () => {
  for (const round of ROUNDS) {
    const name = `environment-${round}`;
    const network = { subnets: ["subnet-1"], securityGroupIds: ["sg-1"] };
    const computeResources = { type: "FARGATE" as const, maxvCpus: 1, ...network };
    await batch.send(
      new CreateComputeEnvironmentCommand({ computeEnvironmentName: name, type: "MANAGED", computeResources }),
    );
    await untilEnvironmentIsValid(name);
    await batch.send(new UpdateComputeEnvironmentCommand({ computeEnvironment: name, state: "DISABLED" }));
    await untilEnvironmentIsValid(name);
    const [deleted, ...created] = await Promise.allSettled([
      batch.send(new DeleteComputeEnvironmentCommand({ computeEnvironment: name })),
      ...["a", "b", "c"].map((twin) => createQueue(`of-${name}-${twin}`, name)),
    ]);
    assert.ok(!(isDone(deleted) && created.some(isDone)), `in round ${round}`);
  }
});

test("a service environment whose deletion was acknowledged goes, whatever was asked at the same time", async () => {
  for (const round of ROUNDS) {
    const name = `service-${round}`;
    await batch.send(
      new CreateServiceEnvironmentCommand({
        serviceEnvironmentName: name,
        serviceEnvironmentType: "SAGEMAKER_TRAINING",
        capacityLimits: [{ capacityUnit: "NUM_INSTANCES", maxCapacity: 1 }],
        state: "DISABLED",
      }),
    );
    await until(`${name} is VALID`, async () => (await serviceEnvironment(name))?.status === "VALID");
    const [, deleted] = await Promise.allSettled([
      batch.send(new UpdateServiceEnvironmentCommand({ serviceEnvironment: name, state: "ENABLED" })),
      batch.send(new DeleteServiceEnvironmentCommand({ serviceEnvironment: name })),
    ]);
    if (isDone(deleted)) await until(`${name} is gone`, async () => (await serviceEnvironment(name)) === undefined);
  }
});

function untilEnvironmentIsValid(name: string) {
  return until(`${name} is VALID`, async () => {
    const described = await batch.send(new DescribeComputeEnvironmentsCommand({ computeEnvironments: [name] }));
    return described.computeEnvironments![0]!.status === "VALID";
  });
}

async function serviceEnvironment(name: string) {
  const described = await batch.send(new DescribeServiceEnvironmentsCommand({ serviceEnvironments: [name] }));
  return described.serviceEnvironments![0];
}
