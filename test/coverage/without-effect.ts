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
  ...["InstanceLaunchTemplateUpdate", "EcsSettings", "EksConfiguration"],
  ...["EFSVolumeConfiguration", "EFSAuthorizationConfig", "S3FilesVolumeConfiguration", "Secret"],
  ...["NetworkConfiguration", "FargatePlatformConfiguration", "EphemeralStorage", "RuntimePlatform"],
  ...["RepositoryCredentials", "FirelensConfiguration", "ImagePullSecret", "EksMetadata", "EksSecret"],
  ...["EksPersistentVolumeClaim", "EksEmptyDir"],
];

const MEMBERS: readonly string[] = [
  ...["CreateComputeEnvironmentRequest.context", "CreateComputeEnvironmentRequest.ecsSettings"],
  ...["CreateComputeEnvironmentRequest.unmanagedvCpus", "CreateComputeEnvironmentRequest.eksConfiguration"],
  ...["UpdateComputeEnvironmentRequest.context", "UpdateComputeEnvironmentRequest.ecsSettings"],
  ...["UpdateComputeEnvironmentRequest.unmanagedvCpus", "UpdatePolicy.jobExecutionTimeoutMinutes"],
  ...resourceMembers("ComputeResource"),
  "ComputeResource.spotIamFleetRole",
  ...resourceMembers("ComputeResourceUpdate"),
  ...["RegisterJobDefinitionRequest.propagateTags"],
  ...["SubmitJobRequest.propagateTags"],
  ...["jobRoleArn", "fargatePlatformConfiguration", "instanceType", "secrets", "repositoryCredentials"].map(
    (member) => `ContainerProperties.${member}`,
  ),
  ...["taskRoleArn", "platformVersion", "networkMode"].map((member) => `EcsTaskProperties.${member}`),
  ...[
    "executionRoleArn",
    "networkConfiguration",
    "runtimePlatform",
    "ephemeralStorage",
    "enableExecuteCommand",
  ].flatMap((member) => [`ContainerProperties.${member}`, `EcsTaskProperties.${member}`]),
  ...["secrets", "repositoryCredentials", "firelensConfiguration"].map((member) => `TaskContainerProperties.${member}`),
  ...["Volume.efsVolumeConfiguration", "Volume.s3filesVolumeConfiguration", "LogConfiguration.secretOptions"],
  ...["serviceAccountName", "hostNetwork", "dnsPolicy", "imagePullSecrets", "metadata"].map(
    (member) => `EksPodProperties.${member}`,
  ),
  ...["EksContainer.imagePullPolicy", "EksVolume.secret", "EksVolume.persistentVolumeClaim"],
  ...["EksContainerSecurityContext.allowPrivilegeEscalation", "EksContainerSecurityContext.runAsNonRoot"],
  ...["NodeRangeProperty.instanceTypes", "NodePropertyOverride.instanceTypes"],
];

function resourceMembers(structure: string): string[] {
  const members = [
    ...["allocationStrategy", "minvCpus", "desiredvCpus", "imageId", "subnets", "securityGroupIds", "ec2KeyPair"],
    ...["tags", "placementGroup", "bidPercentage", "launchTemplate", "ec2Configuration", "scalingPolicy"],
    ...["managedInstancesProvider", "capacityTags"],
  ];
  return members.map((member) => `${structure}.${member}`);
}

const structures = new Set(STRUCTURES);
const members = new Set(MEMBERS);

export function hasNoEffect(key: string): boolean {
  return members.has(key) || structures.has(key.split(".")[0]!);
}

/** What the lists name and no request has. */
export function unknownNames(keys: readonly string[]): string[] {
  const known = new Set([...keys, ...keys.map((key) => key.split(".")[0]!)]);
  return [...STRUCTURES, ...MEMBERS].filter((name) => !known.has(name));
}
