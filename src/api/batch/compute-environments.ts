import type { ComputeEnvironmentDetail, ComputeResource, ComputeResourceUpdate } from "@aws-sdk/client-batch";
import { clusterArn } from "../../core/ecs-names.ts";
import { isFargate } from "../../core/resources.ts";
import { uuidFrom } from "../../core/ids.ts";
import type { EnvironmentSettings, ResourceRecord } from "../../ports/store.ts";
import { clientException, validationException } from "../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import { arnOf, nameOf, RESOURCE_NAME, scopeOf, toArn } from "./names.ts";
import { Pages, pageSize } from "./pages.ts";
import { queuesUsing } from "./queue-lookup.ts";
import { check } from "./rules.ts";
import { DRIVER_TAG_RULES, validateTags } from "./tags.ts";
import { TEXTS } from "./texts.ts";

type Operations =
  | "CreateComputeEnvironment"
  | "DescribeComputeEnvironments"
  | "UpdateComputeEnvironment"
  | "DeleteComputeEnvironment";

/** Compute environments (reference 6). Here each one is a share of this machine. */
export function computeEnvironmentHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler, clock, version } = backend;
  return {
    async CreateComputeEnvironment(input, call) {
      validateNew(input, version);
      const name = input.computeEnvironmentName;
      const arn = arnOf(call, "compute-environment", name);
      const settings = newSettings(input, call, arn);
      const status = { status: "CREATING", statusReason: "ComputeEnvironment is being created" } as const;
      const record = { arn, scope: scopeOf(call), name, createdAt: clock.now(), ...status, settings };
      if (!(await store.environments.insert(record))) throw clientException(TEXTS.alreadyExists);
      await scheduler.nudgeResources();
      return { computeEnvironmentName: name, computeEnvironmentArn: arn };
    },

    async DescribeComputeEnvironments({ computeEnvironments, maxResults, nextToken }, call) {
      if (computeEnvironments !== undefined && computeEnvironments.length > 0) {
        if (computeEnvironments.length > 100) throw clientException(TEXTS.tooManyNames("computeEnvironments"));
        const arns = new Set(computeEnvironments.map((name) => toArn(call, "compute-environment", name)));
        const found = await Promise.all([...arns].map((arn) => store.environments.get(arn)));
        return {
          computeEnvironments: found.flatMap((record) => (record?.scope === scopeOf(call) ? [toDetail(record)] : [])),
        };
      }
      const scope = scopeOf(call);
      const pages = new Pages<string>(backend, call, ["DescribeComputeEnvironments"], nextToken, pageSize(maxResults));
      const read = await store.environments.list(scope, {
        ...(pages.position !== undefined && { after: pages.position }),
        limit: pages.size + 1,
      });
      const { items, ...more } = pages.page(read, ({ name }) => name);
      return { computeEnvironments: items.map(toDetail), ...more };
    },

    async UpdateComputeEnvironment(input, call) {
      const record = await find(backend, call, input.computeEnvironment);
      if (record.status === "DELETING") {
        throw clientException(TEXTS.isBeingDeleted("ComputeEnvironment", record.name));
      }
      const settings = updatedSettings(record.settings, input);
      const status = { status: "UPDATING", statusReason: "ComputeEnvironment is being updated" } as const;
      const written = await store.environments.update(record, { ...status, settings });
      if (!written) throw clientException(TEXTS.concurrentUpdate("ComputeEnvironment", record.name));
      await scheduler.nudgeResources();
      return { computeEnvironmentName: record.name, computeEnvironmentArn: record.arn };
    },

    async DeleteComputeEnvironment({ computeEnvironment }, call) {
      const record = await store.environments.get(toArn(call, "compute-environment", computeEnvironment));
      if (record === undefined || record.scope !== scopeOf(call)) return {};
      if (record.settings.state !== "DISABLED") throw clientException(TEXTS.mustBeDisabled);
      if (record.status === "UPDATING" || record.status === "CREATING") throw clientException(TEXTS.beingModified);
      if ((await queuesUsing(backend, call, record.arn)).length > 0) throw clientException(TEXTS.environmentInUse);
      const status = { status: "DELETING", statusReason: "ComputeEnvironment is being deleted" } as const;
      await store.environments.update(record, { ...status, settings: record.settings });
      await scheduler.nudgeResources();
      return {};
    },
  };
}

async function find(backend: Backend, call: Call, nameOrArn: string): Promise<ResourceRecord<EnvironmentSettings>> {
  const record = await backend.store.environments.get(toArn(call, "compute-environment", nameOrArn));
  if (record === undefined || record.scope !== scopeOf(call)) {
    throw clientException(TEXTS.environmentNotFound(nameOf(nameOrArn)));
  }
  return record;
}

function toDetail({
  arn,
  name,
  status,
  statusReason,
  settings,
}: ResourceRecord<EnvironmentSettings>): ComputeEnvironmentDetail {
  return { computeEnvironmentName: name, computeEnvironmentArn: arn, ...settings, status, statusReason };
}

function validateNew(input: BatchInput<"CreateComputeEnvironment">, version: string): void {
  if (!RESOURCE_NAME.test(input.computeEnvironmentName)) throw validationException(TEXTS.environmentName);
  if (input.type !== "MANAGED" && input.type !== "UNMANAGED")
    throw validationException(TEXTS.environmentType(input.type));
  if (input.type === "UNMANAGED")
    throw clientException(TEXTS.notAvailable("An unmanaged compute environment", version));
  if (input.eksConfiguration !== undefined) throw clientException(TEXTS.notAvailable("eksConfiguration", version));
  if (input.state === "DISABLED") throw validationException(TEXTS.createdDisabled);
  if (input.unmanagedvCpus !== undefined) throw validationException(TEXTS.unmanagedvCpus);
  validateTags(input.tags);
  check(DRIVER_TAG_RULES, input.tags ?? {});
  if (input.computeResources === undefined) throw validationException(TEXTS.computeResourcesRequired);
  validateResources(input.computeResources, version);
}

const NOT_FOR_FARGATE = [
  ...([
    "allocationStrategy",
    "bidPercentage",
    "desiredvCpus",
    "ec2KeyPair",
    "imageId",
    "instanceRole",
    "instanceTypes",
  ] as const),
  ...([
    "launchTemplate",
    "minvCpus",
    "placementGroup",
    "spotIamFleetRole",
    "tags",
    "ec2Configuration",
    "scalingPolicy",
  ] as const),
];

function validateResources(resources: ComputeResource, version: string): void {
  const { type, minvCpus, maxvCpus, desiredvCpus } = resources;
  if (!["EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "ECS_MANAGED_INSTANCES"].includes(type!)) {
    throw validationException(TEXTS.computeResourceType(type!));
  }
  if (type === "ECS_MANAGED_INSTANCES") throw clientException(TEXTS.notAvailable("ECS_MANAGED_INSTANCES", version));
  if (maxvCpus! < 1) throw validationException(TEXTS.maxvCpusTooLow);
  if (isFargate(type)) {
    const forbidden = NOT_FOR_FARGATE.find((member) => resources[member] !== undefined);
    if (forbidden !== undefined) throw validationException(TEXTS.notForFargate(forbidden));
    if ((resources.subnets?.length ?? 0) > 16) throw validationException(TEXTS.tooManyFargateSubnets);
    if ((resources.securityGroupIds?.length ?? 0) > 5) throw validationException(TEXTS.tooManyFargateSecurityGroups);
  } else {
    if (resources.instanceRole === undefined) throw validationException(TEXTS.instanceRoleRequired);
    if (minvCpus === undefined) throw validationException(TEXTS.minvCpusRequired);
    validateRange(minvCpus, maxvCpus!, desiredvCpus);
    validateBid(resources);
  }
  if (!resources.subnets?.length) throw validationException(TEXTS.subnetsRequired);
  if (!resources.securityGroupIds?.length && resources.launchTemplate === undefined) {
    throw validationException(TEXTS.securityGroupsRequired);
  }
}

function validateBid({ type, allocationStrategy, bidPercentage, spotIamFleetRole }: ComputeResource): void {
  if (bidPercentage !== undefined && (bidPercentage < 0 || bidPercentage > 100)) {
    throw validationException(TEXTS.bidPercentage);
  }
  const isBestFit = allocationStrategy === undefined || allocationStrategy === "BEST_FIT";
  if (type === "SPOT" && isBestFit && !spotIamFleetRole) throw validationException(TEXTS.fleetRoleRequired);
}

function validateRange(min: number, max: number, desired: number | undefined): void {
  if (min < 0) throw validationException(TEXTS.minvCpusNegative);
  if (max < min) throw validationException(TEXTS.maxvCpusBelowMin);
  if (desired !== undefined && (desired < min || desired > max)) throw validationException(TEXTS.desiredvCpusOutside);
}

/** With the defaults that AWS fills in (reference 6.4). */
function newSettings(input: BatchInput<"CreateComputeEnvironment">, call: Call, arn: string): EnvironmentSettings {
  const resources = input.computeResources!;
  const ec2Defaults = {
    allocationStrategy: "BEST_FIT",
    instanceTypes: ["default_x86_64"],
    desiredvCpus: resources.minvCpus,
  };
  return {
    type: input.type,
    state: "ENABLED",
    ecsClusterArn: clusterArn(arn),
    tags: input.tags ?? {},
    computeResources: { ...(!isFargate(resources.type) && ec2Defaults), ...resources } as ComputeResource,
    serviceRole: input.serviceRole || serviceLinkedRole(call),
    containerOrchestrationType: "ECS",
    uuid: uuidFrom(arn),
    ...(input.context !== undefined && { context: input.context }),
    ...(input.ecsSettings !== undefined && { ecsSettings: input.ecsSettings }),
  };
}

function serviceLinkedRole({ account }: Call): string {
  return `arn:aws:iam::${account}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch`;
}

/** An update is a partial merge: only what is sent changes (reference 6.7). */
function updatedSettings(
  settings: EnvironmentSettings,
  input: BatchInput<"UpdateComputeEnvironment">,
): EnvironmentSettings {
  const resources = { ...settings.computeResources, ...input.computeResources } as ComputeResource &
    ComputeResourceUpdate;
  delete resources.updateToLatestImageVersion; // it asks for something, it is not kept
  const fargate = isFargate(settings.computeResources?.type);
  if (isFargate(resources.type) !== fargate) throw clientException(TEXTS.typeFixed);
  if (resources.maxvCpus! < 1) throw validationException(TEXTS.maxvCpusTooLow);
  if (!fargate) validateUpdatedRange(settings, input, resources);
  return {
    ...settings,
    computeResources: resources,
    ...(input.state !== undefined && { state: input.state }),
    ...(input.serviceRole && { serviceRole: input.serviceRole }),
    ...(input.updatePolicy !== undefined && { updatePolicy: input.updatePolicy }),
    ...(input.context !== undefined && { context: input.context }),
    ...(input.ecsSettings !== undefined && { ecsSettings: input.ecsSettings }),
  };
}

function validateUpdatedRange(
  settings: EnvironmentSettings,
  input: BatchInput<"UpdateComputeEnvironment">,
  resources: ComputeResource,
): void {
  const { minvCpus = 0, maxvCpus } = resources;
  const asked = input.computeResources?.desiredvCpus;
  if (asked !== undefined && asked < (settings.computeResources?.desiredvCpus ?? 0)) {
    throw clientException(TEXTS.desiredvCpusLowered);
  }
  validateRange(minvCpus, maxvCpus!, asked);
  // A desired capacity that was set before follows the new bounds.
  if (asked === undefined)
    resources.desiredvCpus = Math.min(Math.max(resources.desiredvCpus ?? 0, minvCpus), maxvCpus!);
}
