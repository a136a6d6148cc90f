import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readPolicy, withPolicy } from "../../src/sim/cluster/policy.ts";
import { weightFactorOf } from "../../src/sim/cluster/sharing.ts";
import { pool } from "./example.ts";

const CLUSTER = pool(4);
const EXAMPLE = readFileSync(new URL("../../examples/simulate/fair.json", import.meta.url), "utf8");

function queueWith(policy: object) {
  return withPolicy(CLUSTER, readPolicy(JSON.stringify(policy), CLUSTER)).queues[0]!;
}

test("a policy gives all queues a scheduling policy, or takes it away", () => {
  const fair = withPolicy(CLUSTER, readPolicy(EXAMPLE, CLUSTER));
  assert.deepEqual(fair.queues[0]?.sharing, {
    ...{ decaySeconds: 3_600, reservationPercent: 0 },
    weights: [
      { identifier: "A", weight: 1 },
      { identifier: "B", weight: 0.5 },
    ],
  });
  const fifo = withPolicy(fair, readPolicy(`{ "fairsharePolicy": null }`, fair));
  assert.equal(fifo.queues[0]?.sharing, undefined);
});

test("a policy changes settings of queues, and leaves the others", () => {
  const changed = queueWith({ jobQueues: [{ jobQueueName: "main", priority: 9, tags: { colour: "green" } }] });
  assert.deepEqual(changed, { name: "main", priority: 9, environments: ["pool"], tags: { colour: "green" } });
});

for (const [policy, problem] of [
  [{ jobQueues: [{ jobQueueName: "main" }, { jobQueueName: "main" }] }, 'jobQueues has "main" twice.'],
  [
    { fairsharePolicy: { shareDistribution: [{ shareIdentifier: "a" }, { shareIdentifier: "a" }] } },
    'fairsharePolicy.shareDistribution has "a" twice.',
  ],
  [
    { jobQueues: [{ jobQueueName: "x" }] },
    `jobQueues[0].jobQueueName is "x", which is none of the cluster's jobQueues.`,
  ],
  [
    { jobQueues: [{ jobQueueName: "main", tags: { "longshore:backfill": "yes" } }] },
    'jobQueues[0].tags has longshore:backfill "yes", which is true or false.',
  ],
  [
    { jobQueues: [{ jobQueueName: "main", tags: { "longshore:max-running-jobs": "0" } }] },
    'jobQueues[0].tags has longshore:max-running-jobs "0", which is a whole number from 1 to 999999.',
  ],
  [
    { fairsharePolicy: { shareDistribution: [{ shareIdentifier: "a-b" }] } },
    "fairsharePolicy.shareDistribution[0].shareIdentifier must be letters and digits, and may end with a *.",
  ],
  [
    { fairsharePolicy: { shareDistribution: [{ shareIdentifier: "a", weightFactor: 0 }] } },
    "fairsharePolicy.shareDistribution[0].weightFactor must be a number from 0.0001 to 999.9999.",
  ],
  [
    { fairsharePolicy: { computeReservation: 100 } },
    "fairsharePolicy.computeReservation must be a whole number from 0 to 99.",
  ],
] as const) {
  test(`an error names its member: ${problem}`, () => {
    assert.throws(() => queueWith(policy), { name: "InputError", message: problem });
  });
}

test("a share's weight is its own, or that of its prefix, or 1", () => {
  const weights = [
    { identifier: "team*", weight: 3 },
    { identifier: "A", weight: 2 },
  ];
  const of = (share: string): number => weightFactorOf(weights, share);
  assert.deepEqual(["A", "AB", "team", "team7", "tea"].map(of), [2, 1, 3, 3, 1]);
});
