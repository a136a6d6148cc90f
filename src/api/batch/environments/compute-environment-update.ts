import { isDeepStrictEqual } from "node:util";
import type {
  ComputeResource,
  ComputeResourceUpdate,
  LaunchTemplateSpecification,
  ManagedInstancesProvider,
} from "@aws-sdk/client-batch";
import type { Replacement } from "../../../core/resources.ts";
import { isFargate } from "../../../core/resources.ts";
import type { EnvironmentSettings } from "../../../ports/store.ts";
import type { BatchInput } from "../../wire/operations.ts";
import { CONTAINER_INSIGHTS_RULE, isServiceLinkedRole, UNMANAGED_VCPUS_RULE } from "./compute-environment-rules.ts";
import { COMPUTE_RESOURCE_RULES } from "./compute-resource-rules.ts";
import type { Rule } from "../rules.ts";
import { check, rule, within } from "../rules.ts";
import { STATE_RULE } from "../state-rule.ts";

type Input = BatchInput<"UpdateComputeEnvironment">;

interface Update {
  readonly before: EnvironmentSettings;
  readonly input: Input;
  readonly after: EnvironmentSettings;
  readonly current: Current;
}

/** What is not in the settings. */
interface Current {
  /** Epoch ms. */
  readonly now: number;
  /** What the scheduler wants; undefined where nothing is launched. */
  readonly desiredvCpus: number | undefined;
}

/**
 * What an update makes of an environment: a partial merge, only what is sent changes (reference 6.7).
 *
 * @throws the first rule that it breaks.
 */
export function updatedSettings(before: EnvironmentSettings, input: Input, current: Current): EnvironmentSettings {
  const after = merged(before, input);
  const update = { before, input, after, current };
  check(UPDATE_COMPUTE_ENVIRONMENT_RULES, update);
  const resources = managedResources(after);
  if (resources !== undefined) check(COMPUTE_RESOURCE_RULES, resources);
  const { replacement: _, ...settings } = after;
  if (!isInfrastructureUpdate(update)) return settings;
  check(INFRASTRUCTURE_UPDATE_RULES, before);
  return { ...settings, replacement: replacementBy(after, current.now) };
}

const MINUTE_MS = 60_000;

/** An infrastructure update replaces the instances; its policy says how long the jobs that run on them may go on. */
function replacementBy({ updatePolicy }: EnvironmentSettings, now: number): Replacement {
  const { terminateJobsOnUpdate, jobExecutionTimeoutMinutes = 30 } = updatePolicy ?? {};
  return { at: now, jobsEndAt: terminateJobsOnUpdate === true ? now : now + jobExecutionTimeoutMinutes * MINUTE_MS };
}

/** Members whose change replaces the instances of EC2 and Spot resources (reference 6.7). */
const OF_INSTANCES = [
  ...(["allocationStrategy", "bidPercentage", "ec2Configuration", "ec2KeyPair", "imageId", "instanceRole"] as const),
  ...(["instanceTypes", "launchTemplate", "placementGroup", "securityGroupIds", "subnets", "tags", "type"] as const),
];

function isInfrastructureUpdate({ before, input, after }: Update): boolean {
  if (!isOnEc2(before)) return false;
  if (input.computeResources?.updateToLatestImageVersion === true) return true;
  const was = plain(before.computeResources ?? {});
  const is = plain(after.computeResources ?? {});
  return OF_INSTANCES.some((member) => !isDeepStrictEqual(was[member], is[member]));
}

/** What is stored was read from JSON; what is sent has maps without a prototype, which would make a difference. */
function plain(resources: Partial<ComputeResource>): Partial<ComputeResource> {
  return JSON.parse(JSON.stringify(resources)) as Partial<ComputeResource>;
}

function isOnEc2({ type, computeResources }: EnvironmentSettings): boolean {
  return type === "MANAGED" && (computeResources?.type === "EC2" || computeResources?.type === "SPOT");
}

export const UPDATE_COMPUTE_ENVIRONMENT_RULES: readonly Rule<Update>[] = [
  within(({ input }) => input, [STATE_RULE]),
  rule("updateTimeout", ({ input: { updatePolicy } }) => {
    const minutes = updatePolicy?.jobExecutionTimeoutMinutes ?? 30;
    return minutes < 1 || minutes > 7200;
  }),
  within(({ input }) => input, [CONTAINER_INSIGHTS_RULE]),
  rule("unmanagedvCpus", ({ before, input }) => before.type === "MANAGED" && input.unmanagedvCpus !== undefined),
  within(({ input }) => input, [UNMANAGED_VCPUS_RULE]),
  rule("noComputeResources", ({ input: { computeResources } }) => {
    return computeResources !== undefined && Object.keys(computeResources).length === 0;
  }),
  rule("bestFitInUpdate", ({ input }) => (input.computeResources?.allocationStrategy as string) === "BEST_FIT"),
  rule(
    "resourcesOfUnmanaged",
    ({ before, input }) => before.type === "UNMANAGED" && input.computeResources !== undefined,
  ),
  rule(
    "typeFixed",
    ({ before, after }) => isFargate(before.computeResources?.type) !== isFargate(after.computeResources?.type),
    "bare",
  ),
  rule("managedInstancesFixed", ({ before, after }) => isOfEcs(before) !== isOfEcs(after), "bare"),
  rule(
    "serviceRoleFixed",
    ({ before, after }) => isServiceLinkedRole(before.serviceRole!) !== isServiceLinkedRole(after.serviceRole!),
    "bare",
  ),
  rule(
    "desiredForEks",
    ({ before, input }) => before.eksConfiguration !== undefined && input.computeResources?.desiredvCpus !== undefined,
  ),
  rule(
    "desiredvCpusLowered",
    ({ before, input, current }) =>
      (input.computeResources?.desiredvCpus ?? Infinity) <
      (current.desiredvCpus ?? before.computeResources?.desiredvCpus ?? 0),
    "bare",
  ),
];

/** The environments that cannot replace their instances. */
export const INFRASTRUCTURE_UPDATE_RULES: readonly Rule<EnvironmentSettings>[] = [
  rule("infrastructureRole", ({ serviceRole }) => !isServiceLinkedRole(serviceRole!), "bare"),
  rule("infrastructureStrategy", ({ computeResources }) => computeResources?.allocationStrategy === "BEST_FIT", "bare"),
];

function managedResources({ type, computeResources, eksConfiguration }: EnvironmentSettings) {
  if (type !== "MANAGED" || computeResources === undefined) return undefined;
  return { resources: computeResources, isEks: eksConfiguration !== undefined };
}

function isOfEcs({ computeResources }: EnvironmentSettings): boolean {
  return computeResources?.type === "ECS_MANAGED_INSTANCES";
}

const DEFAULT_POLICY = { terminateJobsOnUpdate: false, jobExecutionTimeoutMinutes: 30 };

function merged(settings: EnvironmentSettings, input: Input): EnvironmentSettings {
  const { computeResources } = settings;
  return {
    ...settings,
    ...(computeResources !== undefined &&
      input.computeResources !== undefined && {
        computeResources: mergedResources(computeResources, input.computeResources),
      }),
    ...(input.state !== undefined && { state: input.state }),
    ...(input.unmanagedvCpus !== undefined && { unmanagedvCpus: input.unmanagedvCpus }),
    ...(input.serviceRole && { serviceRole: input.serviceRole }),
    ...(input.updatePolicy !== undefined && {
      updatePolicy: { ...DEFAULT_POLICY, ...settings.updatePolicy, ...input.updatePolicy },
    }),
    ...(input.context !== undefined && { context: input.context }),
    ...(input.ecsSettings !== undefined && { ecsSettings: input.ecsSettings }),
  };
}

function mergedResources(resources: ComputeResource, update: ComputeResourceUpdate): ComputeResource {
  const { updateToLatestImageVersion: _, launchTemplate, managedInstancesProvider, ...rest } = update;
  const sent = Object.entries(isFargate(resources.type) ? withoutEmptyNetwork(rest) : rest);
  const values = Object.fromEntries(sent.filter(([name, value]) => value !== "" || RESETTABLE.has(name)));
  const after: ComputeResource = { ...resources, ...values };
  if (launchTemplate !== undefined) setOrRemove(after, "launchTemplate", mergedTemplate(after, launchTemplate));
  if (managedInstancesProvider !== undefined) {
    after.managedInstancesProvider = mergedProvider(after.managedInstancesProvider, managedInstancesProvider);
  }
  if (after.ec2KeyPair === "") delete after.ec2KeyPair;
  if (after.imageId === "") delete after.imageId;
  if (after.placementGroup === "") delete after.placementGroup;
  if (after.ec2Configuration?.length === 0) delete after.ec2Configuration;
  if (after.desiredvCpus !== undefined && update.desiredvCpus === undefined) {
    // A desired capacity that was set before follows the new bounds.
    after.desiredvCpus = Math.min(Math.max(after.desiredvCpus, after.minvCpus ?? 0), after.maxvCpus!);
  }
  return after;
}

/** An empty text takes these away; of other members it says nothing. */
const RESETTABLE: ReadonlySet<string> = new Set(["ec2KeyPair", "imageId", "placementGroup"]);

/** For Fargate an empty list is as good as none. */
function withoutEmptyNetwork({ subnets, securityGroupIds, ...rest }: ComputeResourceUpdate): ComputeResourceUpdate {
  return {
    ...rest,
    ...(subnets?.length && { subnets }),
    ...(securityGroupIds?.length && { securityGroupIds }),
  };
}

/** A template that is not named anew stays; one that is named by an empty text goes; overrides that are not sent go. */
function mergedTemplate(
  { launchTemplate = {} }: ComputeResource,
  update: LaunchTemplateSpecification,
): LaunchTemplateSpecification | undefined {
  const { launchTemplateId, launchTemplateName, overrides: _, ...kept } = launchTemplate;
  const isNamed = update.launchTemplateId !== undefined || update.launchTemplateName !== undefined;
  const name = isNamed ? {} : { launchTemplateId, launchTemplateName };
  const present = Object.entries({ ...kept, ...name, ...update }).filter(
    ([, value]) => value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  const after = Object.fromEntries(present) as LaunchTemplateSpecification;
  const isGone = isNamed && !after.launchTemplateId && !after.launchTemplateName && !after.overrides;
  return isGone ? undefined : after;
}

function mergedProvider(
  provider: ManagedInstancesProvider | undefined,
  update: NonNullable<ComputeResourceUpdate["managedInstancesProvider"]>,
): ManagedInstancesProvider {
  const instanceLaunchTemplate = { ...provider?.instanceLaunchTemplate, ...update.instanceLaunchTemplate };
  return { ...provider, ...update, instanceLaunchTemplate } as ManagedInstancesProvider;
}

function setOrRemove<Key extends keyof ComputeResource>(
  resources: ComputeResource,
  member: Key,
  value: ComputeResource[Key],
): void {
  if (value === undefined) delete resources[member];
  else resources[member] = value;
}
