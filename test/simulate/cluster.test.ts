import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FARGATE_PRICES } from "../../src/catalog/fargate-prices.ts";
import { readCluster } from "../../src/sim/cluster/cluster.ts";

const EXAMPLE = readFileSync(new URL("../../examples/simulate/cluster.json", import.meta.url), "utf8");

interface File {
  computeEnvironments: Record<string, unknown>[];
  jobQueues: Record<string, unknown>[];
  schedulingPolicies?: unknown[];
}

test("the example is a cluster", () => {
  assert.deepEqual(readCluster(EXAMPLE), {
    environments: [{ name: "pool", type: "FARGATE", maxVcpus: 256, bootSeconds: 0, prices: FARGATE_PRICES.X86_64 }],
    queues: [{ name: "main", priority: 1, environments: ["pool"], tags: {} }],
  });
});

for (const [what, change, problem] of [
  ["no queue", (file) => (file.jobQueues = []), "jobQueues must have a queue at least."],
  [
    "a member that nobody knows",
    ({ jobQueues }) => (jobQueues[0]!["prio"] = 1),
    "jobQueues[0].prio is no member that is known here: jobQueueName, priority, computeEnvironmentOrder, tags, schedulingPolicy.",
  ],
  ["a missing member", ({ jobQueues }) => delete jobQueues[0]!["priority"], "jobQueues[0].priority is missing."],
  [
    "another type",
    ({ computeEnvironments }) => (computeEnvironments[0]!["computeResources"] = { type: "EC3", maxvCpus: 4 }),
    "computeEnvironments[0].computeResources.type must be one of EC2, SPOT, FARGATE, FARGATE_SPOT.",
  ],
  [
    "a number out of range",
    ({ computeEnvironments }) => (computeEnvironments[0]!["computeResources"] = { type: "FARGATE", maxvCpus: 0.5 }),
    "computeEnvironments[0].computeResources.maxvCpus must be a whole number from 1 to 1000000000.",
  ],
  [
    "an environment that is not there",
    ({ jobQueues }) => (jobQueues[0]!["computeEnvironmentOrder"] = [{ order: 1, computeEnvironment: "other" }]),
    'jobQueues[0].computeEnvironmentOrder[0].computeEnvironment is "other", which is none of the computeEnvironments.',
  ],
  [
    "a policy that is not there",
    ({ jobQueues }) => (jobQueues[0]!["schedulingPolicy"] = "fair"),
    'jobQueues[0].schedulingPolicy is "fair", which is none of the schedulingPolicies.',
  ],
  ["a name twice", ({ jobQueues }) => jobQueues.push(jobQueues[0]!), 'jobQueues has "main" twice.'],
  [
    "two policies of one name",
    (file) => (file.schedulingPolicies = Array(2).fill({ name: "fair", fairsharePolicy: {} })),
    'schedulingPolicies has "fair" twice.',
  ],
  [
    "an environment twice in a queue",
    ({ jobQueues }) =>
      (jobQueues[0]!["computeEnvironmentOrder"] = Array(2).fill({ order: 1, computeEnvironment: "pool" })),
    'jobQueues[0].computeEnvironmentOrder has "pool" twice.',
  ],
  [
    "a minimum above the maximum",
    ({ computeEnvironments }) =>
      (computeEnvironments[0]!["computeResources"] = { type: "EC2", minvCpus: 9, maxvCpus: 8 }),
    "computeEnvironments[0].computeResources.minvCpus must be a whole number from 0 to 8.",
  ],
  [
    "as desired, less than the minimum",
    ({ computeEnvironments }) =>
      (computeEnvironments[0]!["computeResources"] = { type: "EC2", minvCpus: 4, desiredvCpus: 2, maxvCpus: 8 }),
    "computeEnvironments[0].computeResources.desiredvCpus must be a whole number from 4 to 8.",
  ],
  [
    "no instance types",
    ({ computeEnvironments }) =>
      (computeEnvironments[0]!["computeResources"] = { type: "EC2", instanceTypes: [], maxvCpus: 8 }),
    "computeEnvironments[0].computeResources.instanceTypes must have an instance type or family at least.",
  ],
] as const satisfies readonly [string, (file: File) => void, string][]) {
  test(`an error names its member: ${what}`, () => {
    const file = JSON.parse(EXAMPLE) as File;
    change(file);
    assert.throws(() => readCluster(JSON.stringify(file)), { name: "InputError", message: problem });
  });
}

test("a byte order mark in front is no matter", () => {
  assert.deepEqual(readCluster(`\ufeff${EXAMPLE}`), readCluster(EXAMPLE));
});

test("what is no JSON, or no object, is told so", () => {
  assert.throws(() => readCluster("{"), { name: "InputError", message: /^It is no JSON: / });
  assert.throws(() => readCluster("[]"), { name: "InputError", message: "The file must be an object." });
});
