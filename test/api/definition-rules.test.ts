import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DescribeJobDefinitionsCommand, RegisterJobDefinitionCommand } from "@aws-sdk/client-batch";
import { REGISTER_RULES } from "../../src/api/batch/definitions/definition-rules.ts";
import type { TEXTS } from "../../src/api/batch/texts.ts";
import type { Definition } from "./definitions.ts";
import {
  container,
  fargate,
  fargateTask,
  managed,
  nodeRange,
  nodes,
  pod,
  podContainer,
  sizes,
  task,
  taskContainer,
} from "./definitions.ts";
import { apiServer, prefixed, refused } from "./server.ts";

const { batch } = await apiServer({ after });

/** The text's name, a definition that breaks its rule and no other, and what the answer says. */
type Example = readonly [text: keyof typeof TEXTS, definition: Definition, message: string];

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const ROLE = "arn:aws:iam::123456789012:role/r";
const efs = (configuration: object) => ({
  name: "v",
  efsVolumeConfiguration: { fileSystemId: "fs-1", ...configuration },
});
const s3 = (configuration: object) => ({
  name: "v",
  s3filesVolumeConfiguration: { fileSystemArn: "arn:aws:s3files:::fs", ...configuration },
});
const linux = (linuxParameters: object) => container({ linuxParameters });
const tmpfs = (change: object) => linux({ tmpfs: [{ containerPath: "/t", size: 1, ...change }] });
const secret = (change: object, more: object = {}) =>
  container({ executionRoleArn: ROLE, secrets: [{ name: "S", valueFrom: "parameter", ...change }], ...more });
const windows = (change: object, platform: object = {}) =>
  fargate({ runtimePlatform: { operatingSystemFamily: "WINDOWS_SERVER_2022_CORE", ...platform }, ...change });
const dependsOn = (containerName: string, condition: string, onEssential = false) => {
  const target = taskContainer({ name: "b", essential: onEssential });
  return task({}, { containers: [taskContainer({ name: "a", dependsOn: [{ containerName, condition }] }), target] });
};
const resources = (limits: Record<string, string>, requests: Record<string, string> = {}) =>
  pod({ resources: { limits: { cpu: "1", memory: "64Mi", ...limits }, requests } });
const volume = (change: object) => pod({}, { volumes: [{ name: "v", emptyDir: {}, ...change }] });
const metadata = (change: object) => pod({}, { metadata: change });
const retry = (condition: object) =>
  container({}, { retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "RETRY", ...condition }] } });
const consumes = (...consumableResourceList: object[]) =>
  container({}, { consumableResourceProperties: { consumableResourceList } });
const inTask = { ecsProperties: { taskProperties: [{ containers: [taskContainer()] }] } };
const inPod = (namespace?: string) => pod({}, namespace === undefined ? {} : { metadata: { namespace } });

const TOP: readonly Example[] = [
  [
    "definitionType",
    container({}, { type: "gang" as "container" }),
    "Job definition type gang is not valid. Valid types: [container, multinode]",
  ],
  [
    "oneCapability",
    container({}, { platformCapabilities: ["EC2", "FARGATE"] }),
    "Exactly 1 capability must be provided.",
  ],
  [
    "unknownCapability",
    container({}, { platformCapabilities: ["MOON" as "EC2"] }),
    "Capability MOON is not valid. Valid capabilities: [FARGATE, EC2, MANAGED_INSTANCES]",
  ],
  ["containerAndTask", container({}, inTask), "Cannot use both ECS containerProperties and ecsProperties"],
  ["containerAndPod", container({}, inPod()), "Cannot use both ECS containerProperties and eksProperties"],
  ["taskAndPod", { ...task(), ...inPod() }, "Cannot use both ecsProperties and eksProperties"],
  [
    "nodePropertiesOfContainer",
    nodes({}, {}, { type: "container" }),
    "Node properties can only be used in a multinode job definition.",
  ],
  ["fargateNodes", nodes({}, {}, { platformCapabilities: ["FARGATE"] }), "Fargate does not support MNP jobs"],
  [
    "managedNodes",
    nodes({}, {}, { platformCapabilities: ["MANAGED_INSTANCES"] }),
    "MANAGED_INSTANCES does not support MNP jobs",
  ],
  ["nodePropertiesRequired", { type: "multinode" }, "Node properties of multinode job is required."],
  [
    "notInMultinode",
    { ...nodes(), ...inTask },
    "ecsProperties can not be used in a multinode job definition, only in its node ranges.",
  ],
  ["imageRequired", { type: "container" }, "ECS Container Image must be provided."],
  [
    "managedContainer",
    container({}, { platformCapabilities: ["MANAGED_INSTANCES"] }),
    "Cannot use ECS containerProperties for MANAGED_INSTANCES",
  ],
  [
    "capabilityOfPod",
    pod({}, {}, { platformCapabilities: ["EC2"] }),
    "platformCapabilities is not applicable for Batch on EKS jobs.",
  ],
  ["tagsOfPod", pod({}, {}, { propagateTags: true }), "Batch on EKS does not support tag propagation."],
  [
    "schedulingPriority",
    container({}, { schedulingPriority: 10_000 }),
    "Scheduling priority must be between 0 and 9999.",
  ],
  ["schedulingPriority", container({}, { schedulingPriority: -1 }), "Scheduling priority must be between 0 and 9999."],
  [
    "tooManyConsumables",
    consumes(...times(6, (n) => ({ consumableResource: `r${n}`, quantity: 1 }))),
    "Each ConsumableResourceProperty can have at most 5 consumableResources",
  ],
  [
    "consumableWithoutName",
    consumes({ quantity: 1 }),
    "consumableResource is required in each entry of consumableResourceProperties.",
  ],
  [
    "consumableQuantity",
    consumes({ consumableResource: "r", quantity: 0 }),
    "The quantity of consumableResource r must be at least 1.",
  ],
  [
    "duplicateConsumables",
    consumes(...times(2, () => ({ consumableResource: "r", quantity: 1 }))),
    "Cannot have duplicate consumableResource in consumableResourceProperties",
  ],
  [
    "tooManyTags",
    container({}, { tags: Object.fromEntries(times(51, (n) => [`k${n}`, "v"])) }),
    "A resource can have at most 50 tags.",
  ],
  ["tagReserved", container({}, { tags: { "aws:x": "y" } }), "Tag keys and values must not start with aws:."],
  [
    "tagKey",
    container({}, { tags: { "a*": "y" } }),
    'Tag key "a*" is not valid: 1 to 128 letters, digits, spaces and + - = . _ : / @.',
  ],
  [
    "tagValue",
    container({}, { tags: { a: "*" } }),
    "The value of tag a is not valid: at most 256 letters, digits, spaces and + - = . _ : / @.",
  ],
  ["tooLarge", container({ command: ["x".repeat(25_000)] }), "Job definition cannot exceed 24 KiB."],
];

const CONTAINERS: readonly Example[] = [
  ["imageRequired", container({ image: "" }), "ECS Container Image must be provided."],
  [
    "imageName",
    container({ image: "a b" }),
    'Image "a b" is not valid: up to 255 letters, digits and - _ : . / # @ are allowed.',
  ],
  ["user", container({ user: "Root" }), "User 'Root' does not match regex"],
  ["variableWithoutName", container({ environment: [{ value: "x" }] }), "Environment variable name is required."],
  [
    "variableName",
    container({ environment: [{ name: "a=b", value: "x" }] }),
    'Environment variable "a=b" is not valid: no = in its name and no NUL in it.',
  ],
  [
    "reservedVariable",
    container({ environment: [{ name: "AWS_BATCH_X", value: "x" }] }),
    "Environment variable AWS_BATCH_X is reserved: names must not start with AWS_BATCH.",
  ],
  [
    "resourceType",
    container({ resourceRequirements: [...sizes("1", "64"), { type: "DISK" as "GPU", value: "1" }] }),
    "Resource type DISK is not valid. Valid types: [VCPU, MEMORY, GPU]",
  ],
  [
    "notNumeric",
    container({ resourceRequirements: [...sizes("1", "64"), { type: "GPU", value: "x" }] }),
    "Value x for type GPU in resourceRequirement is not valid. Please provide a numeric value.",
  ],
  [
    "duplicateRequirements",
    container({ resourceRequirements: [...sizes("1", "64"), { type: "VCPU", value: "2" }] }),
    "Cannot provide duplicates in resourceRequirements.",
  ],
  [
    "mixedVcpus",
    container({ vcpus: 1 }),
    "Cannot use both ECS containerProperties vcpus and resourceRequirement VCPU.",
  ],
  [
    "mixedMemory",
    container({ memory: 64 }),
    "Cannot use both ECS containerProperties memory and resourceRequirement MEMORY.",
  ],
  ["vcpuRequired", container({ resourceRequirements: [{ type: "MEMORY", value: "64" }] }), "vCPU is required."],
  ["memoryRequired", container({ resourceRequirements: [{ type: "VCPU", value: "1" }] }), "Memory is required."],
  ["vcpuTooLow", container({ resourceRequirements: sizes("0.5", "64") }), "vCPU must be at least 1, got 0.5."],
  ["memoryTooLow", container({ resourceRequirements: sizes("1", "2") }), "Memory must be at least 4 Mib, got 2 Mib."],
  [
    "memoryTooLow",
    container({ resourceRequirements: [], vcpus: 1, memory: 3 }),
    "Memory must be at least 4 Mib, got 3 Mib.",
  ],
  ["secretName", secret({ name: "" }), "The name of a secret is required."],
  [
    "secretSource",
    secret({ valueFrom: "arn:aws:s3:::bucket" }),
    "The valueFrom of secret S is not valid: it must be the ARN of a Secrets Manager secret, or the ARN or name of an SSM parameter.",
  ],
  [
    "secretRegion",
    secret({ valueFrom: "arn:aws:ssm:eu-west-1:1:parameter/p" }),
    "The valueFrom of secret S is not in the region us-east-1.",
  ],
  [
    "secretIsVariable",
    secret({}, { environment: [{ name: "S", value: "1" }] }),
    "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as 'S'.",
  ],
  [
    "reservedVariable",
    secret({ name: "AWS_BATCH_X" }),
    "Environment variable AWS_BATCH_X is reserved: names must not start with AWS_BATCH.",
  ],
  [
    "secretsWithoutRole",
    container({ secrets: [{ name: "S", valueFrom: "parameter" }] }),
    "executionRoleArn cannot be empty when using secrets or secretOptions",
  ],
  [
    "secretsWithoutRole",
    container({ logConfiguration: { logDriver: "splunk", secretOptions: [{ name: "S", valueFrom: "p" }] } }),
    "executionRoleArn cannot be empty when using secrets or secretOptions",
  ],
  [
    "credentialsParameter",
    container({ repositoryCredentials: { credentialsParameter: "" } }),
    "The credentialsParameter of repositoryCredentials is required.",
  ],
  [
    "ulimitName",
    container({ ulimits: [{ name: "x", softLimit: 1, hardLimit: 1 }] }),
    "Ulimit x is not valid. Valid ulimits: [core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack]",
  ],
  [
    "ulimitOrder",
    container({ ulimits: [{ name: "nofile", softLimit: 2, hardLimit: 1 }] }),
    "The softLimit of ulimit nofile must not be greater than its hardLimit.",
  ],
  ["devicePath", linux({ devices: [{ hostPath: "" }] }), "The hostPath of a device is required."],
  [
    "devicePermission",
    linux({ devices: [{ hostPath: "/dev/fuse", permissions: ["FLY"] }] }),
    "Invalid permission: FLY for device /dev/fuse",
  ],
  ["sharedMemorySize", linux({ sharedMemorySize: 0 }), "Invalid shared memory size: 0, must be positive."],
  ["tmpfsPath", tmpfs({ containerPath: "" }), "The containerPath of a tmpfs is required."],
  ["tmpfsSize", tmpfs({ size: 0 }), "Size of a tmpfs is invalid. The size is required and must be a positive integer."],
  ["tmpfsOption", tmpfs({ mountOptions: ["fast"] }), "The mount option fast of a tmpfs is not valid."],
  ["swapNegative", linux({ maxSwap: -1, swappiness: 1 }), "Invalid swap memory size: -1, must be non-negative."],
  ["swappinessRange", linux({ maxSwap: 1, swappiness: 101 }), "Invalid swappiness: 101, must be between 0 and 100."],
  ["swappinessRequired", linux({ maxSwap: 1 }), "When container specified swap memory, swappiness value is required."],
  [
    "logDriver",
    container({ logConfiguration: { logDriver: "paper" as "awslogs" } }),
    "Log driver paper is not valid. Valid log drivers: [awsfirelens, awslogs, fluentd, gelf, journald, json-file, splunk, syslog]",
  ],
  [
    "awslogsOption",
    container({ logConfiguration: { logDriver: "awslogs", options: { tag: "x" } } }),
    "Log driver awslogs disallows options: tag",
  ],
  [
    "mountPath",
    container({ volumes: [{ name: "v" }], mountPoints: [{ sourceVolume: "v" }] }),
    "The containerPath of a mount point is required.",
  ],
  ["unknownVolume", container({ mountPoints: [{ sourceVolume: "w", containerPath: "/w" }] }), "Unknown volume 'w'."],
];

const VOLUMES: readonly Example[] = [
  [
    "volumeName",
    container({ volumes: [{ name: "a b" }] }),
    'Volume name "a b" is not valid: 1 to 255 letters, digits, - and _ are allowed.',
  ],
  ["duplicateVolumes", container({ volumes: [{ name: "v" }, { name: "v" }] }), "Volume names must be unique"],
  [
    "volumeKinds",
    container({ volumes: [{ ...efs({}), host: {} }] }),
    "When the volume parameter is specified, only one volume configuration type should be used.",
  ],
  [
    "efsFileSystem",
    container({ volumes: [efs({ fileSystemId: "x" })] }),
    "EFS configuration fileSystemId is not valid: x.",
  ],
  [
    "efsEncryption",
    container({ volumes: [efs({ transitEncryption: "MAYBE" })] }),
    "TransitEncryption MAYBE is not valid. Valid values: [ENABLED, DISABLED]",
  ],
  [
    "efsIam",
    container({ volumes: [efs({ authorizationConfig: { iam: "MAYBE" } })] }),
    "EFS iam MAYBE is not valid. Valid values: [ENABLED, DISABLED]",
  ],
  [
    "efsDirectory",
    container({ volumes: [efs({ rootDirectory: "/".repeat(4097) })] }),
    "The rootDirectory of an EFS configuration cannot exceed 4096 characters.",
  ],
  [
    "volumePort",
    container({ volumes: [efs({ transitEncryptionPort: 65_536 })] }),
    "TransitEncryptionPort must be a valid port number.",
  ],
  [
    "volumePort",
    container({ jobRoleArn: ROLE, volumes: [s3({ transitEncryptionPort: -1 })] }),
    "TransitEncryptionPort must be a valid port number.",
  ],
  [
    "efsAccessPointDirectory",
    container({
      volumes: [
        efs({ rootDirectory: "/x", transitEncryption: "ENABLED", authorizationConfig: { accessPointId: "fsap-1" } }),
      ],
    }),
    'When using an EFS access point, the root directory must either be set to "/" or omitted',
  ],
  [
    "efsAccessPointEncryption",
    container({ volumes: [efs({ authorizationConfig: { accessPointId: "fsap-1" } })] }),
    "EFS IAM access point requires TransitEncryption to be enabled.",
  ],
  [
    "efsIamEncryption",
    container({ jobRoleArn: ROLE, volumes: [efs({ authorizationConfig: { iam: "ENABLED" } })] }),
    "EFS IAM authorization requires TransitEncryption to be enabled.",
  ],
  [
    "efsIamRole",
    container({ volumes: [efs({ transitEncryption: "ENABLED", authorizationConfig: { iam: "ENABLED" } })] }),
    "A jobRoleArn/taskRoleArn is required when using EFS IAM authorization.",
  ],
  [
    "s3FileSystem",
    container({ jobRoleArn: ROLE, volumes: [s3({ fileSystemArn: "" })] }),
    "The fileSystemArn of an s3filesVolumeConfiguration is required.",
  ],
  [
    "s3Role",
    container({ volumes: [s3({})] }),
    "A jobRoleArn/taskRoleArn is required when using s3filesVolumeConfiguration.",
  ],
];

const PLATFORMS: readonly Example[] = [
  [
    "notForEc2",
    container({ networkConfiguration: { assignPublicIp: "ENABLED" } }),
    "networkConfiguration not applicable for EC2.",
  ],
  [
    "notForEc2",
    container({ fargatePlatformConfiguration: {} }),
    "fargatePlatformConfiguration not applicable for EC2.",
  ],
  ["notForEc2", task({}, { platformVersion: "LATEST" }), "platformVersion not applicable for EC2."],
  ["isNotForEc2", task({}, { networkMode: "host" }), "networkMode is not applicable for EC2."],
  [
    "notForManaged",
    managed({}, { networkConfiguration: {} }),
    "networkConfiguration not applicable for MANAGED_INSTANCES.",
  ],
  [
    "managedSystem",
    managed({}, { runtimePlatform: { operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" } }),
    "runtimePlatform for MANAGED_INSTANCES only supports LINUX operating system family.",
  ],
  ["networkMode", managed({}, { networkMode: "bridge" }), "networkMode bridge is not valid. Valid values are: [host]"],
  [
    "managedLogDriver",
    managed({ logConfiguration: { logDriver: "syslog" } }),
    "Log driver for MANAGED_INSTANCES is not valid: syslog",
  ],
  [
    "legacyOnFargate",
    fargate({ resourceRequirements: [], vcpus: 1, memory: 2048 }),
    "vcpus is not applicable for Fargate. Use resourceRequirements.",
  ],
  [
    "notForFargate",
    fargate({ resourceRequirements: [...sizes("1", "2048"), { type: "GPU", value: "1" }] }),
    "GPU is not applicable for Fargate.",
  ],
  [
    "notForFargate",
    fargate({ ulimits: [{ name: "nofile", softLimit: 1, hardLimit: 1 }] }),
    "ulimits is not applicable for Fargate.",
  ],
  ["notForFargate", fargate({ instanceType: "c5.large" }), "instanceType is not applicable for Fargate."],
  ["notForFargate", fargateTask({}, { ipcMode: "task" }), "ipcMode is not applicable for Fargate."],
  [
    "fargatePrivileged",
    fargate({ privileged: true }),
    "Fargate requires that the ‘privileged’ setting be ‘false’ at the container level.",
  ],
  [
    "linuxParameterOnFargate",
    fargate({ linuxParameters: { maxSwap: 1 } }),
    "linuxParameter.maxSwap is not allowed for Fargate.",
  ],
  [
    "linuxParameterOnFargate",
    fargate({ linuxParameters: { swappiness: 1 } }),
    "linuxParameter.swappiness is not allowed for Fargate.",
  ],
  [
    "linuxParameterOnFargate",
    fargate({ linuxParameters: { sharedMemorySize: 1 } }),
    "linuxParameter.sharedMemorySize is not allowed for Fargate.",
  ],
  [
    "linuxParameterOnFargate",
    fargate({ linuxParameters: { devices: [{ hostPath: "/dev/fuse" }] } }),
    "linuxParameter.devices is not allowed for Fargate.",
  ],
  [
    "linuxParameterOnFargate",
    fargate({ linuxParameters: { tmpfs: [{ containerPath: "/t", size: 1 }] } }),
    "linuxParameter.tmpfs is not allowed for Fargate.",
  ],
  [
    "hostVolumeOnFargate",
    fargate({ volumes: [{ name: "v", host: { sourcePath: "/data" } }] }),
    "host.sourcePath should not be set for volumes in Fargate.",
  ],
  [
    "logDriverOnFargate",
    fargate({ logConfiguration: { logDriver: "syslog" } }),
    "Log driver for Fargate is not valid: syslog",
  ],
  ["timeoutOnFargate", fargateTask({ stopTimeout: 121 }), "stopTimeout must be at most 120 seconds for Fargate."],
  [
    "assignPublicIp",
    fargate({ networkConfiguration: { assignPublicIp: "MAYBE" as "ENABLED" } }),
    "assignPublicIp MAYBE is not valid. Valid values: [ENABLED, DISABLED]",
  ],
  [
    "platformVersion",
    fargate({ fargatePlatformConfiguration: { platformVersion: "new" } }),
    "Fargate platform version new is not valid. Valid versions: LATEST, 1.4.0, 1.3.0",
  ],
  [
    "efsPlatformVersion",
    fargate({ fargatePlatformConfiguration: { platformVersion: "1.3.0" }, volumes: [efs({})] }),
    "EFS is supported for Fargate platform versions 1.4.0 or later, provided 1.3.0",
  ],
  [
    "ephemeralStorage",
    fargate({ ephemeralStorage: { sizeInGiB: 20 } }),
    "Ephemeral storage for Fargate tasks can be only between range 21 GiB to 200 GiB",
  ],
  ["executionRoleRequired", fargate({ executionRoleArn: undefined }), "executionRoleArn is required for Fargate jobs."],
  [
    "fargateSize",
    fargate({ resourceRequirements: sizes("0.25", "4096") }),
    "Fargate resource requirements (0.25 vCPU, 4096 MiB) not valid.",
  ],
  [
    "fargateSize",
    fargateTask({ resourceRequirements: sizes("0.75", "1024") }),
    "Fargate resource requirements (1.25 vCPU, 2048 MiB) not valid.",
  ],
  [
    "operatingSystem",
    fargate({ runtimePlatform: { operatingSystemFamily: "OS2" } }),
    "RuntimePlatform supports only one from [WINDOWS_SERVER_2019_CORE, WINDOWS_SERVER_2019_FULL, WINDOWS_SERVER_2022_CORE, WINDOWS_SERVER_2022_FULL, LINUX] operating systems, provided OS2",
  ],
  [
    "architecture",
    fargate({ runtimePlatform: { cpuArchitecture: "MIPS" } }),
    "RuntimePlatform supports only one from [X86_64, ARM64] cpu architectures, provided MIPS",
  ],
  [
    "windowsArchitecture",
    windows({}, { cpuArchitecture: "ARM64" }),
    "Windows supported only by X86_64 cpuArchitecture",
  ],
  [
    "windowsVcpus",
    windows({ resourceRequirements: sizes("0.5", "1024") }),
    "vCPU must be at least 1 for Windows Job definition, got 0.5.",
  ],
  [
    "notForWindows",
    windows({ linuxParameters: { initProcessEnabled: true } }),
    "linuxParameters is not supported for Windows containers.",
  ],
  ["notForWindows", windows({ user: "u" }), "user is not supported for Windows containers."],
  ["notForWindows", windows({ volumes: [efs({})] }), "efsVolumeConfiguration is not supported for Windows containers."],
];

const TASKS: readonly Example[] = [
  ["oneTask", { type: "container", ecsProperties: { taskProperties: [] } }, "Number of taskProperties must be 1"],
  ["containerCount", task({}, { containers: [] }), "Number of containers must be between 1 and 10"],
  [
    "containerCount",
    task({}, { containers: times(11, (n) => taskContainer({ name: `c${n}` })) }),
    "Number of containers must be between 1 and 10",
  ],
  [
    "containerName",
    task({ name: "a b" }),
    'Container name "a b" is not valid: 1 to 255 letters, digits, - and _ are allowed.',
  ],
  ["containerNameRequired", task({ name: undefined }), "Each container needs a name when there are several."],
  ["duplicateContainers", task({ name: "b" }), "Container names must be unique"],
  ["imageRequired", task({ image: "" }), "ECS Container Image must be provided."],
  ["essentialRequired", task({ essential: false }), "At least one container must be set as essential"],
  [
    "dependencyOfOne",
    task({}, { containers: [taskContainer({ dependsOn: [{ containerName: "a", condition: "START" }] })] }),
    "Container dependency can not be used in a single-container job.",
  ],
  [
    "dependencyCondition",
    dependsOn("b", "SOON"),
    "TaskContainer dependency SOON is not valid. Valid values are: [START, COMPLETE, SUCCESS]",
  ],
  ["dependencyTarget", dependsOn("c", "START"), "containerName c must reference a defined container."],
  [
    "dependencyOnEssential",
    dependsOn("b", "SUCCESS", true),
    "The container target of a dependency can not have condition SUCCESS if the target is essential",
  ],
  ["dependencyCycle", dependsOn("a", "START"), "Container dependencies must not form a cycle."],
  ["startTimeout", task({ startTimeout: 1 }), "startTimeout must be at least 2 seconds, got 1."],
  ["stopTimeout", task({ stopTimeout: 1 }), "stopTimeout must be at least 2 seconds, got 1."],
  ["ipcMode", task({}, { ipcMode: "x" }), "ipcMode x is not valid. Valid values are: [host, task, none]"],
  ["pidMode", task({}, { pidMode: "x" }), "Capability x is not valid. Valid capabilities: [host, task]"],
  [
    "firelensType",
    task({ firelensConfiguration: { type: "x" as "fluentd" } }),
    "FireLens type x is not valid. Valid types: [fluentd, fluentbit]",
  ],
  [
    "firelensRoot",
    task({}, { containers: [taskContainer({ user: "u", firelensConfiguration: { type: "fluentd" } })] }),
    "When a firelensConfiguration object is specified, at least one container has to run as root",
  ],
  [
    "vcpuTooLow",
    task(
      {},
      { containers: times(2, (n) => taskContainer({ name: `c${n}`, resourceRequirements: sizes("0.25", "64") })) },
    ),
    "vCPU must be at least 1, got 0.5.",
  ],
];

const PODS: readonly Example[] = [
  [
    "podContainersRequired",
    { type: "container", eksProperties: {} },
    "Containers must be provided for Batch on EKS jobs.",
  ],
  ["podContainersRequired", pod({}, { containers: [] }), "Containers must be provided for Batch on EKS jobs."],
  [
    "podContainerCount",
    pod({}, { containers: times(11, (n) => podContainer({ name: `c${n}` })) }),
    "A pod can have at most 10 containers.",
  ],
  [
    "podContainerCount",
    pod({}, { initContainers: times(11, (n) => podContainer({ name: `c${n}` })) }),
    "A pod can have at most 10 initContainers.",
  ],
  ["podImageRequired", pod({ image: "" }), "EKS Container Image must be provided."],
  [
    "imageName",
    pod({ image: "a b" }),
    'Image "a b" is not valid: up to 255 letters, digits and - _ : . / # @ are allowed.',
  ],
  ["podContainerName", pod({ name: "a_b" }), 'The container name "a_b" does not match a valid pattern.'],
  [
    "podDuplicateContainers",
    pod({ name: "a" }, { initContainers: [podContainer({ name: "a" })] }),
    "The container name: a must be unique in multi-container job.",
  ],
  ["pullPolicy", pod({ imagePullPolicy: "Sometimes" }), "Unsupported image pull policy value."],
  [
    "reservedVariable",
    pod({ env: [{ name: "AWS_BATCH_X", value: "x" }] }),
    "Environment variable AWS_BATCH_X is reserved: names must not start with AWS_BATCH.",
  ],
  ["podResourceKind", resources({ disk: "1" }), "disk is not a supported type for resources."],
  [
    "podCpu",
    resources({ cpu: "250m" }),
    "Value 250m for type cpu in resources is not valid. Provide a valid number and unit.",
  ],
  [
    "podCpu",
    resources({ cpu: "0.3" }),
    "Value 0.3 for type cpu in resources is not valid. Provide a valid number and unit.",
  ],
  ["podMemory", resources({ memory: "1Gi" }), "Value 1Gi for type memory is not valid."],
  ["memoryTooLow", resources({ memory: "3Mi" }), "Memory must be at least 4 Mib, got 3 Mib."],
  ["podGpu", resources({ "nvidia.com/gpu": "0.5" }), "Value 0.5 for type nvidia.com/gpu in resources is not valid."],
  ["podCpuOrder", resources({}, { cpu: "2" }), "cpu request must be <= to cpu limit if both are provided."],
  [
    "podMemoryEqual",
    resources({}, { memory: "32Mi" }),
    "memory request must be equal to memory limit if both are provided.",
  ],
  [
    "podGpuEqual",
    resources({ "nvidia.com/gpu": "2" }, { "nvidia.com/gpu": "1" }),
    "gpu request must be equal to gpu limit if both are provided.",
  ],
  [
    "podResourceRequired",
    pod({ resources: { limits: { cpu: "1" } } }),
    "memory must be provided in the limits or requests of each container.",
  ],
  ["securityId", pod({ securityContext: { runAsGroup: -1 } }), "runAsGroup must not be negative."],
  [
    "podMountPath",
    pod({ volumeMounts: [{ name: "v" }] }, { volumes: [{ name: "v", emptyDir: {} }] }),
    "The mountPath of a volume mount is required.",
  ],
  [
    "podMountTarget",
    pod({ volumeMounts: [{ name: "w", mountPath: "/w" }] }),
    "The volume mount w must reference a defined volume.",
  ],
  ["podVolumeName", volume({ name: "a_b" }), 'The volume name "a_b" does not match a valid pattern.'],
  [
    "podVolumeKind",
    volume({ emptyDir: undefined }),
    "Volume v needs one of hostPath, emptyDir, secret and persistentVolumeClaim.",
  ],
  [
    "volumeKinds",
    volume({ hostPath: { path: "/" } }),
    "When the volume parameter is specified, only one volume configuration type should be used.",
  ],
  [
    "emptyDirMedium",
    volume({ emptyDir: { medium: "Disk" } }),
    "Invalid Volume mount. Allowed values - Memory or null.",
  ],
  ["emptyDirSize", volume({ emptyDir: { sizeLimit: "1Gi" } }), "Invalid empty dir size limit."],
  [
    "podSecretName",
    volume({ emptyDir: undefined, secret: { secretName: "A" } }),
    'The secret name "A" does not match a valid pattern.',
  ],
  [
    "podSecretName",
    pod({}, { imagePullSecrets: [{ name: "" }] }),
    'The secret name "" does not match a valid pattern.',
  ],
  [
    "claimName",
    volume({ emptyDir: undefined, persistentVolumeClaim: { claimName: "A" } }),
    'The claim name "A" does not match a valid pattern.',
  ],
  ["dnsPolicy", pod({}, { dnsPolicy: "None" }), "Unsupported DNS policy value."],
  [
    "namespaceLength",
    metadata({ namespace: "a".repeat(64) }),
    "kubernetesNamespace must less than or equal to 63 characters",
  ],
  ["namespacePattern", metadata({ namespace: "" }), "kubernetesNamespace must be a valid Kubernetes namespace."],
  [
    "namespaceDefault",
    metadata({ namespace: "default" }),
    "kubernetesNamespace cannot be the default Kubernetes namespace.",
  ],
  [
    "namespaceReserved",
    metadata({ namespace: "kube-system" }),
    "kubernetesNamespace cannot be a reserved Kubernetes system namespace.",
  ],
  [
    "metadataKey",
    metadata({ labels: { "-x": "y" } }),
    "The name -x of the pod label key does not match a valid pattern.",
  ],
  [
    "metadataKey",
    metadata({ annotations: { "a/b/c": "y" } }),
    "The name a/b/c of the pod annotation key does not match a valid pattern.",
  ],
  [
    "metadataPrefix",
    metadata({ labels: { "app.kubernetes.io/name": "y" } }),
    "The prefix app.kubernetes.io of the pod label key cannot contain terms from the Kubernetes reserved namespaces.",
  ],
  [
    "labelValue",
    metadata({ labels: { a: "x".repeat(64) } }),
    "The value of pod label a does not match a valid pattern: at most 63 letters, digits and - _ . are allowed.",
  ],
  [
    "annotationValue",
    metadata({ annotations: { a: "x".repeat(256) } }),
    "The value of pod annotation a cannot exceed 255 characters.",
  ],
];

const NODES: readonly Example[] = [
  ["numNodes", nodes({}, { numNodes: 0 }), "Number of nodes must be between 1 and 1000."],
  ["numNodes", nodes({}, { numNodes: 1001 }), "Number of nodes must be between 1 and 1000."],
  ["mainNode", nodes({}, { mainNode: 2 }), "Main node index is out of range, must be less than numNodes."],
  [
    "tooManyRanges",
    nodes({}, { nodeRangeProperties: times(6, () => nodeRange("0:")) }),
    "Maximum allowed size of node range properties is 5",
  ],
  ["targetNodes", nodes({ targetNodes: "all" }), "targetNodes should contain only digits."],
  ["rangeOutside", nodes({ targetNodes: "0:2" }), "targetNodes 0:2 is out of range, must be less than numNodes."],
  ["rangeOrder", nodes({ targetNodes: "1:0" }), "The end of targetNodes 1:0 must not be before its start."],
  ["rangeCoverage", nodes({ targetNodes: "0" }), "Node ranges must account for all nodes: node 1 is in none of them."],
  [
    "rangeCoverage",
    nodes({}, { nodeRangeProperties: [] }),
    "Node ranges must account for all nodes: node 0 is in none of them.",
  ],
  ["rangeEmpty", nodes({ container: undefined }), "Must specify container for node range 0:"],
  [
    "rangeTaskAndContainer",
    nodes({ ...inTask, container: container().containerProperties }),
    "NodeRangeProperties can not use both ecsProperties and container fields",
  ],
  [
    "rangePodAndOther",
    nodes({ ...inTask, eksProperties: inPod().eksProperties }),
    "NodeRangeProperties can not use both eksProperties and container or ecsProperties fields",
  ],
  [
    "rangesMixed",
    nodes({}, { nodeRangeProperties: [nodeRange("0"), nodeRange("1", { eksProperties: inPod().eksProperties })] }),
    "Node ranges can not mix eksProperties with container or ecsProperties.",
  ],
  [
    "rangeNamespaces",
    nodes(
      {},
      {
        nodeRangeProperties: ["x", "y"].map((name, n) =>
          nodeRange(String(n), { eksProperties: inPod(name).eksProperties }),
        ),
      },
    ),
    "All node ranges must have the same kubernetesNamespace.",
  ],
  [
    "rangeInstanceTypes",
    nodes({ instanceTypes: ["c5.large"] }),
    "Using instanceTypes with nodeRangeProperty is only allowed for ecsProperties jobs.",
  ],
  [
    "oneInstanceType",
    nodes({ ...inTask, instanceTypes: ["c5.large", "c5.xlarge"] }),
    "instanceTypes of a node range can have only 1 element.",
  ],
  [
    "sameInstanceType",
    nodes(
      {},
      {
        nodeRangeProperties: ["c5.large", "c5.xlarge"].map((type, n) =>
          nodeRange(String(n), { ...inTask, instanceTypes: [type] }),
        ),
      },
    ),
    "All node ranges must use the same instance type.",
  ],
  [
    "memoryTooLow",
    nodes({ container: { image: "scratch", resourceRequirements: sizes("1", "2") } }),
    "Memory must be at least 4 Mib, got 2 Mib.",
  ],
  [
    "capabilityOfPod",
    nodes({ eksProperties: inPod().eksProperties }, {}, { platformCapabilities: ["EC2"] }),
    "platformCapabilities is not applicable for Batch on EKS jobs.",
  ],
  [
    "duplicateConsumables",
    nodes({
      consumableResourceProperties: {
        consumableResourceList: times(2, () => ({ consumableResource: "r", quantity: 1 })),
      },
    }),
    "Cannot have duplicate consumableResource in consumableResourceProperties",
  ],
];

const RETRIES: readonly Example[] = [
  [
    "attemptsRequired",
    container({}, { retryStrategy: { evaluateOnExit: [] } }),
    "RetryAttempts must be provided with retry strategy.",
  ],
  ["attemptsRange", container({}, { retryStrategy: { attempts: 0 } }), "Retry attempts must be between 1 and 10."],
  ["attemptsRange", container({}, { retryStrategy: { attempts: 11 } }), "Retry attempts must be between 1 and 10."],
  [
    "tooManyExitConditions",
    container(
      {},
      {
        retryStrategy: { attempts: 2, evaluateOnExit: times(6, () => ({ action: "RETRY" as const, onExitCode: "1" })) },
      },
    ),
    "EvaluateOnExit cannot have more than 5 entries.",
  ],
  [
    "exitAction",
    retry({ onReason: "*", action: "PANIC" }),
    "EvaluateOnExit action PANIC is not valid. Valid actions: [RETRY, EXIT]",
  ],
  [
    "exitConditionEmpty",
    retry({}),
    "EvaluateOnExit should contain at least one of onExitCode, onReason or onStatusReason",
  ],
  [
    "exitConditionTooLong",
    retry({ onReason: "a".repeat(513) }),
    "Evaluate on exit condition cannot exceed 512 characters.",
  ],
  ["exitConditionCharacters", retry({ onReason: "a|b" }), "Evaluate on exit condition contains restricted characters."],
  [
    "exitConditionCharacters",
    retry({ onExitCode: "1a" }),
    "Evaluate on exit condition contains restricted characters.",
  ],
  [
    "exitConditionCharacters",
    retry({ onStatusReason: "Host*EC2" }),
    "Evaluate on exit condition contains restricted characters.",
  ],
  [
    "timeoutTooShort",
    container({}, { timeout: { attemptDurationSeconds: 59 } }),
    "Job timeout attemptDurationSeconds must be at least 60.",
  ],
];

const EXAMPLES: readonly Example[] = [
  ...TOP,
  ...CONTAINERS,
  ...VOLUMES,
  ...PLATFORMS,
  ...TASKS,
  ...PODS,
  ...NODES,
  ...RETRIES,
];

for (const [index, [text, definition, message]] of EXAMPLES.entries()) {
  test(`RegisterJobDefinition: ${text}: ${message.slice(0, 80)}`, async () => {
    const jobDefinitionName = `refused-${index}`;
    await assert.rejects(
      batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, ...definition })),
      refused(prefixed(message)),
    );
    const { jobDefinitions } = await batch.send(new DescribeJobDefinitionsCommand({ jobDefinitionName }));
    assert.deepEqual(jobDefinitions, []);
  });
}

test("RegisterJobDefinition: the name comes first, and its text stands alone", async () => {
  const bad = { ...container({ image: "" }), jobDefinitionName: "a:b", type: "gang" as "container" };
  await assert.rejects(
    batch.send(new RegisterJobDefinitionCommand(bad)),
    refused("Provided name a:b is not supported pattern[a-zA-Z_0-9-]{1,128}"),
  );
});

test("every rule of RegisterJobDefinition has an example", () => {
  const shown = new Set<string>(EXAMPLES.map(([text]) => text));
  shown.add("definitionName");
  const missing = REGISTER_RULES.flatMap(({ texts }) => texts).filter((text) => !shown.has(text));
  assert.deepEqual([...new Set(missing)], []);
});
