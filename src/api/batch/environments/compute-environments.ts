import type { ComputeEnvironmentDetail, ComputeResource } from "@aws-sdk/client-batch";
import { clusterArn } from "../../../core/ecs-names.ts";
import { uuidFrom } from "../../../core/ids.ts";
import type { Scheduler } from "../../../ports/scheduler.ts";
import type { EnvironmentSettings, ResourceRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { CREATE_COMPUTE_ENVIRONMENT_RULES } from "./compute-environment-rules.ts";
import { updatedSettings } from "./compute-environment-update.ts";
import { arnOf, nameOf, scopeOf, toArn } from "../names.ts";
import { queuesUsing } from "../queues/queue-lookup.ts";
import { findNamed, findOwn, isOwnArn, listOwn } from "../resource-lookup.ts";
import { checkDeletable, checkUpdatable, writeUnchanged } from "../resource-states.ts";
import { check } from "../rules.ts";
import { validateEnvironmentTags } from "../tags/own-tags.ts";
import { TEXTS } from "../texts.ts";

type Operations =
  | "CreateComputeEnvironment"
  | "DescribeComputeEnvironments"
  | "UpdateComputeEnvironment"
  | "DeleteComputeEnvironment";

/** Compute environments (reference 6). Here each one is a share of this machine. */
export function computeEnvironmentHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler, clock } = backend;
  return {
    async CreateComputeEnvironment(input, call) {
      check(CREATE_COMPUTE_ENVIRONMENT_RULES, { ...input, region: call.region });
      const name = input.computeEnvironmentName;
      const arn = arnOf(call, "compute-environment", name);
      checkCapacityTags(input.computeResources, call, arn);
      validateEnvironmentTags(input.tags, backend.limits);
      const settings = newSettings(input, call, arn);
      const status = { status: "CREATING", statusReason: "ComputeEnvironment is being created" } as const;
      const record = { arn, scope: scopeOf(call), name, createdAt: clock.now(), ...status, settings };
      if (!(await store.environments.insert(record))) throw clientException(TEXTS.alreadyExists);
      await scheduler.nudgeResources();
      return { computeEnvironmentName: name, computeEnvironmentArn: arn };
    },

    async DescribeComputeEnvironments({ computeEnvironments: names, ...page }, call) {
      if (names !== undefined && names.length > 0) {
        const asked = ["computeEnvironments", names] as const;
        const found = await findNamed(store.environments, call, "compute-environment", asked, page);
        return { computeEnvironments: found.map((record) => toDetail(record, scheduler)) };
      }
      const { items, ...more } = await listOwn(backend, store.environments, call, "DescribeComputeEnvironments", page);
      return { computeEnvironments: items.map((record) => toDetail(record, scheduler)), ...more };
    },

    async UpdateComputeEnvironment(input, call) {
      const record = await find(backend, call, input.computeEnvironment);
      checkCapacityTags(input.computeResources, call, record.arn);
      checkUpdatable("ComputeEnvironment", record);
      const current = { now: clock.now(), desiredvCpus: scheduler.desiredVcpus(record.arn) };
      const settings = updatedSettings(record.settings, input, current);
      const status = { status: "UPDATING", statusReason: "ComputeEnvironment is being updated" } as const;
      await writeUnchanged(store.environments, "ComputeEnvironment", record, { ...status, settings });
      await scheduler.nudgeResources();
      return { computeEnvironmentName: record.name, computeEnvironmentArn: record.arn };
    },

    async DeleteComputeEnvironment({ computeEnvironment }, call) {
      const arn = toArn(call, "compute-environment", computeEnvironment);
      if (!isOwnArn(call, "compute-environment", arn)) throw clientException(TEXTS.environmentNotFound(arn));
      const record = await store.environments.get(arn);
      if (record === undefined || record.status === "DELETING") return {};
      checkDeletable(record);
      if ((await queuesUsing(backend, call, record.arn)).length > 0) throw clientException(TEXTS.environmentInUse);
      const status = { status: "DELETING", statusReason: "ComputeEnvironment is being deleted" } as const;
      await writeUnchanged(store.environments, "ComputeEnvironment", record, { ...status, settings: record.settings });
      await scheduler.nudgeResources();
      return {};
    },
  };
}

async function find(backend: Backend, call: Call, nameOrArn: string): Promise<ResourceRecord<EnvironmentSettings>> {
  const record = await findOwn(backend.store.environments, call, toArn(call, "compute-environment", nameOrArn));
  if (record === undefined) throw clientException(TEXTS.environmentNotFound(nameOf(nameOrArn)));
  return record;
}

function toDetail(
  record: ResourceRecord<EnvironmentSettings>,
  scheduler: Pick<Scheduler, "desiredVcpus">,
): ComputeEnvironmentDetail {
  const { arn, name, status, statusReason } = record;
  const { replacement: _, ...settings } = record.settings;
  const desiredvCpus = scheduler.desiredVcpus(arn);
  const computeResources = {
    ...(settings.computeResources ?? ownMachines(settings)),
    ...(desiredvCpus !== undefined && { desiredvCpus }),
  };
  return {
    computeEnvironmentName: name,
    computeEnvironmentArn: arn,
    ...settings,
    computeResources,
    status,
    statusReason,
  };
}

/** What an unmanaged environment shows where nothing was given: clients read the type without looking whether it is there (decision 0011). */
function ownMachines({ unmanagedvCpus = 0 }: EnvironmentSettings): ComputeResource {
  return { type: "EC2", maxvCpus: unmanagedvCpus };
}

/** Who tags what AWS launches needs a permission of its own (reference 1.7). */
function checkCapacityTags(resources: { capacityTags?: unknown } | undefined, call: Call, arn: string): void {
  const denial = resources?.capacityTags === undefined ? undefined : call.denial("batch:SetCapacityTags", arn);
  if (denial !== undefined) throw denial;
}

/** With the defaults that AWS fills in (reference 6.4). */
function newSettings(input: BatchInput<"CreateComputeEnvironment">, call: Call, arn: string): EnvironmentSettings {
  const { computeResources, eksConfiguration, unmanagedvCpus, context, ecsSettings } = input;
  return {
    type: input.type,
    state: "ENABLED",
    ...(eksConfiguration === undefined && { ecsClusterArn: clusterArn(arn) }),
    tags: input.tags ?? {},
    ...(computeResources !== undefined && {
      computeResources: input.type === "MANAGED" ? newResources(computeResources) : computeResources,
    }),
    serviceRole: input.serviceRole || serviceLinkedRole(call),
    containerOrchestrationType: eksConfiguration === undefined ? "ECS" : "EKS",
    uuid: uuidFrom(arn),
    ...(eksConfiguration !== undefined && { eksConfiguration }),
    ...(unmanagedvCpus !== undefined && { unmanagedvCpus }),
    ...(context !== undefined && { context }),
    ...(ecsSettings !== undefined && { ecsSettings }),
  };
}

function newResources(resources: ComputeResource): ComputeResource {
  if (resources.type !== "EC2" && resources.type !== "SPOT") return resources;
  return {
    allocationStrategy: "BEST_FIT",
    desiredvCpus: resources.minvCpus,
    ...resources,
    instanceTypes: resources.instanceTypes?.length ? resources.instanceTypes : ["default_x86_64"],
  };
}

function serviceLinkedRole({ account }: Call): string {
  return `arn:aws:iam::${account}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch`;
}
