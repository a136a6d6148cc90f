import type {
  ConsumableResourceProperties,
  ContainerProperties,
  EcsProperties,
  EksContainer,
  EksProperties,
  KeyValuePair,
  NodeProperties,
  RetryStrategy,
  Secret,
  TaskContainerProperties,
  Ulimit,
  Volume,
} from "@aws-sdk/client-batch";
import fc from "fast-check";
import type { Definition } from "./definitions.ts";

/** Valid definitions of every kind, with any of the members that may be left out. */

const ROLE = "arn:aws:iam::123456789012:role/r";
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const text = fc.oneof(
  word,
  fc.string({ maxLength: 12 }).map((any) => any.replaceAll("\0", "").replaceAll("Ref::", "")),
);
const image = fc.constantFrom("scratch", "busybox", "registry.example.com:5000/a/b:1.2", "a@sha256:00ff");
const argv = fc.array(text, { maxLength: 4 });

function optional<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

function named<T extends { name?: string | undefined }>(item: fc.Arbitrary<T>, maxLength = 4): fc.Arbitrary<T[]> {
  return fc.uniqueArray(item, { maxLength, selector: ({ name }) => name });
}

function few<T extends string>(...values: readonly T[]): fc.Arbitrary<T[]> {
  return fc.subarray([...values]);
}

export const variables: fc.Arbitrary<KeyValuePair[]> = named(fc.record({ name: word, value: text }));
const labels = fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true });

const linuxParameters = optional({
  initProcessEnabled: fc.boolean(),
  sharedMemorySize: fc.integer({ min: 1, max: 64 }),
  swappiness: fc.integer({ min: 0, max: 100 }),
  devices: fc.array(
    fc.record(
      { hostPath: fc.constant("/dev/fuse"), containerPath: fc.constant("/dev/x"), permissions: few("READ", "WRITE") },
      { requiredKeys: ["hostPath"] },
    ),
    { maxLength: 2 },
  ),
  tmpfs: fc.array(
    fc.record(
      { containerPath: fc.constant("/t"), size: fc.integer({ min: 1, max: 64 }), mountOptions: few("ro", "mode=700") },
      { requiredKeys: ["containerPath", "size"] },
    ),
    { maxLength: 2 },
  ),
});

const ulimits = named(
  fc.record({
    name: fc.constantFrom("nofile", "nproc", "core"),
    softLimit: fc.integer({ min: 0, max: 9 }),
    hardLimit: fc.integer({ min: 9, max: 99 }),
  }),
);

const logConfiguration = fc.record(
  {
    logDriver: fc.constantFrom("awslogs" as const, "splunk" as const),
    options: fc.constantFrom({}, { mode: "non-blocking" }),
    secretOptions: fc.constant<Secret[]>([{ name: "token", valueFrom: "parameter" }]),
  },
  { requiredKeys: ["logDriver"] },
);

const volumes: fc.Arbitrary<Volume[]> = named(
  fc
    .tuple(
      word,
      optional({ host: optional({ sourcePath: fc.constant("/data") }) }),
      fc.option(fc.constant({ fileSystemId: "fs-1", rootDirectory: "/" }), { nil: undefined }),
    )
    .map(([name, host, efs]) => ({ name, ...(efs === undefined ? host : { efsVolumeConfiguration: efs }) })),
  3,
);

/** What single containers and those of tasks have alike, with mount points of these volumes. */
function ecsMembers(available: readonly Volume[]) {
  return {
    command: argv,
    environment: variables,
    user: fc.constantFrom("root", "1000:1000", "me"),
    privileged: fc.boolean(),
    readonlyRootFilesystem: fc.boolean(),
    ulimits,
    linuxParameters,
    logConfiguration,
    secrets: named(
      fc.record({
        // No variable has such a name.
        name: fc.stringMatching(/^[A-Z][A-Z0-9]{0,7}$/),
        valueFrom: fc.constantFrom("arn:aws:ssm:us-east-1:1:parameter/p", "arn:aws:ssm::1:parameter/p"),
      }),
    ),
    mountPoints: fc.array(
      fc.record(
        {
          sourceVolume: fc.constantFrom(...(available.length > 0 ? available.map(({ name }) => name!) : ["none"])),
          containerPath: fc.constant("/mnt"),
          readOnly: fc.boolean(),
        },
        { requiredKeys: ["sourceVolume", "containerPath"] },
      ),
      { maxLength: available.length > 0 ? 2 : 0 },
    ),
  };
}

/** A few vCPUs and MiB, as `resourceRequirements` say it. */
export const requirements = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 4, max: 512 }), fc.boolean())
  .map(([vcpus, memory, isReversed]) => {
    const list = [
      { type: "VCPU" as const, value: String(vcpus) },
      { type: "MEMORY" as const, value: String(memory) },
    ];
    return isReversed ? list.toReversed() : list;
  });

const size = fc.oneof(
  requirements.map((resourceRequirements) => ({ resourceRequirements })),
  fc.record({ vcpus: fc.integer({ min: 1, max: 4 }), memory: fc.integer({ min: 4, max: 512 }) }),
);

export const containerProperties: fc.Arbitrary<ContainerProperties> = volumes.chain((available) =>
  fc
    .tuple(
      image,
      size,
      optional({ ...ecsMembers(available), jobRoleArn: fc.constant(ROLE), enableExecuteCommand: fc.boolean() }),
    )
    .map(([name, amounts, rest]) => ({
      image: name,
      executionRoleArn: ROLE,
      volumes: available,
      ...amounts,
      ...rest,
    })),
);

/** A container for Fargate: of one of its sizes, and with what only it knows. */
const fargateProperties: fc.Arbitrary<ContainerProperties> = fc
  .tuple(
    image,
    fc.constantFrom(["0.25", "512"], ["0.5", "4096"], ["1", "2048"], ["32", "249856"]),
    optional({
      command: argv,
      environment: variables,
      logConfiguration,
      privileged: fc.constant(false),
      ulimits: fc.constant<Ulimit[]>([]),
      ephemeralStorage: fc.record({ sizeInGiB: fc.integer({ min: 21, max: 200 }) }),
      networkConfiguration: fc.record({ assignPublicIp: fc.constantFrom("ENABLED" as const, "DISABLED" as const) }),
      fargatePlatformConfiguration: fc.record({ platformVersion: fc.constantFrom("LATEST", "1.4.0") }),
      runtimePlatform: fc.record({ cpuArchitecture: fc.constantFrom("X86_64", "ARM64") }),
    }),
  )
  .map(([name, [vcpus, memory], rest]) => ({
    image: name,
    executionRoleArn: ROLE,
    resourceRequirements: [
      { type: "VCPU", value: vcpus },
      { type: "MEMORY", value: memory },
    ],
    ...rest,
  }));

export const ecsProperties: fc.Arbitrary<EcsProperties> = volumes.chain((available) => {
  const container: fc.Arbitrary<TaskContainerProperties> = fc
    .tuple(
      word,
      image,
      requirements,
      optional({ ...ecsMembers(available), stopTimeout: fc.integer({ min: 2, max: 9 }) }),
    )
    .map(([name, from, resourceRequirements, rest]) => ({ name, image: from, resourceRequirements, ...rest }));
  return fc
    .tuple(
      fc.uniqueArray(container, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
      fc.array(fc.constantFrom("START", "COMPLETE", "SUCCESS"), { minLength: 4, maxLength: 4 }),
      optional({ ipcMode: fc.constant("task"), pidMode: fc.constant("host"), enableExecuteCommand: fc.boolean() }),
    )
    .map(([containers, conditions, rest]) => {
      // Each may wait for the one before it, which is then not essential; the last one is.
      const linked = containers.map((one, index) => ({
        ...one,
        ...(index < containers.length - 1 && { essential: false }),
        ...(index > 0 && {
          dependsOn: [{ containerName: containers[index - 1]!.name!, condition: conditions[index]! }],
        }),
      }));
      return { taskProperties: [{ containers: linked, executionRoleArn: ROLE, volumes: available, ...rest }] };
    });
});

const cpu = fc.constantFrom("0.25", "0.5", "1", "2.0");
const mebibytes = fc.integer({ min: 4, max: 256 }).map((amount) => `${amount}Mi`);
export const podResources = fc
  .tuple(cpu, mebibytes, fc.constantFrom("limits", "requests", "both"))
  .map(([cpus, memory, where]) => {
    const amounts = { cpu: cpus, memory };
    return where === "both" ? { limits: amounts, requests: amounts } : { [where]: amounts };
  });

export const eksProperties: fc.Arbitrary<EksProperties> = fc
  .uniqueArray(
    fc
      .tuple(
        word,
        image,
        podResources,
        optional({
          imagePullPolicy: fc.constantFrom("Always", "IfNotPresent", "Never"),
          command: argv,
          args: argv,
          env: variables as fc.Arbitrary<{ name: string; value: string }[]>,
          securityContext: optional({ runAsUser: fc.nat(9), privileged: fc.boolean(), runAsNonRoot: fc.boolean() }),
        }),
      )
      .map(([name, from, resources, rest]): EksContainer => ({ name, image: from, resources, ...rest })),
    { minLength: 1, maxLength: 4, selector: ({ name }) => name },
  )
  .chain((containers) =>
    fc
      .tuple(
        fc.nat(containers.length - 1),
        optional({
          hostNetwork: fc.boolean(),
          dnsPolicy: fc.constantFrom("Default", "ClusterFirst"),
          serviceAccountName: word,
          shareProcessNamespace: fc.boolean(),
          imagePullSecrets: fc.array(fc.record({ name: word }), { maxLength: 2 }),
          volumes: fc.array(fc.constant({ name: "v", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } }), {
            maxLength: 1,
          }),
          metadata: optional({ labels, annotations: labels, namespace: fc.constant("jobs") }),
        }),
      )
      .map(([initCount, rest]) => ({
        podProperties: {
          containers: containers.slice(initCount),
          ...(initCount > 0 && { initContainers: containers.slice(0, initCount) }),
          ...rest,
        },
      })),
  );

/** Ranges that cover all nodes, the first one open at its end; the others are within it. */
export const nodeProperties: fc.Arbitrary<NodeProperties> = fc
  .tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.array(fc.oneof(fc.record({ container: containerProperties }), fc.record({ ecsProperties })), {
      minLength: 1,
      maxLength: 3,
    }),
    fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { minLength: 3, maxLength: 3 }),
    fc.nat(8),
  )
  .map(([numNodes, contents, bounds, main]) => ({
    numNodes,
    mainNode: main % numNodes,
    nodeRangeProperties: contents.map((content, index) => {
      const [a, b] = bounds[index]!.map((bound) => bound % numNodes).sort((one, other) => one - other);
      return { targetNodes: index === 0 ? "0:" : a === b ? String(a) : `${a}:${b}`, ...content };
    }),
  }));

const retryStrategy: fc.Arbitrary<RetryStrategy> = fc.record(
  {
    attempts: fc.integer({ min: 1, max: 10 }),
    evaluateOnExit: fc.array(
      fc.record({
        action: fc.constantFrom("RETRY" as const, "EXIT" as const),
        onExitCode: fc.constantFrom("1", "13*"),
      }),
      { maxLength: 5 },
    ),
  },
  { requiredKeys: ["attempts"] },
);

const common = optional({
  parameters: labels,
  tags: labels,
  retryStrategy,
  timeout: fc.record({ attemptDurationSeconds: fc.integer({ min: 60, max: 999 }) }),
  schedulingPriority: fc.nat(9999),
  consumableResourceProperties: fc.constant<ConsumableResourceProperties>({
    consumableResourceList: [{ consumableResource: "r", quantity: 2 }],
  }),
});

export const definitions: fc.Arbitrary<Definition> = fc
  .tuple(
    fc.oneof(
      containerProperties.map((properties): Definition => ({ type: "container", containerProperties: properties })),
      fargateProperties.map((properties): Definition => ({
        type: "container",
        platformCapabilities: ["FARGATE"],
        containerProperties: properties,
      })),
      ecsProperties.map((properties): Definition => ({ type: "container", ecsProperties: properties })),
      eksProperties.map((properties): Definition => ({ type: "container", eksProperties: properties })),
      nodeProperties.map((properties): Definition => ({ type: "multinode", nodeProperties: properties })),
    ),
    common,
  )
  .map(([kind, rest]) => ({ ...kind, ...rest }));
