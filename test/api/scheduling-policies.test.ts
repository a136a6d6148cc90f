import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CreateSchedulingPolicyCommandInput, ShareAttributes } from "@aws-sdk/client-batch";
import {
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  DeleteJobQueueCommand,
  DeleteSchedulingPolicyCommand,
  DescribeSchedulingPoliciesCommand,
  paginateListSchedulingPolicies,
  UpdateJobQueueCommand,
  UpdateSchedulingPolicyCommand,
} from "@aws-sdk/client-batch";
import { NEW_POLICY } from "../../src/api/batch/sharing/scheduling-policies.ts";
import { batchClient } from "../support/clients.ts";
import { testRefusals, WRONG_TAGS } from "../support/refusals.ts";
import { apiServer, refused, untilQueue } from "./server.ts";

const { batch, url } = await apiServer({ after });
const elsewhere = batchClient({ after }, url, "eu-west-1");

const arnOf = (name: string) => `arn:aws:batch:us-east-1:123456789012:scheduling-policy/${name}`;
const create = (name: string, more: Partial<CreateSchedulingPolicyCommandInput> = {}) =>
  batch.send(new CreateSchedulingPolicyCommand({ name, ...more }));
async function describe(...arns: string[]) {
  const { schedulingPolicies } = await batch.send(new DescribeSchedulingPoliciesCommand({ arns }));
  return schedulingPolicies!;
}
const shares = (...shareDistribution: ShareAttributes[]) => ({ fairsharePolicy: { shareDistribution } });
const FIFO = { quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } } as const;

testRefusals<CreateSchedulingPolicyCommandInput>(
  "CreateSchedulingPolicy",
  (wrong) => create("wrong", wrong),
  [NEW_POLICY],
  [
    ["a bad name", { name: "a/b" }, "Scheduling policy name should match a valid pattern.", "policyName"],
    [
      "a policy of both kinds",
      { fairsharePolicy: {}, ...FIFO },
      "A scheduling policy can have either fairsharePolicy or quotaSharePolicy",
      "onePolicyKind",
    ],
    [
      "a decay of more than a week",
      { fairsharePolicy: { shareDecaySeconds: 604_801 } },
      "shareDecaySeconds should be between 0 and 604800.",
      "shareDecay",
    ],
    [
      "a reservation of everything",
      { fairsharePolicy: { computeReservation: 100 } },
      "computeReservation should be between 0 and 99.",
      "computeReservation",
    ],
    [
      "501 shares",
      shares(...Array.from({ length: 501 }, (_, n) => ({ shareIdentifier: `s${n}` }))),
      "ShareDistribution size cannot be greater than 500.",
      "tooManyShares",
    ],
    [
      "a bad identifier",
      shares({ shareIdentifier: "a*b" }),
      "ShareIdentifier name should match a valid pattern.",
      "shareIdentifier",
    ],
    [
      "an identifier twice",
      shares({ shareIdentifier: "a" }, { shareIdentifier: "a" }),
      "Cannot have two or more identical shareIdentifiers.",
      "identicalShares",
    ],
    [
      "an identifier that a prefix matches",
      shares({ shareIdentifier: "UserA1" }, { shareIdentifier: "UserA*" }),
      "Share identifier UserA1 matches another share identifier UserA*",
      "overlappingShares",
    ],
    [
      "a weight of nothing",
      shares({ shareIdentifier: "a", weightFactor: 0 }),
      "Weight factor should be between 0.0001 and 999.9999.",
      "weightFactor",
    ],
    [
      "another strategy than FIFO",
      { quotaSharePolicy: { idleResourceAssignmentStrategy: "LIFO" as "FIFO" } },
      "Idle resource assignment strategy must be one of [FIFO].",
      "idleAssignment",
    ],
    ...WRONG_TAGS,
  ],
);

test("a fair-share policy, with AWS's defaults for what is not said", async () => {
  const fairsharePolicy = {
    computeReservation: 5,
    shareDistribution: [{ shareIdentifier: "A*", weightFactor: 0.125 }],
  };
  assert.partialDeepStrictEqual(await create("fair", { fairsharePolicy, tags: { a: "b" } }), {
    name: "fair",
    arn: arnOf("fair"),
  });
  assert.deepEqual(await describe(arnOf("fair")), [
    {
      name: "fair",
      arn: arnOf("fair"),
      fairsharePolicy: { shareDecaySeconds: 0, ...fairsharePolicy },
      tags: { a: "b" },
    },
  ]);
  await create("plain");
  const plain = { shareDecaySeconds: 0, computeReservation: 0, shareDistribution: [] };
  assert.deepEqual((await describe(arnOf("plain")))[0]!.fairsharePolicy, plain);
});

test("an update replaces the policy, and never its kind", async () => {
  await create("changing", { fairsharePolicy: { shareDecaySeconds: 60, computeReservation: 7 }, tags: { k: "v" } });
  const update = (more: object, arn = arnOf("changing")) =>
    batch.send(new UpdateSchedulingPolicyCommand({ arn, ...more }));
  await update({ fairsharePolicy: { shareDecaySeconds: 120 } });
  const [changed] = await describe(arnOf("changing"));
  const fairsharePolicy = { shareDecaySeconds: 120, computeReservation: 0, shareDistribution: [] };
  assert.deepEqual([changed!.fairsharePolicy, changed!.tags], [fairsharePolicy, { k: "v" }]);
  await assert.rejects(
    update(FIFO),
    refused("A scheduling policy can have either fairsharePolicy or quotaSharePolicy"),
  );
  await update({});
  assert.deepEqual((await describe(arnOf("changing")))[0], changed);
  await create("quota", FIFO);
  await assert.rejects(
    update({ fairsharePolicy: {} }, arnOf("quota")),
    refused("A scheduling policy can have either fairsharePolicy or quotaSharePolicy"),
  );
  await update(FIFO, arnOf("quota"));
  assert.deepEqual((await describe(arnOf("quota")))[0], { name: "quota", arn: arnOf("quota"), ...FIFO, tags: {} });
  await assert.rejects(update({}, arnOf("nowhere")), refused(`SchedulingPolicy ${arnOf("nowhere")} not found.`));
});

test("a name that is taken", async () => {
  await create("taken");
  await assert.rejects(create("taken"), refused("Object already exists"));
  await elsewhere.send(new CreateSchedulingPolicyCommand({ name: "taken" }));
});

test("unknown policies are left out, and at most 100 are described", async () => {
  await create("known");
  const found = await describe(arnOf("unknown"), arnOf("known"), "known", "nonsense");
  assert.deepEqual(
    found.map(({ name }) => name),
    ["known"],
  );
  const tooMany = Array.from({ length: 101 }, (_, n) => arnOf(`p${n}`));
  await assert.rejects(describe(...tooMany), refused("arns can have at most 100 entries."));
  const { schedulingPolicies } = await elsewhere.send(
    new DescribeSchedulingPoliciesCommand({ arns: [arnOf("known")] }),
  );
  assert.deepEqual(schedulingPolicies, [], "another region's are unknown");
});

test("the list has ARNs only, page by page", async () => {
  for (const name of ["list-a", "list-b", "list-c"]) await create(name);
  const arns: (string | undefined)[] = [];
  for await (const page of paginateListSchedulingPolicies({ client: batch, pageSize: 2 }, {})) {
    assert.ok(page.schedulingPolicies!.length <= 2);
    for (const policy of page.schedulingPolicies!) {
      assert.deepEqual(Object.keys(policy), ["arn"]);
      arns.push(policy.arn);
    }
  }
  const listed = arns.filter((arn) => arn!.includes("/list-"));
  assert.deepEqual(listed, [arnOf("list-a"), arnOf("list-b"), arnOf("list-c")]);
});

test("a policy that a queue uses cannot be deleted", async () => {
  await create("used");
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  const queue = { jobQueueName: "uses", priority: 1, computeEnvironmentOrder };
  await batch.send(new CreateJobQueueCommand({ ...queue, schedulingPolicyArn: arnOf("used") }));
  await untilQueue(batch, "uses", "VALID");
  const remove = (arn: string) => batch.send(new DeleteSchedulingPolicyCommand({ arn }));
  await assert.rejects(remove(arnOf("used")), refused("Cannot delete, scheduling policy is in use."));
  await batch.send(new UpdateJobQueueCommand({ jobQueue: "uses", state: "DISABLED" }));
  await untilQueue(batch, "uses", "VALID");
  await batch.send(new DeleteJobQueueCommand({ jobQueue: "uses" }));
  await untilQueue(batch, "uses", "gone");
  await remove(arnOf("used"));
  assert.deepEqual(await describe(arnOf("used")), []);
  await remove(arnOf("used"));
  await assert.rejects(remove("used"), refused("SchedulingPolicy used not found."));
  const foreign = arnOf("used").replace("123456789012", "210987654321");
  await assert.rejects(remove(foreign), refused(`SchedulingPolicy ${foreign} not found.`));
});

test("a queue's policy must be one", async () => {
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  const createQueue = (schedulingPolicyArn: string) =>
    batch.send(
      new CreateJobQueueCommand({ jobQueueName: "q", priority: 1, computeEnvironmentOrder, schedulingPolicyArn }),
    );
  await assert.rejects(createQueue(arnOf("nowhere")), refused(`SchedulingPolicy ${arnOf("nowhere")} not found.`));
  await assert.rejects(createQueue("nowhere"), refused("Only scheduling policy Arn can be allowed."));
});
