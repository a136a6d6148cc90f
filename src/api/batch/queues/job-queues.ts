import type { JobQueueDetail } from "@aws-sdk/client-batch";
import type { QueueSettings, ResourceRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { CREATE_JOB_QUEUE_RULES, isTraining, UPDATE_JOB_QUEUE_RULES } from "./job-queue-rules.ts";
import { arnOf, scopeOf, toArn } from "../names.ts";
import { checkedEnvironments } from "./queue-environments.ts";
import { findQueue } from "./queue-lookup.ts";
import { checkNewPolicy, checkPolicy } from "./queue-policy.ts";
import { checkedServiceOrder, checkForQuotas } from "./queue-service-environment.ts";
import { findNamed, isOwnArn, listOwn } from "../resource-lookup.ts";
import { checkDeletable, checkUpdatable, writeUnchanged } from "../resource-states.ts";
import { check } from "../rules.ts";
import { validateQueueTags } from "../tags/own-tags.ts";
import { TEXTS } from "../texts.ts";

type Operations = "CreateJobQueue" | "DescribeJobQueues" | "UpdateJobQueue" | "DeleteJobQueue";

/** Job queues (reference 7.1). */
export function jobQueueHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler, clock } = backend;
  return {
    async CreateJobQueue(input, call) {
      check(CREATE_JOB_QUEUE_RULES, input);
      validateQueueTags(input.tags, backend.limits);
      const name = input.jobQueueName;
      const arn = arnOf(call, "job-queue", name);
      const settings = await newSettings(backend, call, input);
      await checkForQuotas(backend, call, arn, settings);
      const status = { status: "CREATING", statusReason: "JobQueue is being created" } as const;
      const record = { arn, scope: scopeOf(call), name, createdAt: clock.now(), ...status, settings };
      if (!(await store.queues.insert(record))) throw clientException(TEXTS.alreadyExists);
      await scheduler.nudgeResources();
      return { jobQueueName: name, jobQueueArn: arn };
    },

    async DescribeJobQueues({ jobQueues, ...page }, call) {
      if (jobQueues !== undefined && jobQueues.length > 0) {
        const found = await findNamed(store.queues, call, "job-queue", ["jobQueues", jobQueues], page);
        return { jobQueues: found.map(toDetail) };
      }
      const { items, ...more } = await listOwn(backend, store.queues, call, "DescribeJobQueues", page);
      return { jobQueues: items.map(toDetail), ...more };
    },

    async UpdateJobQueue(input, call) {
      const record = await findQueue(backend, call, input.jobQueue);
      checkUpdatable("JobQueue", record);
      const settings = await updatedSettings(backend, call, record.settings, input);
      if (input.serviceEnvironmentOrder !== undefined) await checkForQuotas(backend, call, record.arn, settings);
      const status = { status: "UPDATING", statusReason: "JobQueue is being updated" } as const;
      await writeUnchanged(store.queues, "JobQueue", record, { ...status, settings });
      await scheduler.nudgeResources();
      return { jobQueueName: record.name, jobQueueArn: record.arn };
    },

    async DeleteJobQueue({ jobQueue }, call) {
      const arn = toArn(call, "job-queue", jobQueue);
      if (!isOwnArn(call, "job-queue", arn)) throw clientException(TEXTS.queueNotFound(arn));
      const record = await store.queues.get(arn);
      if (record === undefined || record.status === "DELETING") return {};
      checkDeletable(record);
      const status = { status: "DELETING", statusReason: "JobQueue is being deleted" } as const;
      await writeUnchanged(store.queues, "JobQueue", record, { ...status, settings: record.settings });
      await scheduler.nudgeResources();
      return {};
    },
  };
}

function toDetail({ arn, name, status, statusReason, settings }: ResourceRecord<QueueSettings>): JobQueueDetail {
  return { jobQueueName: name, jobQueueArn: arn, ...settings, status, statusReason };
}

async function newSettings(backend: Backend, call: Call, input: BatchInput<"CreateJobQueue">): Promise<QueueSettings> {
  const policyArn = input.schedulingPolicyArn || undefined;
  if (policyArn !== undefined) await checkPolicy(backend, call, policyArn, { isTraining: isTraining(input) });
  return {
    state: input.state ?? "ENABLED",
    priority: input.priority,
    ...(await checkedOrders(backend, call, input)),
    ...(policyArn !== undefined && { schedulingPolicyArn: policyArn }),
    tags: input.tags ?? {},
    jobStateTimeLimitActions: input.jobStateTimeLimitActions ?? [],
  };
}

/** A queue has either compute environments or a service environment; which it has is its type. */
async function checkedOrders(backend: Backend, call: Call, input: BatchInput<"CreateJobQueue">) {
  if (isTraining(input)) {
    const serviceEnvironmentOrder = await checkedServiceOrder(backend, call, input.serviceEnvironmentOrder ?? []);
    return { computeEnvironmentOrder: [], serviceEnvironmentOrder, jobQueueType: "SAGEMAKER_TRAINING" as const };
  }
  const { jobQueueType, computeEnvironmentOrder = [] } = input;
  const { order, type } = await checkedEnvironments(backend, call, computeEnvironmentOrder, jobQueueType);
  return { computeEnvironmentOrder: order, serviceEnvironmentOrder: [], jobQueueType: type };
}

/** Only what is sent changes. */
async function updatedSettings(
  backend: Backend,
  call: Call,
  before: QueueSettings,
  input: BatchInput<"UpdateJobQueue">,
): Promise<QueueSettings> {
  check(UPDATE_JOB_QUEUE_RULES, { before, input });
  const { computeEnvironmentOrder, serviceEnvironmentOrder, schedulingPolicyArn } = input;
  if (schedulingPolicyArn) await checkNewPolicy(backend, call, before, schedulingPolicyArn);
  const environments =
    computeEnvironmentOrder && (await checkedEnvironments(backend, call, computeEnvironmentOrder, before.jobQueueType));
  const service = serviceEnvironmentOrder && (await checkedServiceOrder(backend, call, serviceEnvironmentOrder));
  return {
    ...before,
    ...(input.state !== undefined && { state: input.state }),
    ...(input.priority !== undefined && { priority: input.priority }),
    ...(environments !== undefined && { computeEnvironmentOrder: environments.order }),
    ...(service !== undefined && { serviceEnvironmentOrder: service }),
    ...(schedulingPolicyArn && { schedulingPolicyArn }),
    ...(input.jobStateTimeLimitActions !== undefined && { jobStateTimeLimitActions: input.jobStateTimeLimitActions }),
  };
}
