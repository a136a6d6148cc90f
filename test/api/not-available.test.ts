import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import * as sdk from "@aws-sdk/client-batch";
import { ended, submit } from "../support/jobs.ts";
import { apiServer } from "./server.ts";

const { batch, url } = await apiServer({ after });

/** The operations of this release. All others of the SDK's exist for the server too, and say that they come later. */
const AVAILABLE = new Set([
  ...[
    "CreateComputeEnvironment",
    "DescribeComputeEnvironments",
    "UpdateComputeEnvironment",
    "DeleteComputeEnvironment",
  ],
  ...["CreateJobQueue", "DescribeJobQueues", "UpdateJobQueue", "DeleteJobQueue"],
  ...["CreateSchedulingPolicy", "DescribeSchedulingPolicies", "ListSchedulingPolicies"],
  ...["UpdateSchedulingPolicy", "DeleteSchedulingPolicy"],
  ...["CreateQuotaShare", "DescribeQuotaShare", "ListQuotaShares", "UpdateQuotaShare", "DeleteQuotaShare"],
  ...[
    "CreateServiceEnvironment",
    "DescribeServiceEnvironments",
    "UpdateServiceEnvironment",
    "DeleteServiceEnvironment",
  ],
  ...["CreateConsumableResource", "DescribeConsumableResource", "ListConsumableResources"],
  ...["UpdateConsumableResource", "DeleteConsumableResource", "ListJobsByConsumableResource"],
  ...["SubmitServiceJob", "DescribeServiceJob", "ListServiceJobs", "UpdateServiceJob"],
  ...["TerminateServiceJob", "TerminateServiceJobs"],
  ...["RegisterJobDefinition", "DescribeJobDefinitions", "DeregisterJobDefinition"],
  ...["SubmitJob", "DescribeJobs", "ListJobs", "CancelJob", "TerminateJob", "CancelJobs", "TerminateJobs"],
  ...["TagResource", "UntagResource", "ListTagsForResource", "GetJobQueueSnapshot"],
]);

/** One request that names every member that any of these operations requires. */
const INPUT = {
  arn: "a",
  arns: ["a"],
  capacityLimits: [{ maxCapacity: 1, capacityUnit: "u" }],
  consumableResource: "c",
  consumableResourceName: "c",
  jobId: "j",
  jobName: "n",
  jobQueue: "q",
  jobs: ["j"],
  name: "n",
  preemptionConfiguration: { inSharePreemption: "ENABLED" },
  quotaShareArn: "a",
  quotaShareName: "n",
  reason: "r",
  resourceArn: "arn:aws:batch:us-east-1:123456789012:job-queue/default",
  resourceSharingConfiguration: { strategy: "RESERVE" },
  schedulingPriority: 1,
  serviceEnvironment: "s",
  serviceEnvironmentName: "s",
  serviceEnvironmentType: "SAGEMAKER_TRAINING",
  serviceJobType: "SAGEMAKER_TRAINING",
  serviceRequestPayload: "{}",
  tagKeys: ["k"],
  tags: { k: "v" },
};

type AnyCommand = Parameters<BatchClient["send"]>[0];
const commands = Object.entries(sdk).flatMap(([name, value]) =>
  name.endsWith("Command") && name !== "$Command" && typeof value === "function"
    ? [[name.slice(0, -"Command".length), value as unknown as new (input: object) => AnyCommand] as const]
    : [],
);

test("every operation of the SDK is known: 48", () => {
  assert.equal(commands.length, 48);
  const names = new Set(commands.map(([name]) => name));
  for (const name of AVAILABLE) assert.ok(names.has(name), name);
});

for (const [name, Command] of commands) {
  if (AVAILABLE.has(name)) continue;
  test(`${name} says that it is not available yet`, async () => {
    await assert.rejects(batch.send(new Command(INPUT)), {
      name: "ClientException",
      message: new RegExp(`^${name} is not available yet in Longshore \\d+\\.\\d+\\.\\d+`),
    });
  });
}

test("fifty submissions at once are not throttled, and an answer has its request's id", async () => {
  const jobIds = await Promise.all(Array.from({ length: 50 }, () => submit(batch, ["true"])));
  assert.equal(new Set(jobIds).size, 50);
  await Promise.all(jobIds.map((jobId) => ended(batch, jobId)));
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const answer = await fetch(`${url}/v1/describejobqueues`, request);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("x-amzn-requestid")!, /^[0-9a-f-]{36}$/);
});
