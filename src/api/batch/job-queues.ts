import type {
  ComputeEnvironmentOrder,
  JobQueueDetail,
  JobQueueType,
  ServiceEnvironmentOrder,
} from "@aws-sdk/client-batch";
import { isFargate } from "../../core/resources.ts";
import type { QueueSettings, ResourceRecord } from "../../ports/store.ts";
import { clientException, validationException } from "../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import { arnOf, RESOURCE_NAME, scopeOf, toArn } from "./names.ts";
import { Pages, pageSize } from "./pages.ts";
import { findQueue } from "./queue-lookup.ts";
import { checkPolicy } from "./queue-policy.ts";
import { checkedServiceOrder } from "./queue-service-environment.ts";
import { validateTags } from "./tags.ts";
import { TEXTS } from "./texts.ts";

type Operations = "CreateJobQueue" | "DescribeJobQueues" | "UpdateJobQueue" | "DeleteJobQueue";

/** Job queues (reference 7.1). */
export function jobQueueHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler, clock, version } = backend;
  return {
    async CreateJobQueue(input, call) {
      const name = input.jobQueueName;
      if (!RESOURCE_NAME.test(name)) throw validationException(TEXTS.queueName);
      validateTags(input.tags);
      await checkPolicy(backend, call, input.schedulingPolicyArn);
      const { order, serviceOrder, type } = await checkedEnvironments(backend, call, input);
      const arn = arnOf(call, "job-queue", name);
      const settings: QueueSettings = {
        state: input.state ?? "ENABLED",
        priority: input.priority,
        computeEnvironmentOrder: order,
        serviceEnvironmentOrder: serviceOrder,
        jobQueueType: input.jobQueueType ?? type,
        ...(input.schedulingPolicyArn !== undefined && { schedulingPolicyArn: input.schedulingPolicyArn }),
        tags: input.tags ?? {},
        jobStateTimeLimitActions: input.jobStateTimeLimitActions ?? [],
      };
      const status = { status: "CREATING", statusReason: "JobQueue is being created" } as const;
      const record = { arn, scope: scopeOf(call), name, createdAt: clock.now(), ...status, settings };
      if (!(await store.queues.insert(record))) throw clientException(TEXTS.alreadyExists);
      await scheduler.nudgeResources();
      return { jobQueueName: name, jobQueueArn: arn };
    },

    async DescribeJobQueues({ jobQueues, maxResults, nextToken }, call) {
      if (jobQueues !== undefined && jobQueues.length > 0) {
        if (jobQueues.length > 100) throw clientException(TEXTS.tooManyNames("jobQueues"));
        const arns = new Set(jobQueues.map((name) => toArn(call, "job-queue", name)));
        const found = await Promise.all([...arns].map((arn) => store.queues.get(arn)));
        return { jobQueues: found.flatMap((record) => (record?.scope === scopeOf(call) ? [toDetail(record)] : [])) };
      }
      const scope = scopeOf(call);
      const pages = new Pages<string>(backend, call, ["DescribeJobQueues"], nextToken, pageSize(maxResults));
      const read = await store.queues.list(scope, {
        ...(pages.position !== undefined && { after: pages.position }),
        limit: pages.size + 1,
      });
      const { items, ...more } = pages.page(read, ({ name }) => name);
      return { jobQueues: items.map(toDetail), ...more };
    },

    async UpdateJobQueue(input, call) {
      const record = await findQueue(backend, call, input.jobQueue);
      if (record.status === "DELETING") throw clientException(TEXTS.isBeingDeleted("JobQueue", record.name));
      if (input.schedulingPolicyArn !== undefined)
        throw clientException(TEXTS.notAvailable("schedulingPolicyArn", version));
      const order =
        input.computeEnvironmentOrder && (await checkedOrder(backend, call, input.computeEnvironmentOrder)).order;
      const settings: QueueSettings = {
        ...record.settings,
        ...(input.state !== undefined && { state: input.state }),
        ...(input.priority !== undefined && { priority: input.priority }),
        ...(order !== undefined && { computeEnvironmentOrder: order }),
        ...(input.jobStateTimeLimitActions !== undefined && {
          jobStateTimeLimitActions: input.jobStateTimeLimitActions,
        }),
      };
      const status = { status: "UPDATING", statusReason: "JobQueue is being updated" } as const;
      const written = await store.queues.update(record, { ...status, settings });
      if (!written) throw clientException(TEXTS.concurrentUpdate("JobQueue", record.name));
      await scheduler.nudgeResources();
      return { jobQueueName: record.name, jobQueueArn: record.arn };
    },

    async DeleteJobQueue({ jobQueue }, call) {
      const record = await store.queues.get(toArn(call, "job-queue", jobQueue));
      if (record === undefined || record.scope !== scopeOf(call)) return {};
      if (record.settings.state !== "DISABLED") throw clientException(TEXTS.mustBeDisabled);
      if (record.status === "UPDATING" || record.status === "CREATING") throw clientException(TEXTS.beingModified);
      const status = { status: "DELETING", statusReason: "JobQueue is being deleted" } as const;
      await store.queues.update(record, { ...status, settings: record.settings });
      await scheduler.nudgeResources();
      return {};
    },
  };
}

function toDetail({ arn, name, status, statusReason, settings }: ResourceRecord<QueueSettings>): JobQueueDetail {
  return { jobQueueName: name, jobQueueArn: arn, ...settings, status, statusReason };
}

/** A queue has either compute environments or a service environment; which it has is its type. */
async function checkedEnvironments(
  backend: Backend,
  call: Call,
  { computeEnvironmentOrder = [], serviceEnvironmentOrder = [] }: BatchInput<"CreateJobQueue">,
): Promise<{ order: ComputeEnvironmentOrder[]; serviceOrder: ServiceEnvironmentOrder[]; type: JobQueueType }> {
  if (serviceEnvironmentOrder.length > 0) {
    const serviceOrder = await checkedServiceOrder(backend, call, serviceEnvironmentOrder);
    return { order: [], serviceOrder, type: "SAGEMAKER_TRAINING" };
  }
  const { order, isFargateQueue } = await checkedOrder(backend, call, computeEnvironmentOrder);
  return { order, serviceOrder: [], type: isFargateQueue ? "ECS_FARGATE" : "ECS" };
}

/** Checks a queue's environments and names them by ARN, as they are stored and returned. */
async function checkedOrder(
  backend: Backend,
  call: Call,
  order: readonly ComputeEnvironmentOrder[],
): Promise<{ order: ComputeEnvironmentOrder[]; isFargateQueue: boolean }> {
  if (order.length === 0) throw validationException(TEXTS.noEnvironments);
  if (order.length > 3) throw validationException(TEXTS.tooManyEnvironments);
  if (new Set(order.map((entry) => entry.order)).size < order.length) throw validationException(TEXTS.duplicateOrder);
  const arns = order.map(({ computeEnvironment }) => toArn(call, "compute-environment", computeEnvironment!));
  if (new Set(arns).size < arns.length) throw validationException(TEXTS.duplicateEnvironments);
  const records = await Promise.all(arns.map((arn) => backend.store.environments.get(arn)));
  const kinds = new Set<boolean>();
  for (const record of records) {
    const isUsable = record !== undefined && record.scope === scopeOf(call) && record.status !== "DELETING";
    if (!isUsable || record.status === "INVALID") throw clientException(TEXTS.environmentsNotValid);
    kinds.add(isFargate(record.settings.computeResources?.type));
  }
  if (kinds.size > 1) throw validationException(TEXTS.environmentsMixed);
  return {
    order: order.map((entry, index) => ({ order: entry.order, computeEnvironment: arns[index] })),
    isFargateQueue: kinds.has(true),
  };
}
