/**
 * What is checked, stored and described, and changes nothing about how or when a job runs: there is no network, no role and no instance behind it, or the
 * part of the scheduler that would read it does not exist yet. Whole structures, and single members.
 */
const STRUCTURES: readonly string[] = [
  ...["LaunchTemplateSpecification", "LaunchTemplateSpecificationOverride", "Ec2Configuration", "ComputeScalingPolicy"],
  ...["ManagedInstancesProvider", "InstanceLaunchTemplate", "ManagedInstancesNetworkConfiguration"],
  ...[
    "ManagedInstancesStorageConfiguration",
    "ManagedInstancesLocalStorageConfiguration",
    "InfrastructureOptimization",
  ],
  ...["InstanceRequirementsRequest", "CapacityReservationRequest", "UpdateManagedInstancesProviderConfiguration"],
  ...["InstanceLaunchTemplateUpdate", "EcsSettings"],
  ...["NetworkConfiguration", "FargatePlatformConfiguration"],
  "FirelensConfiguration",
];

const MEMBERS: readonly string[] = [
  ...["CreateComputeEnvironmentRequest.context", "CreateComputeEnvironmentRequest.ecsSettings"],
  ...["UpdateComputeEnvironmentRequest.context", "UpdateComputeEnvironmentRequest.ecsSettings"],
  ...["UpdatePolicy.jobExecutionTimeoutMinutes"],
  ...resourceMembers("ComputeResource"),
  "ComputeResource.spotIamFleetRole",
  ...resourceMembers("ComputeResourceUpdate"),
  ...["RegisterJobDefinitionRequest.propagateTags"],
  ...["SubmitJobRequest.propagateTags"],
  "ContainerProperties.fargatePlatformConfiguration",
  ...["platformVersion"].map((member) => `EcsTaskProperties.${member}`),
  ...["executionRoleArn", "networkConfiguration", "enableExecuteCommand"].flatMap((member) => [
    `ContainerProperties.${member}`,
    `EcsTaskProperties.${member}`,
  ]),
  "TaskContainerProperties.firelensConfiguration",
  ...["EFSVolumeConfiguration.transitEncryption", "EFSVolumeConfiguration.transitEncryptionPort"],
  ...["EFSAuthorizationConfig.iam", "S3FilesVolumeConfiguration.transitEncryptionPort"],
];

/** What only a Kubernetes cluster does something with: on this machine it changes nothing. */
const OF_CLUSTERS: readonly string[] = [
  ...["EksConfiguration", "EksMetadata", "EksSecret", "EksPersistentVolumeClaim", "EksEmptyDir"],
  "CreateComputeEnvironmentRequest.eksConfiguration",
  ...["serviceAccountName", "dnsPolicy", "metadata"].map((member) => `EksPodProperties.${member}`),
  ...["EksVolume.secret", "EksVolume.persistentVolumeClaim"],
  "EksContainerSecurityContext.runAsNonRoot",
];

function resourceMembers(structure: string): string[] {
  const members = [
    ...["allocationStrategy", "minvCpus", "desiredvCpus", "imageId", "subnets", "securityGroupIds", "ec2KeyPair"],
    ...["tags", "placementGroup", "bidPercentage", "launchTemplate", "ec2Configuration", "scalingPolicy"],
    ...["managedInstancesProvider", "capacityTags"],
  ];
  return members.map((member) => `${structure}.${member}`);
}

const withoutEffect = new Set([...STRUCTURES, ...MEMBERS]);
const ofClusters = new Set(OF_CLUSTERS);

export function hasNoEffect(key: string): boolean {
  return isIn(withoutEffect, key);
}

export function isOfClusters(key: string): boolean {
  return isIn(ofClusters, key);
}

/** Itself, or its structure. */
function isIn(names: ReadonlySet<string>, key: string): boolean {
  return names.has(key) || names.has(key.split(".")[0]!);
}

/** What the lists name and no request has. */
export function unknownNames(keys: readonly string[]): string[] {
  const known = new Set([...keys, ...keys.map((key) => key.split(".")[0]!)]);
  return [...STRUCTURES, ...MEMBERS, ...OF_CLUSTERS].filter((name) => !known.has(name));
}
