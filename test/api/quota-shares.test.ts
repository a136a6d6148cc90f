import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CreateQuotaShareCommandInput, UpdateQuotaShareCommandInput } from "@aws-sdk/client-batch";
import {
  CreateJobQueueCommand,
  CreateQuotaShareCommand,
  CreateSchedulingPolicyCommand,
  CreateServiceEnvironmentCommand,
  DeleteQuotaShareCommand,
  DescribeQuotaShareCommand,
  ListQuotaSharesCommand,
  paginateListQuotaShares,
  UpdateJobQueueCommand,
  UpdateQuotaShareCommand,
  UpdateServiceEnvironmentCommand,
} from "@aws-sdk/client-batch";
import { NEW_QUOTA_SHARE } from "../../src/api/batch/sharing/quota-shares.ts";
import { batchClient } from "../support/clients.ts";
import { testRefusals, WRONG_TAGS } from "../support/refusals.ts";
import { until } from "../support/until.ts";
import { apiServer, prefixed, refused, untilQueue } from "./server.ts";

const { batch, url } = await apiServer({ after });
const elsewhere = batchClient({ after }, url, "eu-west-1");

const LIMITS = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }];
const PREFIX = "arn:aws:batch:us-east-1:123456789012:";
const arnOf = (name: string, queue = "shared") => `${PREFIX}job-queue/${queue}/quota-share/${name}`;

await batch.send(
  new CreateSchedulingPolicyCommand({
    name: "quota",
    quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" },
  }),
);
const POLICY = { schedulingPolicyArn: `${PREFIX}scheduling-policy/quota` };
const createQueue = (jobQueueName: string, serviceEnvironment: string, policy: object) =>
  batch.send(
    new CreateJobQueueCommand({
      jobQueueName,
      priority: 1,
      serviceEnvironmentOrder: [{ order: 1, serviceEnvironment }],
      ...policy,
    }),
  );
for (const name of ["shared", "other", "full", "fifo"]) {
  await batch.send(
    new CreateServiceEnvironmentCommand({
      serviceEnvironmentName: name,
      serviceEnvironmentType: "SAGEMAKER_TRAINING",
      capacityLimits: LIMITS,
    }),
  );
  await until(`${name} takes a queue`, () =>
    createQueue(name, name, name === "fifo" ? {} : POLICY).catch((error: Error) => {
      if (!error.message.includes("must be created and valid")) throw error;
      return undefined;
    }),
  );
  await untilQueue(batch, name, "VALID");
}

const create = (quotaShareName: string, more: Partial<CreateQuotaShareCommandInput> = {}) =>
  batch.send(
    new CreateQuotaShareCommand({
      quotaShareName,
      jobQueue: "shared",
      capacityLimits: LIMITS,
      resourceSharingConfiguration: { strategy: "RESERVE" },
      preemptionConfiguration: { inSharePreemption: "DISABLED" },
      ...more,
    }),
  );
async function describe(quotaShareArn: string) {
  const { $metadata: _, ...share } = await batch.send(new DescribeQuotaShareCommand({ quotaShareArn }));
  return share;
}
const untilValid = (arn: string) =>
  until(`${arn} is VALID`, async () => {
    const share = await describe(arn);
    return share.status === "VALID" && share;
  });
const update = (quotaShareArn: string, more: Partial<UpdateQuotaShareCommandInput>) =>
  batch.send(new UpdateQuotaShareCommand({ quotaShareArn, ...more }));
const remove = (quotaShareArn: string) => batch.send(new DeleteQuotaShareCommand({ quotaShareArn }));
async function names(jobQueue: string) {
  const { quotaShares } = await batch.send(new ListQuotaSharesCommand({ jobQueue }));
  return quotaShares!.map(({ quotaShareName }) => quotaShareName);
}

testRefusals<CreateQuotaShareCommandInput>(
  "CreateQuotaShare",
  (wrong) => create("wrong", wrong),
  [NEW_QUOTA_SHARE],
  [
    ["a bad name", { quotaShareName: "a/b" }, "Quota share name should match a valid pattern.", "quotaShareName"],
    ["no limits", { capacityLimits: [] }, "Capacitylimits are required.", "capacityLimitsRequired"],
    [
      "six limits",
      { capacityLimits: Array.from({ length: 6 }, (_, n) => ({ capacityUnit: `ml.g${n}.large`, maxCapacity: 1 })) },
      "Number of capacity limits exceeds 5.",
      "tooManyCapacityLimits",
    ],
    [
      "a limit of nothing",
      { capacityLimits: [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 0 }] },
      "Max capacity must be more than 0.",
      "maxCapacity",
    ],
    [
      "a number of instances of any type",
      { capacityLimits: [{ capacityUnit: "NUM_INSTANCES", maxCapacity: 1 }] },
      "NUM_INSTANCES is unknown capacity unit",
      "capacityUnit",
    ],
    [
      "a unit twice",
      { capacityLimits: [...LIMITS, ...LIMITS] },
      "Cannot have two or more capacity limits of the same capacity unit.",
      "duplicateCapacityUnits",
    ],
    [
      "an unknown strategy",
      { resourceSharingConfiguration: { strategy: "GIVE" as "LEND" } },
      "Resource sharing strategy GIVE is not valid. Valid strategies: [RESERVE, LEND, LEND_AND_BORROW]",
      "sharingStrategy",
    ],
    [
      "a borrow limit of one who does not borrow",
      { resourceSharingConfiguration: { strategy: "LEND", borrowLimit: 5 } },
      "borrowLimit is only applicable for strategy LEND_AND_BORROW.",
      "borrowLimitStrategy",
    ],
    [
      "a borrow limit below -1",
      { resourceSharingConfiguration: { strategy: "LEND_AND_BORROW", borrowLimit: -2 } },
      "borrowLimit should be greater than or equal to -1.",
      "borrowLimit",
    ],
    [
      "an unknown preemption",
      { preemptionConfiguration: { inSharePreemption: "MAYBE" as "ENABLED" } },
      "In-share preemption MAYBE is not valid. Valid values: [ENABLED, DISABLED]",
      "inSharePreemption",
    ],
    [
      "an unknown state",
      { state: "ON" as "ENABLED" },
      "State ON is not valid. Valid states: [ENABLED, DISABLED]",
      "resourceState",
    ],
    ...WRONG_TAGS,
  ],
);

test("under quota management, a service environment serves one queue", async () => {
  const refusal = (name: string) =>
    refused(`Service environment ${name} can only be in one job queue, as quota shares are managed in it.`);
  await assert.rejects(createQueue("second", "shared", POLICY), refusal("shared"));
  await assert.rejects(createQueue("second", "shared", {}), refusal("shared"), "no queue without shares beside it");
  await assert.rejects(createQueue("second", "fifo", POLICY), refusal("fifo"), "none with shares beside another");
  const moved = { jobQueue: "other", serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: "shared" }] };
  await assert.rejects(batch.send(new UpdateJobQueueCommand(moved)), refusal("shared"));
  const kept = { jobQueue: "other", serviceEnvironmentOrder: [{ order: 2, serviceEnvironment: "other" }] };
  await batch.send(new UpdateJobQueueCommand(kept));
  await untilQueue(batch, "other", "VALID");
});

test("under quota management, a service environment counts by instance type", async () => {
  const environment = (serviceEnvironmentName: string, ...units: readonly string[]) =>
    batch.send(
      new CreateServiceEnvironmentCommand({
        serviceEnvironmentName,
        serviceEnvironmentType: "SAGEMAKER_TRAINING",
        capacityLimits: units.map((capacityUnit) => ({ capacityUnit, maxCapacity: 4 })),
      }),
    );
  const limit = (serviceEnvironment: string, ...units: readonly string[]) =>
    batch.send(
      new UpdateServiceEnvironmentCommand({
        serviceEnvironment,
        capacityLimits: units.map((capacityUnit) => ({ capacityUnit, maxCapacity: 4 })),
      }),
    );
  const byNumber = (name: string) =>
    refused(
      `Service environment ${name} has a capacity limit in NUM_INSTANCES. Quota management needs capacity limits by instance type.`,
    );
  const unknown = (unit: string, name: string) =>
    refused(`${unit} is not a capacity unit of service environment ${name}.`);
  await environment("by-number", "NUM_INSTANCES");
  await environment("by-type", "ml.a.large", "ml.b.large");
  await environment("by-other-type", "ml.b.large");
  await assert.rejects(createQueue("typed", "by-number", POLICY), byNumber("by-number"));
  await createQueue("typed", "by-type", POLICY);
  const ofType = (capacityUnit: string) => ({ capacityLimits: [{ capacityUnit, maxCapacity: 1 }] });
  await assert.rejects(
    create("share", { jobQueue: "typed", ...ofType("ml.c.large") }),
    unknown("ml.c.large", "by-type"),
  );
  await create("share", { jobQueue: "typed", ...ofType("ml.a.large") });
  await assert.rejects(update(arnOf("share", "typed"), ofType("ml.c.large")), unknown("ml.c.large", "by-type"));
  await assert.rejects(limit("by-type", "NUM_INSTANCES"), byNumber("by-type"));
  await assert.rejects(limit("by-type", "ml.b.large"), unknown("ml.a.large", "by-type"));
  const move = (serviceEnvironment: string) =>
    batch.send(
      new UpdateJobQueueCommand({ jobQueue: "typed", serviceEnvironmentOrder: [{ order: 1, serviceEnvironment }] }),
    );
  await assert.rejects(move("by-number"), byNumber("by-number"));
  await assert.rejects(move("by-other-type"), unknown("ml.a.large", "by-other-type"));
  await limit("by-type", "ml.a.large");
  await limit("by-other-type", "ml.b.large", "ml.a.large");
  await move("by-other-type");
});

test("only queues for service jobs with a quota-share policy have shares", async () => {
  await assert.rejects(
    create("a", { jobQueue: "default" }),
    refused("Quota Management feature is only supported for SageMaker Training job queues."),
  );
  await assert.rejects(
    create("a", { jobQueue: "fifo" }),
    refused("JobQueue fifo has no scheduling policy with a quotaSharePolicy."),
  );
  await assert.rejects(create("a", { jobQueue: "nowhere" }), refused("JobQueue nowhere not found."));
});

test("a share becomes VALID, is updated and deleted", async () => {
  const created = await create("life", { tags: { a: "b" } });
  assert.deepEqual([created.quotaShareName, created.quotaShareArn], ["life", arnOf("life")]);
  const valid = {
    quotaShareName: "life",
    quotaShareArn: arnOf("life"),
    jobQueueArn: `${PREFIX}job-queue/shared`,
    capacityLimits: LIMITS,
    resourceSharingConfiguration: { strategy: "RESERVE" },
    preemptionConfiguration: { inSharePreemption: "DISABLED" },
    state: "ENABLED",
    status: "VALID",
    tags: { a: "b" },
  };
  assert.deepEqual(await untilValid(arnOf("life")), valid);
  await assert.rejects(remove(arnOf("life")), refused("Cannot delete, resource must be DISABLED."));
  const updated = await update(arnOf("life"), {
    resourceSharingConfiguration: { strategy: "LEND_AND_BORROW" },
    state: "DISABLED",
  });
  assert.deepEqual([updated.quotaShareName, updated.quotaShareArn], ["life", arnOf("life")]);
  assert.deepEqual(await untilValid(arnOf("life")), {
    ...valid,
    resourceSharingConfiguration: { strategy: "LEND_AND_BORROW", borrowLimit: -1 },
    state: "DISABLED",
  });
  await assert.rejects(
    update(arnOf("life"), { capacityLimits: [] }),
    refused(prefixed("Capacitylimits are required.")),
  );
  await remove(arnOf("life"));
  await until("the share is gone", async () => !(await names("shared")).includes("life"));
  await assert.rejects(describe(arnOf("life")), refused(`QuotaShare ${arnOf("life")} not found.`));
  await assert.rejects(update(arnOf("life"), {}), refused(`QuotaShare ${arnOf("life")} not found.`));
  await remove(arnOf("life"));
  await assert.rejects(remove("life"), refused("QuotaShare life not found."));
});

test("a name is taken once in a queue", async () => {
  await create("taken");
  await assert.rejects(create("taken"), refused("Object already exists"));
  await create("taken", { jobQueue: "other" });
  assert.equal((await describe(arnOf("taken", "other"))).jobQueueArn, `${PREFIX}job-queue/other`);
  const abroad = elsewhere.send(new DescribeQuotaShareCommand({ quotaShareArn: arnOf("taken") }));
  await assert.rejects(abroad, refused(`QuotaShare ${arnOf("taken")} not found.`));
});

test("a queue lists its own shares, page by page, and has at most 20", async () => {
  const all = Array.from({ length: 20 }, (_, n) => `s${String(n).padStart(2, "0")}`);
  for (const name of all) await create(name, { jobQueue: "full" });
  await assert.rejects(
    create("one-more", { jobQueue: "full" }),
    refused("JobQueue full cannot have more than 20 quota shares."),
  );
  const listed: (string | undefined)[] = [];
  for await (const page of paginateListQuotaShares({ client: batch, pageSize: 7 }, { jobQueue: "full" })) {
    listed.push(...page.quotaShares!.map(({ quotaShareName }) => quotaShareName));
  }
  assert.deepEqual(listed, all);
  assert.deepEqual(await names("fifo"), []);
  await assert.rejects(names("nowhere"), refused("JobQueue nowhere not found."));
});
