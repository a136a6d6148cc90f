import { DEFINITION_TEXTS } from "./definitions/definition-texts.ts";

/**
 * Error texts that AWS defines or that clients match, as data (reference 1.3, 4, 6.3, 7, appendix A). Those that AWS does not document are ours, and stay
 * as they are from now on.
 */
export const TEXTS = {
  // Compute environments
  environmentName: "Compute environment name should match a valid pattern.",
  environmentNotFound: (name: string) => `ComputeEnvironment ${name} not found.`,
  environmentType: (type: string) => `Compute environment type ${type} is not valid. Valid types: [MANAGED, UNMANAGED]`,
  computeResourceType: (type: string) =>
    `Compute resource type ${type} is not valid. Valid types: [EC2, SPOT, FARGATE, FARGATE_SPOT, ECS_MANAGED_INSTANCES]`,
  computeResourcesRequired: "computeResources is required for managed Compute Environments.",
  unmanagedvCpus: "unmanagedvCpus is not applicable for managed Compute Environments",
  unmanagedvCpusNegative: "unmanagedvCpus should be greater than or equal to 0.",
  serviceRoleRequired: "ServiceRole is required.",
  serviceLinkedRoleUnmanaged: "Service Linked Role cannot be used with UNMANAGED Compute Environment",
  unmanagedFargate: "Cannot create an UNMANAGED Fargate Compute Environment.",
  unmanagedManagedInstances: "Cannot create an UNMANAGED Managed Instances Compute Environment.",
  resourcesOfUnmanaged: "computeResources of an UNMANAGED Compute Environment cannot be updated.",
  typeFixed: "Compute resource type can not be changed to or from Fargate.",
  concurrentUpdate: (noun: string, name: string) =>
    `${noun} ${name} was changed by another request at the same time. Try again.`,
  createdDisabled: "Compute Environment must be created in ENABLED state.",
  instanceRoleRequired: "Instance role is required.",
  minvCpusRequired: "Resource minvCpus is required.",
  minvCpusNegative: "minvCpus should be greater than or equal to 0.",
  maxvCpusBelowMin: "maxvCpus should be greater than or equal to minvCpus.",
  maxvCpusTooLow: "maxvCpus should be greater than 0.",
  desiredvCpusOutside: "desiredvCpus should be between minvCpus and maxvCpus.",
  desiredvCpusLowered:
    "Manually scaling down compute environment is not supported. Disconnecting job queues from compute environment will cause it to scale-down to minvCpus",
  subnetsRequired: "Subnets are required.",
  securityGroupsRequired: "Security group ids are required.",
  bidPercentage: "Bid percentage must be between 0 to 100.",
  fleetRoleRequired: "compute resource spotIamFleetRole is required.",
  tooManyFargateSubnets: "Fargate supports a maximum of 16 subnets.",
  tooManyFargateSecurityGroups: "Fargate supports a maximum of 5 security groups.",
  notForFargate: (member: string) => `${member} is not applicable for Fargate.`,
  strategyForType: (strategy: string, type: string) =>
    `Allocation strategy ${strategy} is only available for ${type} compute resources.`,
  strategyRequiredForEks: "allocationStrategy is required for EKS Compute Environments.",
  instanceTypeUnknown: (names: string) => `Instance type can only be one of [${names}]`,
  bundleInOrder: (strategy: string) =>
    `Instance type bundles (e.g. optimal, default_x86_64) are not allowed for ${strategy} allocation strategy. Specify instance families or types directly.`,
  armMixed: "arm-based instance type cannot be used with other instance types",
  launchTemplateName: "One of LaunchTemplateId and LaunchTemplateName or LaunchTemplate.overrides should be provided",
  launchTemplateVersion: "LaunchTemplateVersion must be either empty or a number or $Default or $Latest",
  tooManyOverrides: "LaunchTemplate.overrides size cannot be greater than 10",
  overrideWithoutTargets: "LaunchTemplate.overrides.targetInstanceTypes[] is required",
  overrideTargetsUnknown: "LaunchTemplate.overrides have targetInstanceTypes that do not match",
  overrideTargetsOverlap: "LaunchTemplate.overrides have duplicate targetInstanceTypes",
  tooManyImages: "ec2Configuration can have at most 2 entries.",
  imageType: "Invalid imageType in ComputeResources.ec2Configuration",
  kubernetesVersion: "At least one imageKubernetesVersion in EC2Configuration is not supported.",
  scaleDownDelay: "minScaleDownDelayMinutes must be 0 or between 20 and 10080.",
  eksResourceType: "Supported compute types for EKS compute environments are [EC2, SPOT]",
  eksCluster: "eksClusterArn must be an EKS cluster ARN.",
  eksRegion: "eksClusterArn must be in the same AWS region as the compute environment",
  defaultNamespace: "kubernetesNamespace cannot be the default Kubernetes namespace",
  systemNamespace: "kubernetesNamespace cannot be a reserved Kubernetes system namespace",
  namespaceTooLong: "kubernetesNamespace must less than or equal to 63 characters",
  namespaceForm: "kubernetesNamespace must be a valid Kubernetes namespace.",
  notForManagedInstances: (member: string) => `${member} is not applicable for ECS_MANAGED_INSTANCES.`,
  onlyForManagedInstances: (member: string) => `${member} is only applicable for ECS_MANAGED_INSTANCES.`,
  providerRequired: "managedInstancesProvider is required for ECS_MANAGED_INSTANCES.",
  scaleInAfter: "scaleInAfter must be -1 or between 0 and 3600.",
  storageSize: "storageSizeGiB must be at least 1.",
  updateTimeout: "jobExecutionTimeoutMinutes must be between 1 and 7200.",
  noComputeResources: "At least one compute-resources attribute must be specified",
  bestFitInUpdate: "BEST_FIT is not supported when updating a compute environment.",
  managedInstancesFixed: "Compute resource type can not be changed to or from ECS_MANAGED_INSTANCES.",
  serviceRoleFixed: "The service role can not be changed between the service-linked role and another role.",
  desiredForEks: "desiredvCpus is not applicable for EKS Compute Environments.",
  infrastructureRole:
    "This change replaces instances, which only a compute environment with the service-linked role AWSServiceRoleForBatch can do.",
  infrastructureStrategy:
    "This change replaces instances, which a compute environment with the allocation strategy BEST_FIT can not do.",
  environmentInUse: "Cannot delete, found existing JobQueue relationship",
  mustBeDisabled: "Cannot delete, resource must be DISABLED.",
  beingModified: "Cannot delete, resource is being modified",
  updateOfChanging: "Cannot update, resource is being modified",
  isBeingDeleted: (noun: string, name: string) => `${noun} ${name} is being deleted.`,
  alreadyExists: "Object already exists",
  unknownDriver: (tag: string, value: string) =>
    `The tag ${tag} must be process, docker, kubernetes or kubernetes@CLUSTER, not ${value}.`,
  unknownCapacity: (tag: string, value: string) => `The tag ${tag} must be instances or shared, not ${value}.`,
  // Job queues
  queueName: "Job Queue name should match a valid pattern.",
  queueNotFound: (name: string) => `JobQueue ${name} not found.`,
  queueNotEnabled: (name: string) => `JobQueue ${name} is not in ENABLED state.`,
  noEnvironments: "At least 1 compute environment must be provided",
  tooManyEnvironments: "Only 3 environments are allowed in job queue request.",
  duplicateOrder: "Duplicate ComputeEnvironment order values.",
  duplicateEnvironments: "Duplicate ComputeEnvironments within order list.",
  environmentsNotValid: "Compute Environments must be created and valid before attaching them to a job queue",
  environmentsMixed: "Fargate and EC2 compute environments can not be mixed.",
  orchestrationsMixed: "EKS and ECS compute environments can not be mixed.",
  managedInstancesMixed: "Managed Instances and other compute environments can not be mixed.",
  onDemandAfterSpot: "On-Demand Managed Instances compute environments must come before Spot ones.",
  architecturesMixed: "All compute environments of a job queue must have the same architecture.",
  priorityRange: "priority must be between 0 and 2147483647.",
  bothOrders: "A job queue can't have both a serviceEnvironmentOrder and a computeEnvironmentOrder.",
  trainingWithoutEnvironment: "Job queues of type SAGEMAKER_TRAINING must have serviceEnvironmentOrder.",
  queueTypeIncompatible: (type: string, member: string) =>
    `The jobQueueType provided is ${type}, which is incompatible with the provided ${member}.`,
  policyAdded: "A job queue that was created without a scheduling policy can not have one.",
  policyRemoved: "The scheduling policy of a job queue can be replaced but not removed.",
  policyKindFixed: "The scheduling policy of a job queue can only be replaced by one of the same kind.",
  timeLimitAction: (valid: string) => `Invalid job action. Valid job actions: [${valid}]`,
  timeLimitState: "Invalid job state. Valid job states: [RUNNABLE]",
  timeLimitSeconds: "maxTimeSeconds must be between 600 and 86400.",
  timeLimitReason: (valid: string) => `Invalid job reason. Valid job reasons: [${valid}]`,
  duplicateTimeLimits: "Duplicate job state limit actions are not allowed.",
  policyArnOnly: "Only scheduling policy Arn can be allowed.",
  oneServiceEnvironment: "Job queue can only have 1 service environment.",
  serviceEnvironmentsNotValid: "Service environments must be created and valid before attaching them to a job queue.",
  resourceState: (state: string) => `State ${state} is not valid. Valid states: [ENABLED, DISABLED]`,
  // Scheduling policies
  policyName: "Scheduling policy name should match a valid pattern.",
  onePolicyKind: "A scheduling policy can have either fairsharePolicy or quotaSharePolicy",
  policyNotFound: (arn: string) => `SchedulingPolicy ${arn} not found.`,
  policyInUse: "Cannot delete, scheduling policy is in use.",
  shareDecay: "shareDecaySeconds should be between 0 and 604800.",
  computeReservation: "computeReservation should be between 0 and 99.",
  tooManyShares: "ShareDistribution size cannot be greater than 500.",
  shareIdentifier: "ShareIdentifier name should match a valid pattern.",
  identicalShares: "Cannot have two or more identical shareIdentifiers.",
  overlappingShares: (one: string, other: string) =>
    `Share identifier ${one} matches another share identifier ${other}`,
  weightFactor: "Weight factor should be between 0.0001 and 999.9999.",
  idleAssignment: "Idle resource assignment strategy must be one of [FIFO].",
  // Quota shares
  quotaShareName: "Quota share name should match a valid pattern.",
  quotaShareNotFound: (arn: string) => `QuotaShare ${arn} not found.`,
  notSageMaker: "Quota Management feature is only supported for SageMaker Training job queues.",
  noQuotaPolicy: (queue: string) => `JobQueue ${queue} has no scheduling policy with a quotaSharePolicy.`,
  oneQuotaQueue: (environment: string) =>
    `Service environment ${environment} can only be in one job queue, as quota shares are managed in it.`,
  quotaCountsTypes: (environment: string) =>
    `Service environment ${environment} has a capacity limit in NUM_INSTANCES. Quota management needs capacity limits by instance type.`,
  quotaUnitUnknown: (unit: string, environment: string) =>
    `${unit} is not a capacity unit of service environment ${environment}.`,
  queueNotValid: (queue: string) => `JobQueue ${queue} is not in VALID status.`,
  tooManyQuotaShares: (queue: string) => `JobQueue ${queue} cannot have more than 20 quota shares.`,
  sharingStrategy: (strategy: string) =>
    `Resource sharing strategy ${strategy} is not valid. Valid strategies: [RESERVE, LEND, LEND_AND_BORROW]`,
  borrowLimitStrategy: "borrowLimit is only applicable for strategy LEND_AND_BORROW.",
  borrowLimit: "borrowLimit should be greater than or equal to -1.",
  inSharePreemption: (state: string) => `In-share preemption ${state} is not valid. Valid values: [ENABLED, DISABLED]`,
  // Service environments
  serviceEnvironmentName: "Service environment name should match a valid pattern.",
  serviceEnvironmentNotFound: (name: string) => `ServiceEnvironment ${name} not found.`,
  serviceEnvironmentType: (type: string) =>
    `Service environment type ${type} is not valid. Valid types: [SAGEMAKER_TRAINING]`,
  capacityLimitsRequired: "Capacitylimits are required.",
  tooManyCapacityLimits: "Number of capacity limits exceeds 5.",
  maxCapacity: "Max capacity must be more than 0.",
  capacityUnitsMixed: "Capacity units must specify either number of instances OR instance type",
  capacityUnit: (unit: string) => `${unit} is unknown capacity unit`,
  duplicateCapacityUnits: "Cannot have two or more capacity limits of the same capacity unit.",
  // Consumable resources
  consumableName: "ConsumableResource name should match a valid pattern.",
  consumableNotFound: (name: string) => `ConsumableResource ${name} not found.`,
  negativeTotal: "totalQuantity cannot be a negative number.",
  consumableType: (type: string) =>
    `Resource type ${type} is not valid. Valid types: [REPLENISHABLE, NON_REPLENISHABLE]`,
  consumableOperation: (operation: string) =>
    `Operation ${operation} is not valid. Valid operations: [SET, ADD, REMOVE]`,
  quantityRequired: "quantity must be provided.",
  negativeQuantity: "quantity cannot be a negative number.",
  totalOutOfRange: (max: number) => `totalQuantity must be between 0 and ${max}.`,
  clientTokenLength: "clientToken must have 1 to 64 characters.",
  clientTokenReused: (token: string) => `The clientToken ${token} was used with other parameters.`,
  consumableJobFilter: (name: string) => `Filter ${name} is not valid. Valid filters: [JOB_STATUS, JOB_NAME]`,
  filterTwice: (name: string) => `Filter ${name} is given twice.`,
  consumableFilter: (name: string) => `Filter ${name} is not valid. Valid filters: [CONSUMABLE_RESOURCE_NAME]`,
  ...DEFINITION_TEXTS,
  // Jobs
  jobName: "Job name should match valid pattern",
  noParameter: (name: string) => `Unable to substitute value. No parameter found for reference ${name}`,
  capability: (capability: string) =>
    `Job Queue is attached to Compute Environment that can not run Jobs with capability ${capability}.`,
  serviceJobQueue: (name: string) =>
    `JobQueue ${name} is of type SAGEMAKER_TRAINING: it takes service jobs, which SubmitServiceJob submits.`,
  overrideKind: (member: string, kind: string) => `${member} can not be used with a job definition that has ${kind}.`,
  overrideTarget: (name: string) =>
    `The override of container ${JSON.stringify(name)} must name a container of the job definition.`,
  nodeOverrideKind: (member: string, targetNodes: string) =>
    `${member} can not be used for nodes of the node range ${targetNodes} of the job definition.`,
  arrayOfNodes: "Array properties can not be used with a multinode job definition.",
  numNodesFixed:
    "Number of nodes can not be overridden: no node range of the job definition has an open upper boundary.",
  numNodesTooFew:
    "Number of nodes must be greater than the lower boundary of the open node ranges of the job definition.",
  tooManyActiveShares: (queue: string) =>
    `JobQueue ${queue} has 500 active share identifiers: a new one can be used when one of them has no active job left.`,
  tooManyUnfinishedJobs: (count: number) =>
    `There are ${count} jobs that are not over, as many as this server takes. Submit again when some have ended, or have limits.jobs in its configuration file raised.`,
  tooManyUnfinishedJobsOfAccount: (count: number, limit: number) =>
    `This account has ${count} jobs that are not over, as many as one may have of the ${limit} that this server takes. Submit again when some have ended, or have limits.jobs in its configuration file raised.`,
  heapFullOfJobs:
    "The server's memory is nearly full: it takes no more jobs until some have ended. Start it with more, as by NODE_OPTIONS=--max-old-space-size=8192.",
  shareRequired: "shareIdentifier must be specified.",
  priorityRequired: "Either schedulingPriority in job definition or schedulingPriorityOverride should be specified.",
  fairShareOnly:
    "Job with shareIdentifier or schedulingPriority can onlybe submitted to job queue with fair share scheduling policy.",
  arraySize: (max: number) => `Array size must be between 2 and ${max}.`,
  tooManyDependencies: "A job can have at most 20 dependencies.",
  dependencyNotFound: (jobId: string) => `Job dependency ${jobId} not found.`,
  dependencyWithoutId: "dependsOn entries need a jobId unless their type is SEQUENTIAL.",
  sequentialWithoutArray: "Dependency type SEQUENTIAL is only for array jobs.",
  nToNWithoutArray: "Dependency type N_TO_N is only for array jobs that depend on an array job of the same size.",
  unknownDependencyType: (type: string, valid: readonly string[]) =>
    `Dependency type ${type} is not valid. Valid types: [${valid.join(", ")}]`,
  tooLargeForDependency: (max: number) =>
    `Dependencies of the types N_TO_N and SEQUENTIAL are for arrays of at most ${max} children.`,
  emptyCommandEntry: "Command override must not contain empty strings.",
  tooManyJobs: "Maximum number of jobs supported is  100",
  jobStatus: "Job status is not one of SUBMITTED | PENDING | RUNNABLE | STARTING | RUNNING | SUCCEEDED | FAILED",
  oneListingOf: "Exactly one of jobQueue, arrayJobId and multiNodeJobId must be provided.",
  oneFilter: "Only one filter is allowed.",
  filterName: (name: string) =>
    `Filter ${name} is not valid. Valid filters: [JOB_NAME, JOB_DEFINITION, BEFORE_CREATED_AT, AFTER_CREATED_AT, SHARE_IDENTIFIER]`,
  serviceFilterName: (name: string) =>
    `Filter ${name} is not valid. Valid filters: [JOB_NAME, BEFORE_CREATED_AT, AFTER_CREATED_AT, SHARE_IDENTIFIER, QUOTA_SHARE_NAME]`,
  filterValue: (name: string) => `Filter ${name} needs exactly one value, a time in epoch milliseconds.`,
  oneFilterValue: (name: string) => `Filter ${name} needs exactly one value.`,
  cancelRequires: (member: string) => `'${member}' is a required field (cannot be an empty string)`,
  terminateRequires: (member: string) => `'${member}' is a required field (cannot be a empty string)`,
  reasonTooLong: "reason cannot exceed 1024 characters.",
  jobsToStop: "jobs must have 1 to 50 entries.",
  jobIdMalformed: "This is not the id or ARN of a job of this account and region.",
  // Service jobs
  serviceJobNotFound: (id: string) => `ServiceJob ${id} not found.`,
  serviceJobType: (type: string) => `Service job type ${type} is not valid. Valid types: [SAGEMAKER_TRAINING]`,
  notServiceJobQueue: (queue: string) => `JobQueue ${queue} is not of type SAGEMAKER_TRAINING.`,
  serviceQueueRequired: "jobQueue must be provided.",
  serviceJobStatus:
    "Job status is not one of SUBMITTED | PENDING | RUNNABLE | SCHEDULED | STARTING | RUNNING | SUCCEEDED | FAILED",
  requestMember: (member: string, expected: string) =>
    `serviceRequestPayload is not valid: ${member} must be ${expected}.`,
  requestInstances:
    "serviceRequestPayload is not valid: ResourceConfig must have InstanceType and InstanceCount, or InstanceGroups with both.",
  payloadTooLong: "serviceRequestPayload cannot exceed 10 KiB.",
  serviceExitCondition: "EvaluateOnExit should contain onStatusReason",
  preemptionRetries: "preemptionRetriesBeforeTermination cannot be a negative number.",
  shareOnlyFairShare: "shareIdentifier can only be specified for a job queue with a fair share scheduling policy.",
  quotaShareRequired: "quotaShareName must be specified.",
  quotaShareOnly: "quotaShareName can only be specified for a job queue with a quota share scheduling policy.",
  quotaShareNotEnabled: (name: string) => `QuotaShare ${name} is not in ENABLED state.`,
  serviceJobOver: (id: string, status: string) => `ServiceJob ${id} is ${status} and cannot be updated.`,
  // Everything
  notOneOf: (member: string, value: string, valid: string) =>
    `${member} ${value} is not valid. Valid values: [${valid}]`,
  nextToken: "The nextToken is not valid for this request.",
  maxResults: (max: number) => `maxResults must be between 1 and ${max}.`,
  tooManyNames: (member: string) => `${member} can have at most 100 entries.`,
  quotaReached: (quota: number, resources: string, where: string) =>
    `There can be at most ${quota} ${resources} in ${where}.`,
  tooManyRegions: (most: number) => `An account can use at most ${most} regions.`,
  ownTag: (tag: string, value: string, most: number) =>
    `The tag ${tag} must be a whole number from 1 to ${most}, not ${value}.`,
  memoryLadder: (tag: string, value: string) =>
    `The tag ${tag} must be rising numbers of MiB, such as "4096 8192 16384", or a factor and the most that it may lead to, such as "x2:16384"; at most 10 numbers; not ${value}.`,
  arrayIndexes: (tag: string, value: string) =>
    `The tag ${tag} must be rising indexes and ranges of them with spaces between, such as "3 7 100-120" or "3 7 100-120 of 1000", or "failed"; not ${value}.`,
  arrayIndexesMisplaced: (tag: string) => `The tag ${tag} is for jobs that SubmitJob submits, each for itself.`,
  ownFlag: (tag: string, value: string) => `The tag ${tag} must be true or false, not ${value}.`,
  tooManyTags: "A resource can have at most 50 tags.",
  tagKey: (key: string) =>
    `Tag key ${JSON.stringify(key)} is not valid: 1 to 128 letters, digits, spaces and + - = . _ : / @.`,
  tagValue: (key: string) =>
    `The value of tag ${key} is not valid: at most 256 letters, digits, spaces and + - = . _ : / @.`,
  tagReserved: "Tag keys and values must not start with aws:.",
  noTags: "tags must have 1 to 50 entries.",
  tagKeyCount: "tagKeys must have 1 to 50 entries.",
  resourceArn: (arn: string) => `resourceArn ${arn} is not the ARN of a resource of AWS Batch that can have tags.`,
  childTags: (arn: string) =>
    `resourceArn ${arn} is that of a child: the children of array and multi-node parallel jobs have no tags of their own.`,
  resourceNotFound: (arn: string) => `Resource ${arn} not found.`,
  tooLarge: (noun: string, kibibytes: number) => `${noun} cannot exceed ${kibibytes} KiB.`,
  notAvailable: (what: string, version: string) => `${what} is not available yet in Longshore ${version}.`,
} as const;
