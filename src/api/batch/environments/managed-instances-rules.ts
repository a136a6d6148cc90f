import type { ComputeResource, InstanceLaunchTemplate, ManagedInstancesProvider } from "@aws-sdk/client-batch";
import { instanceTypeNames, isBundle, isInstanceType } from "./instance-types.ts";
import type { Rule } from "../rules.ts";
import { quotingRule, rule, within } from "../rules.ts";
import { TAG_RULES } from "../tags/tags.ts";
import { notOneOf } from "../value-sets.ts";

const FORBIDDEN = [
  ...(["allocationStrategy", "bidPercentage", "desiredvCpus", "minvCpus", "imageId", "instanceTypes"] as const),
  ...(["instanceRole", "ec2Configuration", "ec2KeyPair", "launchTemplate", "placementGroup"] as const),
  ...(["spotIamFleetRole", "subnets", "securityGroupIds"] as const),
];

const LAUNCH_RULES: readonly Rule<InstanceLaunchTemplate>[] = [
  rule("subnetsRequired", ({ networkConfiguration }) => !networkConfiguration?.subnets?.length),
  rule("securityGroupsRequired", ({ networkConfiguration }) => !networkConfiguration?.securityGroups?.length),
  quotingRule("notOneOf", ({ capacityOptionType }) =>
    notOneOf("capacityOptionType", capacityOptionType, ["ON_DEMAND", "SPOT"]),
  ),
  quotingRule("notOneOf", ({ monitoring }) => notOneOf("monitoring", monitoring, ["BASIC", "DETAILED"])),
  quotingRule("notOneOf", ({ capacityReservations }) =>
    notOneOf("reservationPreference", capacityReservations?.reservationPreference, [
      "RESERVATIONS_ONLY",
      "RESERVATIONS_FIRST",
      "RESERVATIONS_EXCLUDED",
    ]),
  ),
  rule("storageSize", ({ storageConfiguration }) => (storageConfiguration?.storageSizeGiB ?? 1) < 1),
  quotingRule("instanceTypeUnknown", ({ instanceRequirements }) =>
    instanceRequirements?.allowedInstanceTypes?.every((name) => isInstanceType(name) && !isBundle(name)) === false
      ? [instanceTypeNames()]
      : undefined,
  ),
];

const PROVIDER_RULES: readonly Rule<ManagedInstancesProvider>[] = [
  quotingRule("notOneOf", ({ propagateTags }) =>
    notOneOf("propagateTags", propagateTags, ["CAPACITY_PROVIDER", "NONE"]),
  ),
  rule("scaleInAfter", ({ infrastructureOptimization }) => {
    const seconds = infrastructureOptimization?.scaleInAfter ?? 0;
    return seconds < -1 || seconds > 3600;
  }),
  within(({ instanceLaunchTemplate }) => instanceLaunchTemplate, LAUNCH_RULES),
];

/** Compute resources of the type ECS_MANAGED_INSTANCES (reference 6.6). */
export const MANAGED_INSTANCES_RULES: readonly Rule<ComputeResource>[] = [
  quotingRule("notForManagedInstances", (resources) => {
    const forbidden = FORBIDDEN.find((member) => resources[member] !== undefined);
    return forbidden && [forbidden];
  }),
  rule("providerRequired", ({ managedInstancesProvider }) => managedInstancesProvider === undefined),
  within(({ managedInstancesProvider }) => managedInstancesProvider, PROVIDER_RULES),
  within(({ capacityTags }) => capacityTags, TAG_RULES),
];
