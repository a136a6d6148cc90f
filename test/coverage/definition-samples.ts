import type { Known, Sample, Scene } from "./sample.ts";

const ROLE = "arn:aws:iam::123456789012:role/job";
const SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s";
const SIZE = [
  { type: "VCPU", value: "1" },
  { type: "MEMORY", value: "64" },
];

const LINUX = {
  devices: [{ hostPath: "/dev/null", containerPath: "/dev/nothing", permissions: ["READ"] }],
  initProcessEnabled: true,
  sharedMemorySize: 8,
  tmpfs: [{ containerPath: "/fast", size: 8, mountOptions: ["noexec"] }],
  maxSwap: 16,
  swappiness: 10,
};

const SPLUNK = {
  logDriver: "splunk",
  options: { "splunk-url": "https://splunk.example" },
  secretOptions: [{ name: "splunk-token", valueFrom: SECRET }],
};

const EFS = {
  name: "shared",
  efsVolumeConfiguration: {
    fileSystemId: "fs-1",
    rootDirectory: "/",
    transitEncryption: "ENABLED",
    transitEncryptionPort: 2049,
    authorizationConfig: { accessPointId: "fsap-1", iam: "ENABLED" },
  },
};
const S3_FILES = {
  name: "objects",
  s3filesVolumeConfiguration: {
    fileSystemArn: "arn:aws:s3files:us-east-1:123456789012:file-system/fs-2",
    rootDirectory: "/in",
    transitEncryptionPort: 2050,
    accessPointArn: "arn:aws:s3files:us-east-1:123456789012:file-system/fs-2/access-point/ap-1",
  },
};
const VOLUMES = [{ name: "data", host: { sourcePath: "/tmp" } }, EFS, S3_FILES];
const MOUNTS = [{ sourceVolume: "data", containerPath: "/data", readOnly: true }];
const ULIMITS = [{ name: "nofile", softLimit: 100, hardLimit: 200 }];

const RICH_CONTAINER = {
  image: "busybox:1",
  command: ["echo", "Ref::word"],
  jobRoleArn: ROLE,
  executionRoleArn: ROLE,
  volumes: VOLUMES,
  environment: [{ name: "COLOUR", value: "red" }],
  mountPoints: MOUNTS,
  readonlyRootFilesystem: true,
  privileged: true,
  ulimits: ULIMITS,
  user: "nobody",
  resourceRequirements: SIZE,
  linuxParameters: LINUX,
  logConfiguration: SPLUNK,
  secrets: [{ name: "TOKEN", valueFrom: SECRET }],
  enableExecuteCommand: true,
  runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
  repositoryCredentials: { credentialsParameter: SECRET },
};

const RETRY = {
  attempts: 3,
  evaluateOnExit: [{ action: "RETRY", onStatusReason: "Host EC2*", onReason: "Cannot*", onExitCode: "1*" }],
};

const TASK_CONTAINER = {
  name: "main",
  image: "busybox:1",
  command: ["true"],
  environment: [{ name: "COLOUR", value: "red" }],
  essential: true,
  linuxParameters: LINUX,
  logConfiguration: SPLUNK,
  mountPoints: MOUNTS,
  privileged: true,
  readonlyRootFilesystem: true,
  repositoryCredentials: { credentialsParameter: SECRET },
  resourceRequirements: SIZE,
  secrets: [{ name: "TOKEN", valueFrom: SECRET }],
  ulimits: ULIMITS,
  user: "root",
  startTimeout: 30,
  stopTimeout: 20,
};

const TASK = {
  containers: [
    { ...TASK_CONTAINER, dependsOn: [{ containerName: "helper", condition: "START" }] },
    {
      name: "helper",
      image: "busybox:1",
      essential: false,
      resourceRequirements: SIZE,
      firelensConfiguration: { type: "fluentbit", options: { "config-file-type": "file" } },
    },
  ],
  executionRoleArn: ROLE,
  taskRoleArn: ROLE,
  ipcMode: "task",
  pidMode: "task",
  runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
  volumes: VOLUMES,
  enableExecuteCommand: true,
};

const POD = {
  podProperties: {
    serviceAccountName: "worker",
    hostNetwork: false,
    dnsPolicy: "ClusterFirst",
    imagePullSecrets: [{ name: "registry" }],
    containers: [
      {
        name: "main",
        image: "busybox:1",
        imagePullPolicy: "Always",
        command: ["sh"],
        args: ["-c", "true"],
        env: [{ name: "COLOUR", value: "red" }],
        resources: { limits: { cpu: "1", memory: "64Mi" }, requests: { cpu: "1", memory: "64Mi" } },
        volumeMounts: [{ name: "scratch", mountPath: "/scratch", subPath: "in", readOnly: true }],
        securityContext: {
          runAsUser: 1000,
          runAsGroup: 1000,
          privileged: false,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
        },
      },
    ],
    initContainers: [{ name: "first", image: "busybox:1", command: ["true"] }],
    volumes: [
      { name: "scratch", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
      { name: "host", hostPath: { path: "/tmp" } },
      { name: "secret", secret: { secretName: "token", optional: true } },
      { name: "claim", persistentVolumeClaim: { claimName: "data", readOnly: true } },
    ],
    metadata: { labels: { team: "blue" }, annotations: { note: "hello" }, namespace: "batch-jobs" },
    shareProcessNamespace: true,
  },
};

async function describe({ send }: Scene, { jobDefinitionArn = "" }: Known) {
  return (await send("DescribeJobDefinitions", { jobDefinitions: [jobDefinitionArn] })).jobDefinitions[0];
}

/** Job definitions of each kind. */
export const DEFINITION_SAMPLES: readonly Sample[] = [
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix, names }) => ({
      jobDefinitionName: `rich-${suffix}`,
      type: "container",
      parameters: { word: "hello" },
      schedulingPriority: 5,
      containerProperties: RICH_CONTAINER,
      retryStrategy: RETRY,
      propagateTags: true,
      timeout: { attemptDurationSeconds: 100 },
      tags: { team: "blue" },
      platformCapabilities: ["EC2"],
      consumableResourceProperties: { consumableResourceList: [{ consumableResource: names.consumable, quantity: 2 }] },
    }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix }) => ({
      jobDefinitionName: `legacy-${suffix}`,
      type: "container",
      containerProperties: { image: "busybox:1", vcpus: 2, memory: 128 },
    }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix }) => ({
      jobDefinitionName: `fargate-${suffix}`,
      type: "container",
      platformCapabilities: ["FARGATE"],
      containerProperties: {
        image: "busybox:1",
        executionRoleArn: ROLE,
        resourceRequirements: [
          { type: "VCPU", value: "0.25" },
          { type: "MEMORY", value: "512" },
        ],
        networkConfiguration: { assignPublicIp: "ENABLED" },
        fargatePlatformConfiguration: { platformVersion: "1.4.0" },
        ephemeralStorage: { sizeInGiB: 30 },
      },
    }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix }) => ({
      jobDefinitionName: `task-${suffix}`,
      type: "container",
      ecsProperties: { taskProperties: [TASK] },
    }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix }) => ({
      jobDefinitionName: `fargate-task-${suffix}`,
      type: "container",
      platformCapabilities: ["FARGATE"],
      ecsProperties: {
        taskProperties: [
          {
            containers: [
              {
                name: "main",
                image: "busybox:1",
                resourceRequirements: [
                  { type: "VCPU", value: "0.25" },
                  { type: "MEMORY", value: "512" },
                ],
              },
            ],
            executionRoleArn: ROLE,
            platformVersion: "1.4.0",
            ephemeralStorage: { sizeInGiB: 30 },
            networkConfiguration: { assignPublicIp: "ENABLED" },
          },
        ],
      },
    }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix }) => ({
      jobDefinitionName: `managed-instances-${suffix}`,
      type: "container",
      platformCapabilities: ["MANAGED_INSTANCES"],
      ecsProperties: {
        taskProperties: [
          {
            networkMode: "host",
            containers: [{ name: "main", image: "busybox:1", resourceRequirements: SIZE }],
          },
        ],
      },
    }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix }) => ({ jobDefinitionName: `pod-${suffix}`, type: "container", eksProperties: POD }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix, names }) => ({
      jobDefinitionName: `nodes-${suffix}`,
      type: "multinode",
      nodeProperties: {
        numNodes: 3,
        mainNode: 1,
        nodeRangeProperties: [
          {
            targetNodes: "0:",
            container: { image: "busybox:1", instanceType: "c5.large", resourceRequirements: SIZE },
            consumableResourceProperties: {
              consumableResourceList: [{ consumableResource: names.consumable, quantity: 1 }],
            },
          },
        ],
      },
    }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix }) => ({
      jobDefinitionName: `task-nodes-${suffix}`,
      type: "multinode",
      nodeProperties: {
        numNodes: 2,
        mainNode: 0,
        nodeRangeProperties: [
          {
            targetNodes: "0:",
            instanceTypes: ["c5.large"],
            ecsProperties: {
              taskProperties: [{ containers: [{ name: "main", image: "busybox:1", resourceRequirements: SIZE }] }],
            },
          },
        ],
      },
    }),
    see: describe,
  },
  {
    operation: "RegisterJobDefinition",
    input: ({ suffix }) => ({
      jobDefinitionName: `pod-nodes-${suffix}`,
      type: "multinode",
      nodeProperties: { numNodes: 2, mainNode: 0, nodeRangeProperties: [{ targetNodes: "0:", eksProperties: POD }] },
    }),
    see: describe,
  },
  {
    operation: "DeregisterJobDefinition",
    input: async ({ send, suffix }) => {
      const container = { image: "busybox:1", resourceRequirements: SIZE };
      const name = `deregistered-${suffix}`;
      await send("RegisterJobDefinition", {
        jobDefinitionName: name,
        type: "container",
        containerProperties: container,
      });
      return { jobDefinition: `${name}:1` };
    },
    see: ({ send, suffix }) => send("DescribeJobDefinitions", { jobDefinitionName: `deregistered-${suffix}` }),
  },
  {
    operation: "DescribeJobDefinitions",
    input: ({ names }) => ({ jobDefinitions: [names.definitionArn] }),
  },
  {
    operation: "DescribeJobDefinitions",
    input: ({ names }) => ({ jobDefinitionName: names.definition, status: "ACTIVE" }),
    others: { "DescribeJobDefinitionsRequest.status": "INACTIVE" },
  },
];
