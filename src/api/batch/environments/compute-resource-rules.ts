import type { ComputeResource, Ec2Configuration } from "@aws-sdk/client-batch";
import { isFargate } from "../../../core/resources.ts";
import { instanceTypeNames, isArm, isBundle, isInstanceType } from "./instance-types.ts";
import { LAUNCH_TEMPLATE_RULES } from "./launch-template-rules.ts";
import { MANAGED_INSTANCES_RULES } from "./managed-instances-rules.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";
import { notOneOf } from "../value-sets.ts";

/** Compute resources as they are to be kept: of a creation, or what an update makes of them. */
export interface ResourcesInUse {
  readonly resources: ComputeResource;
  readonly isEks: boolean;
}

const TYPES: ReadonlySet<string> = new Set(["EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "ECS_MANAGED_INSTANCES"]);

function isEc2({ type }: ComputeResource): boolean {
  return type === "EC2" || type === "SPOT";
}

const NOT_FOR_FARGATE = [
  ...(["allocationStrategy", "bidPercentage", "desiredvCpus", "ec2KeyPair", "imageId", "instanceRole"] as const),
  ...(["instanceTypes", "launchTemplate", "minvCpus", "placementGroup", "spotIamFleetRole", "tags"] as const),
  ...(["ec2Configuration", "scalingPolicy"] as const),
];

const FARGATE_RULES: readonly Rule<ComputeResource>[] = [
  quotingRule("notForFargate", (resources) => {
    const forbidden = NOT_FOR_FARGATE.find((member) => resources[member] !== undefined);
    return forbidden && [forbidden];
  }),
  rule("tooManyFargateSubnets", ({ subnets }) => (subnets?.length ?? 0) > 16),
  rule("tooManyFargateSecurityGroups", ({ securityGroupIds }) => (securityGroupIds?.length ?? 0) > 5),
];

const STRATEGIES = [
  ...["BEST_FIT", "BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED", "SPOT_CAPACITY_OPTIMIZED"],
  ...["SPOT_CAPACITY_OPTIMIZED_PRIORITIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED"],
];

/** They scale in the order of the list, which a bundle does not have. */
const ORDERED_STRATEGIES: ReadonlySet<string> = new Set([
  "BEST_FIT_PROGRESSIVE_ORDERED",
  "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED",
]);

/** The one type of resources that a strategy is for, if there is one (reference 6.5). */
function typeForStrategy(strategy: string): string | undefined {
  if (strategy === "BEST_FIT_PROGRESSIVE_ORDERED") return "EC2";
  return strategy.startsWith("SPOT_") ? "SPOT" : undefined;
}

const IMAGE_TYPES = ["AL2", "AL2_NVIDIA", "AL2023", "AL2023_NVIDIA"];

interface ImageUse {
  readonly image: Ec2Configuration;
  readonly isEks: boolean;
}

const EC2_CONFIGURATION_RULES: readonly Rule<ImageUse>[] = [
  rule("imageType", ({ image, isEks }) => {
    const orchestration = isEks ? "EKS_" : "ECS_";
    return !IMAGE_TYPES.some((type) => image.imageType === orchestration + type);
  }),
  rule(
    "kubernetesVersion",
    ({ image: { imageKubernetesVersion }, isEks }) =>
      imageKubernetesVersion !== undefined && !(isEks && /^1\.\d{2}$/.test(imageKubernetesVersion)),
  ),
];

const EC2_RULES: readonly Rule<ResourcesInUse>[] = [
  rule("instanceRoleRequired", ({ resources }) => !resources.instanceRole),
  rule("minvCpusRequired", ({ resources }) => resources.minvCpus === undefined),
  rule("minvCpusNegative", ({ resources }) => resources.minvCpus! < 0),
  rule("maxvCpusBelowMin", ({ resources }) => resources.maxvCpus! < resources.minvCpus!),
  rule("desiredvCpusOutside", ({ resources: { desiredvCpus, minvCpus, maxvCpus } }) => {
    return desiredvCpus !== undefined && (desiredvCpus < minvCpus! || desiredvCpus > maxvCpus!);
  }),
  rule("strategyRequiredForEks", ({ resources, isEks }) => isEks && resources.allocationStrategy === undefined),
  quotingRule("notOneOf", ({ resources }) => notOneOf("allocationStrategy", resources.allocationStrategy, STRATEGIES)),
  quotingRule("strategyForType", ({ resources: { allocationStrategy = "", type } }) => {
    const only = typeForStrategy(allocationStrategy);
    return only === undefined || only === type ? undefined : [allocationStrategy, only];
  }),
  rule("bidPercentage", ({ resources: { bidPercentage = 100 } }) => bidPercentage < 0 || bidPercentage > 100),
  rule("fleetRoleRequired", ({ resources: { type, allocationStrategy = "BEST_FIT", spotIamFleetRole } }) => {
    return type === "SPOT" && allocationStrategy === "BEST_FIT" && !spotIamFleetRole;
  }),
  quotingRule("instanceTypeUnknown", ({ resources: { instanceTypes = [] } }) =>
    instanceTypes.every(isInstanceType) ? undefined : [instanceTypeNames()],
  ),
  quotingRule("bundleInOrder", ({ resources: { allocationStrategy = "", instanceTypes = [] } }) =>
    ORDERED_STRATEGIES.has(allocationStrategy) && instanceTypes.some(isBundle) ? [allocationStrategy] : undefined,
  ),
  rule("armMixed", ({ resources: { instanceTypes = [] } }) => new Set(instanceTypes.map(isArm)).size > 1),
  within(
    ({ resources: { launchTemplate, instanceTypes = [] } }) =>
      launchTemplate && { template: launchTemplate, instanceTypes },
    LAUNCH_TEMPLATE_RULES,
  ),
  rule("tooManyImages", ({ resources }) => (resources.ec2Configuration?.length ?? 0) > 2),
  each(
    ({ resources, isEks }) => resources.ec2Configuration?.map((image): ImageUse => ({ image, isEks })),
    EC2_CONFIGURATION_RULES,
  ),
  rule("scaleDownDelay", ({ resources: { scalingPolicy } }) => {
    const minutes = scalingPolicy?.minScaleDownDelayMinutes ?? 0;
    return minutes !== 0 && (minutes < 20 || minutes > 10_080);
  }),
];

const FOR_MANAGED_INSTANCES = ["managedInstancesProvider", "capacityTags"] as const;

/** Reference 6.3 to 6.6. */
export const COMPUTE_RESOURCE_RULES: readonly Rule<ResourcesInUse>[] = [
  quotingRule("computeResourceType", ({ resources: { type } }) => (TYPES.has(type!) ? undefined : [type!])),
  rule("eksResourceType", ({ resources, isEks }) => isEks && !isEc2(resources)),
  rule("maxvCpusTooLow", ({ resources }) => resources.maxvCpus! < 1),
  quotingRule("onlyForManagedInstances", ({ resources }) => {
    const member = FOR_MANAGED_INSTANCES.find((one) => resources[one] !== undefined);
    return resources.type !== "ECS_MANAGED_INSTANCES" && member !== undefined ? [member] : undefined;
  }),
  within(({ resources }) => (isFargate(resources.type) ? resources : undefined), FARGATE_RULES),
  within((use) => (isEc2(use.resources) ? use : undefined), EC2_RULES),
  within(
    ({ resources }) => (resources.type === "ECS_MANAGED_INSTANCES" ? resources : undefined),
    MANAGED_INSTANCES_RULES,
  ),
];

/** What a creation has to name. An update may take the network away again, where a launch template has it. */
export const NETWORK_RULES: readonly Rule<ComputeResource>[] = [
  rule("subnetsRequired", (resources) => resources.type !== "ECS_MANAGED_INSTANCES" && !resources.subnets?.length),
  rule("securityGroupsRequired", ({ type, securityGroupIds, launchTemplate }) => {
    return type !== "ECS_MANAGED_INSTANCES" && !securityGroupIds?.length && launchTemplate === undefined;
  }),
];
