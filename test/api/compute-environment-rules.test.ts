import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ComputeEnvironmentDetail, ComputeResource } from "@aws-sdk/client-batch";
import { CreateComputeEnvironmentCommand, DescribeComputeEnvironmentsCommand } from "@aws-sdk/client-batch";
import { CREATE_COMPUTE_ENVIRONMENT_RULES } from "../../src/api/batch/environments/compute-environment-rules.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import {
  apiServer,
  EC2,
  EKS,
  environmentRequest,
  FARGATE,
  MANAGED_INSTANCES,
  ON_EKS,
  prefixed,
  refused,
  UNMANAGED,
  untilEnvironment,
} from "./server.ts";

const { batch } = await apiServer({ after });

const create = (name: string, resources: object = EC2, more = {}) =>
  batch.send(new CreateComputeEnvironmentCommand(environmentRequest(name, resources, more)));
async function describe(name: string): Promise<ComputeEnvironmentDetail> {
  const query = new DescribeComputeEnvironmentsCommand({ computeEnvironments: [name] });
  const { computeEnvironments } = await batch.send(query);
  return computeEnvironments![0]!;
}

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, ""]));
const without = (...members: readonly string[]): object =>
  Object.fromEntries(Object.entries(EC2).filter(([name]) => !members.includes(name)));

const SPOT = { ...EC2, type: "SPOT", allocationStrategy: "SPOT_CAPACITY_OPTIMIZED" };
const namespace = (kubernetesNamespace: string) => ({
  eksConfiguration: { ...EKS.eksConfiguration, kubernetesNamespace },
});
const cluster = (eksClusterArn: string) => ({ eksConfiguration: { ...EKS.eksConfiguration, eksClusterArn } });
const provided = (launch: object, more: object = {}) => {
  const { managedInstancesProvider: provider } = MANAGED_INSTANCES;
  const instanceLaunchTemplate = { ...provider.instanceLaunchTemplate, ...launch };
  return { ...MANAGED_INSTANCES, managedInstancesProvider: { ...provider, ...more, instanceLaunchTemplate } };
};
const template = (launchTemplate: object, instanceTypes = ["m5", "c5.large"]) => ({
  ...EC2,
  instanceTypes,
  launchTemplate,
});
const override = (...targetInstanceTypes: readonly string[]) => ({ launchTemplateId: "lt-2", targetInstanceTypes });
const notValid = (member: string, value: string, ...valid: readonly string[]) =>
  `${member} ${value} is not valid. Valid values: [${valid.join(", ")}]`;

/** What is wrong, the text that says so, the compute resources, the rest of the request. */
type Refusal = readonly [text: string, message: string | RegExp, resources: object, more?: object];

// Reference 6.3 to 6.6.
const REFUSED_CREATIONS: readonly Refusal[] = [
  ["environmentName", "Compute environment name should match a valid pattern.", EC2, { computeEnvironmentName: "a b" }],
  [
    "environmentName",
    "Compute environment name should match a valid pattern.",
    EC2,
    { computeEnvironmentName: "a".repeat(129) },
  ],
  [
    "environmentType",
    "Compute environment type SHARED is not valid. Valid types: [MANAGED, UNMANAGED]",
    EC2,
    { type: "SHARED" },
  ],
  ["createdDisabled", "Compute Environment must be created in ENABLED state.", EC2, { state: "DISABLED" }],
  ["createdDisabled", "Compute Environment must be created in ENABLED state.", EC2, { state: "ASLEEP" }],
  ["tagReserved", "Tag keys and values must not start with aws:.", EC2, { tags: { "AWS:x": "y" } }],
  ["tooManyTags", "A resource can have at most 50 tags.", EC2, { tags: many(51) }],
  ["tagKey", /Exception : Tag key "a;b" is not valid/, EC2, { tags: { "a;b": "" } }],
  ["tagValue", /Exception : The value of tag a is not valid/, EC2, { tags: { a: ";" } }],
  [
    "unknownDriver",
    "The tag longshore:driver must be process, docker, kubernetes or kubernetes@CLUSTER, not lambda.",
    EC2,
    { tags: { "longshore:driver": "lambda" } },
  ],
  [
    "unknownCapacity",
    "The tag longshore:capacity must be instances or shared, not endless.",
    EC2,
    { tags: { "longshore:capacity": "endless" } },
  ],
  ["tooLarge", "CreateComputeEnvironment request cannot exceed 64 KiB.", { ...EC2, imageId: "x".repeat(65_536) }],
  [
    "notOneOf",
    notValid("containerInsights", "MORE", "ENABLED", "ENHANCED", "DISABLED"),
    EC2,
    { ecsSettings: { containerInsights: "MORE" } },
  ],
  // UNMANAGED
  ["serviceRoleRequired", "ServiceRole is required.", EC2, { ...UNMANAGED, serviceRole: undefined }],
  ["serviceRoleRequired", "ServiceRole is required.", EC2, { ...UNMANAGED, serviceRole: "" }],
  ...[
    "AWSServiceRoleForBatch",
    "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch",
  ].map((serviceRole): Refusal => [
    "serviceLinkedRoleUnmanaged",
    "Service Linked Role cannot be used with UNMANAGED Compute Environment",
    EC2,
    { ...UNMANAGED, serviceRole },
  ]),
  [
    "unmanagedFargate",
    "Cannot create an UNMANAGED Fargate Compute Environment.",
    EC2,
    { ...UNMANAGED, computeResources: FARGATE },
  ],
  [
    "unmanagedManagedInstances",
    "Cannot create an UNMANAGED Managed Instances Compute Environment.",
    EC2,
    { ...UNMANAGED, computeResources: MANAGED_INSTANCES },
  ],
  [
    "unmanagedvCpusNegative",
    "unmanagedvCpus should be greater than or equal to 0.",
    EC2,
    { ...UNMANAGED, unmanagedvCpus: -1 },
  ],
  // MANAGED
  ["unmanagedvCpus", "unmanagedvCpus is not applicable for managed Compute Environments", EC2, { unmanagedvCpus: 4 }],
  [
    "computeResourcesRequired",
    "computeResources is required for managed Compute Environments.",
    EC2,
    { computeResources: undefined },
  ],
  [
    "computeResourceType",
    "Compute resource type LAPTOP is not valid. Valid types: [EC2, SPOT, FARGATE, FARGATE_SPOT, ECS_MANAGED_INSTANCES]",
    { ...EC2, type: "LAPTOP" },
  ],
  ["maxvCpusTooLow", "maxvCpus should be greater than 0.", { ...EC2, maxvCpus: 0 }],
  // EKS
  ...["ours", "arn:aws:ecs:us-east-1:123456789012:cluster/ours"].map((arn): Refusal => [
    "eksCluster",
    "eksClusterArn must be an EKS cluster ARN.",
    ON_EKS,
    cluster(arn),
  ]),
  [
    "eksRegion",
    "eksClusterArn must be in the same AWS region as the compute environment",
    ON_EKS,
    cluster("arn:aws:eks:eu-west-1:123456789012:cluster/ours"),
  ],
  ["defaultNamespace", "kubernetesNamespace cannot be the default Kubernetes namespace", ON_EKS, namespace("default")],
  [
    "systemNamespace",
    "kubernetesNamespace cannot be a reserved Kubernetes system namespace",
    ON_EKS,
    namespace("kube-system"),
  ],
  [
    "namespaceTooLong",
    "kubernetesNamespace must less than or equal to 63 characters",
    ON_EKS,
    namespace("n".repeat(64)),
  ],
  ...["", "Big", "-n", "a_b"].map((name): Refusal => [
    "namespaceForm",
    "kubernetesNamespace must be a valid Kubernetes namespace.",
    ON_EKS,
    namespace(name),
  ]),
  ...[FARGATE, MANAGED_INSTANCES].map((resources): Refusal => [
    "eksResourceType",
    "Supported compute types for EKS compute environments are [EC2, SPOT]",
    resources,
    EKS,
  ]),
  ["strategyRequiredForEks", "allocationStrategy is required for EKS Compute Environments.", EC2, EKS],
  // EC2 and SPOT
  ["instanceRoleRequired", "Instance role is required.", without("instanceRole")],
  ["minvCpusRequired", "Resource minvCpus is required.", without("minvCpus")],
  ["minvCpusNegative", "minvCpus should be greater than or equal to 0.", { ...EC2, minvCpus: -1 }],
  ["maxvCpusBelowMin", "maxvCpus should be greater than or equal to minvCpus.", { ...EC2, minvCpus: 8, maxvCpus: 4 }],
  ...[1, 17].map((desiredvCpus): Refusal => [
    "desiredvCpusOutside",
    "desiredvCpus should be between minvCpus and maxvCpus.",
    { ...EC2, minvCpus: 2, desiredvCpus },
  ]),
  [
    "notOneOf",
    notValid(
      ...(["allocationStrategy", "WORST_FIT", "BEST_FIT", "BEST_FIT_PROGRESSIVE"] as const),
      ...["BEST_FIT_PROGRESSIVE_ORDERED", "SPOT_CAPACITY_OPTIMIZED", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED"],
      "SPOT_PRICE_CAPACITY_OPTIMIZED",
    ),
    { ...EC2, allocationStrategy: "WORST_FIT" },
  ],
  ...(
    [
      ["EC2", "SPOT_CAPACITY_OPTIMIZED", "SPOT"],
      ["EC2", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED", "SPOT"],
      ["EC2", "SPOT_PRICE_CAPACITY_OPTIMIZED", "SPOT"],
      ["SPOT", "BEST_FIT_PROGRESSIVE_ORDERED", "EC2"],
    ] as const
  ).map(([type, allocationStrategy, only]): Refusal => [
    "strategyForType",
    `Allocation strategy ${allocationStrategy} is only available for ${only} compute resources.`,
    { ...EC2, instanceTypes: ["m5"], type, allocationStrategy },
  ]),
  ...[-1, 101].map((bidPercentage): Refusal => [
    "bidPercentage",
    "Bid percentage must be between 0 to 100.",
    { ...SPOT, bidPercentage },
  ]),
  ...[{}, { allocationStrategy: "BEST_FIT" }, { spotIamFleetRole: "" }].map((more): Refusal => [
    "fleetRoleRequired",
    "compute resource spotIamFleetRole is required.",
    { ...EC2, type: "SPOT", ...more },
  ]),
  ...["m5.gigantic", "banana", "c5.large.extra", "", "M5"].map((name): Refusal => [
    "instanceTypeUnknown",
    /^Error executing request, Exception : Instance type can only be one of \[optimal, .*\bm5, .*\bm5\.large, .*\], RequestId: /,
    { ...EC2, instanceTypes: ["m5", name] },
  ]),
  ...(
    [
      ["EC2", "BEST_FIT_PROGRESSIVE_ORDERED"],
      ["SPOT", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED"],
    ] as const
  ).map(([type, allocationStrategy]): Refusal => [
    "bundleInOrder",
    `Instance type bundles (e.g. optimal, default_x86_64) are not allowed for ${allocationStrategy} allocation strategy. Specify instance families or types directly.`,
    { ...EC2, type, allocationStrategy, instanceTypes: ["m5", "default_x86_64"] },
  ]),
  ...[
    ["m6g", "m5"],
    ["c7gn.large", "optimal"],
    ["default_arm64", "default_x86_64"],
    ["a1.large", "a1", "m7i"],
  ].map((instanceTypes): Refusal => [
    "armMixed",
    "arm-based instance type cannot be used with other instance types",
    { ...EC2, instanceTypes },
  ]),
  ...[{}, { launchTemplateId: "lt-1", launchTemplateName: "one" }, { version: "1" }].map((launchTemplate): Refusal => [
    "launchTemplateName",
    "One of LaunchTemplateId and LaunchTemplateName or LaunchTemplate.overrides should be provided",
    template(launchTemplate),
  ]),
  [
    "launchTemplateName",
    "One of LaunchTemplateId and LaunchTemplateName or LaunchTemplate.overrides should be provided",
    template({ launchTemplateId: "lt-1", overrides: [{ targetInstanceTypes: ["m5"] }] }),
  ],
  ...[
    { launchTemplateId: "lt-1", version: "newest" },
    { launchTemplateId: "lt-1", overrides: [{ ...override("m5"), version: "$latest" }] },
  ].map((launchTemplate): Refusal => [
    "launchTemplateVersion",
    "LaunchTemplateVersion must be either empty or a number or $Default or $Latest",
    template(launchTemplate),
  ]),
  ...[
    { launchTemplateId: "lt-1", userdataType: "SHELL" },
    { launchTemplateId: "lt-1", overrides: [{ ...override("m5"), userdataType: "SHELL" }] },
  ].map((launchTemplate): Refusal => [
    "notOneOf",
    notValid("userdataType", "SHELL", "EKS_BOOTSTRAP_SH", "EKS_NODEADM"),
    template(launchTemplate),
  ]),
  [
    "tooManyOverrides",
    "LaunchTemplate.overrides size cannot be greater than 10",
    template({ overrides: Array.from({ length: 11 }, () => override("m5")) }),
  ],
  [
    "overrideWithoutTargets",
    "LaunchTemplate.overrides.targetInstanceTypes[] is required",
    template({ overrides: [override()] }),
  ],
  ...["r5", "c5", "optimal", "c5.xlarge"].map((target): Refusal => [
    "overrideTargetsUnknown",
    "LaunchTemplate.overrides have targetInstanceTypes that do not match",
    template({ overrides: [override(target)] }, ["m5", "c5.large", "optimal"]),
  ]),
  ...[[override("m5", "m5")], [override("m5"), override("m5.large")]].map((overrides): Refusal => [
    "overrideTargetsOverlap",
    "LaunchTemplate.overrides have duplicate targetInstanceTypes",
    template({ overrides }),
  ]),
  [
    "tooManyImages",
    "ec2Configuration can have at most 2 entries.",
    { ...EC2, ec2Configuration: Array.from({ length: 3 }, () => ({ imageType: "ECS_AL2023" })) },
  ],
  [
    "imageType",
    "Invalid imageType in ComputeResources.ec2Configuration",
    { ...EC2, ec2Configuration: [{ imageType: "EKS_AL2023" }] },
  ],
  [
    "imageType",
    "Invalid imageType in ComputeResources.ec2Configuration",
    { ...ON_EKS, ec2Configuration: [{ imageType: "ECS_AL2023" }] },
    EKS,
  ],
  [
    "kubernetesVersion",
    "At least one imageKubernetesVersion in EC2Configuration is not supported.",
    { ...EC2, ec2Configuration: [{ imageType: "ECS_AL2023", imageKubernetesVersion: "1.34" }] },
  ],
  [
    "kubernetesVersion",
    "At least one imageKubernetesVersion in EC2Configuration is not supported.",
    { ...ON_EKS, ec2Configuration: [{ imageType: "EKS_AL2023", imageKubernetesVersion: "latest" }] },
    EKS,
  ],
  ...[-1, 19, 10_081].map((minScaleDownDelayMinutes): Refusal => [
    "scaleDownDelay",
    "minScaleDownDelayMinutes must be 0 or between 20 and 10080.",
    { ...EC2, scalingPolicy: { minScaleDownDelayMinutes } },
  ]),
  ["subnetsRequired", "Subnets are required.", { ...EC2, subnets: [] }],
  ["subnetsRequired", "Subnets are required.", { ...FARGATE, subnets: undefined }],
  ["securityGroupsRequired", "Security group ids are required.", { ...EC2, securityGroupIds: [] }],
  ["securityGroupsRequired", "Security group ids are required.", { ...FARGATE, securityGroupIds: undefined }],
  // Fargate
  ...Object.entries({
    allocationStrategy: "BEST_FIT",
    bidPercentage: 50,
    desiredvCpus: 1,
    ec2KeyPair: "key",
    imageId: "ami-1",
    instanceRole: "role",
    instanceTypes: ["m5"],
    launchTemplate: { launchTemplateId: "lt-1" },
    minvCpus: 0,
    placementGroup: "group",
    spotIamFleetRole: "role",
    tags: { a: "b" },
    ec2Configuration: [{ imageType: "ECS_AL2023" }],
    scalingPolicy: { minScaleDownDelayMinutes: 20 },
  }).map(([member, value]): Refusal => [
    "notForFargate",
    `${member} is not applicable for Fargate.`,
    { ...FARGATE, [member]: value },
  ]),
  [
    "tooManyFargateSubnets",
    "Fargate supports a maximum of 16 subnets.",
    { ...FARGATE, subnets: Array.from({ length: 17 }, (_, n) => `subnet-${n}`) },
  ],
  [
    "tooManyFargateSecurityGroups",
    "Fargate supports a maximum of 5 security groups.",
    { ...FARGATE, type: "FARGATE_SPOT", securityGroupIds: ["1", "2", "3", "4", "5", "6"] },
  ],
  // Managed Instances
  [
    "onlyForManagedInstances",
    "managedInstancesProvider is only applicable for ECS_MANAGED_INSTANCES.",
    { ...EC2, managedInstancesProvider: MANAGED_INSTANCES.managedInstancesProvider },
  ],
  [
    "onlyForManagedInstances",
    "capacityTags is only applicable for ECS_MANAGED_INSTANCES.",
    { ...FARGATE, capacityTags: { a: "b" } },
  ],
  ...Object.entries({
    allocationStrategy: "BEST_FIT",
    bidPercentage: 50,
    desiredvCpus: 1,
    minvCpus: 0,
    imageId: "ami-1",
    instanceTypes: ["m5"],
    instanceRole: "role",
    ec2Configuration: [{ imageType: "ECS_AL2023" }],
    ec2KeyPair: "key",
    launchTemplate: { launchTemplateId: "lt-1" },
    placementGroup: "group",
    spotIamFleetRole: "role",
    subnets: ["subnet-1"],
    securityGroupIds: ["sg-1"],
  }).map(([member, value]): Refusal => [
    "notForManagedInstances",
    `${member} is not applicable for ECS_MANAGED_INSTANCES.`,
    { ...MANAGED_INSTANCES, [member]: value },
  ]),
  [
    "providerRequired",
    "managedInstancesProvider is required for ECS_MANAGED_INSTANCES.",
    { ...MANAGED_INSTANCES, managedInstancesProvider: undefined },
  ],
  ["notOneOf", notValid("propagateTags", "ALL", "CAPACITY_PROVIDER", "NONE"), provided({}, { propagateTags: "ALL" })],
  ...[-2, 3601].map((scaleInAfter): Refusal => [
    "scaleInAfter",
    "scaleInAfter must be -1 or between 0 and 3600.",
    provided({}, { infrastructureOptimization: { scaleInAfter } }),
  ]),
  [
    "subnetsRequired",
    "Subnets are required.",
    provided({ networkConfiguration: { subnets: [], securityGroups: ["sg-1"] } }),
  ],
  [
    "securityGroupsRequired",
    "Security group ids are required.",
    provided({ networkConfiguration: { subnets: ["subnet-1"], securityGroups: [] } }),
  ],
  ["notOneOf", notValid("capacityOptionType", "FREE", "ON_DEMAND", "SPOT"), provided({ capacityOptionType: "FREE" })],
  ["notOneOf", notValid("monitoring", "SOME", "BASIC", "DETAILED"), provided({ monitoring: "SOME" })],
  [
    "notOneOf",
    notValid(
      ...(["reservationPreference", "MINE", "RESERVATIONS_ONLY"] as const),
      ...["RESERVATIONS_FIRST", "RESERVATIONS_EXCLUDED"],
    ),
    provided({ capacityReservations: { reservationPreference: "MINE" } }),
  ],
  ["storageSize", "storageSizeGiB must be at least 1.", provided({ storageConfiguration: { storageSizeGiB: 0 } })],
  [
    "instanceTypeUnknown",
    /^Error executing request, Exception : Instance type can only be one of \[/,
    provided({ instanceRequirements: { allowedInstanceTypes: ["m5", "optimal"] } }),
  ],
  [
    "tagReserved",
    "Tag keys and values must not start with aws:.",
    { ...MANAGED_INSTANCES, capacityTags: { "aws:x": "" } },
  ],
];

for (const [index, [text, message, resources, more]] of REFUSED_CREATIONS.entries()) {
  test(`CreateComputeEnvironment: ${text} (${index})`, async () => {
    const name = `refused-${index}`;
    const expected = typeof message === "string" ? prefixed(message) : message;
    await assert.rejects(create(name, resources, more), refused(expected));
    assert.equal(await describe(name), undefined);
  });
}

test("every rule of CreateComputeEnvironment is broken above", () => {
  assertEachRuleBroken(
    [CREATE_COMPUTE_ENVIRONMENT_RULES],
    REFUSED_CREATIONS.map(([text]) => text),
  );
});

const ACCEPTED: Record<string, readonly [resources: object, more?: object]> = {
  spot: [SPOT],
  "spot-fleet": [{ ...EC2, type: "SPOT", spotIamFleetRole: "fleet", bidPercentage: 100 }],
  ordered: [
    { ...EC2, allocationStrategy: "BEST_FIT_PROGRESSIVE_ORDERED", instanceTypes: ["m7a.4xlarge", "m7a", "m6a"] },
  ],
  arm: [{ ...EC2, instanceTypes: ["default_arm64", "c7gn.large", "a1", "im4gn"] }],
  "of-tomorrow": [{ ...EC2, instanceTypes: ["p9en.48xlarge", "u-12tb1", "x9-flex", "m5"] }],
  template: [
    template({ launchTemplateName: "one", version: "$Latest", overrides: [override("m5.large", "c5.large")] }),
  ],
  "overrides-only": [
    { ...template({ overrides: [override("m5"), override("c5.large")] }), securityGroupIds: undefined },
  ],
  images: [
    {
      ...EC2,
      ec2Configuration: [{ imageType: "ECS_AL2023", imageIdOverride: "ami-1" }, { imageType: "ECS_AL2023_NVIDIA" }],
      scalingPolicy: { minScaleDownDelayMinutes: 20 },
      tags: { Name: "an instance" },
      ec2KeyPair: "key",
      imageId: "ami-2",
      placementGroup: "group",
    },
    { context: "reserved", ecsSettings: { containerInsights: "ENHANCED" } },
  ],
  "fargate-spot": [{ ...FARGATE, type: "FARGATE_SPOT" }],
  "managed-instances": [
    {
      ...provided(
        {
          instanceRequirements: { allowedInstanceTypes: ["m5.large", "g5"] },
          capacityOptionType: "SPOT",
          storageConfiguration: { storageSizeGiB: 100 },
          monitoring: "DETAILED",
          fipsEnabled: true,
          capacityReservations: { reservationPreference: "RESERVATIONS_FIRST" },
          instanceMetadataTagsPropagation: true,
          localStorageConfiguration: { useLocalStorage: true },
        },
        { propagateTags: "CAPACITY_PROVIDER", infrastructureOptimization: { scaleInAfter: -1 } },
      ),
      capacityTags: { cost: "42" },
    },
  ],
  eks: [{ ...ON_EKS, ec2Configuration: [{ imageType: "EKS_AL2023", imageKubernetesVersion: "1.34" }] }, EKS],
};

for (const [name, [resources, more]] of Object.entries(ACCEPTED)) {
  test(`what is given comes back, member for member: ${name}`, async () => {
    await create(name, resources, more);
    await untilEnvironment(batch, name, "VALID");
    const found = await describe(name);
    const { computeResources, ...rest } = { computeResources: resources, ...more };
    assert.deepEqual(
      Object.keys(found.computeResources!).toSorted(),
      [
        ...new Set([
          ...Object.keys(JSON.parse(JSON.stringify(computeResources))),
          ...(name.startsWith("fargate") || name === "managed-instances" ? [] : ["allocationStrategy", "desiredvCpus"]),
        ]),
      ].toSorted(),
    );
    for (const [member, value] of Object.entries(computeResources)) {
      assert.deepEqual(found.computeResources?.[member as keyof ComputeResource], value, member);
    }
    for (const [member, value] of Object.entries(rest)) {
      assert.deepEqual(found[member as keyof ComputeEnvironmentDetail], value, member);
    }
    assert.equal(found.containerOrchestrationType, name === "eks" ? "EKS" : "ECS");
    assert.equal(found.ecsClusterArn === undefined, name === "eks");
  });
}
