import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerProperties, EksPodProperties } from "@aws-sdk/client-batch";
import { ANNOTATION, FINALIZER, LABEL, labelValue, podName } from "../../../src/drivers/kubernetes/names.ts";
import { podManifest } from "../../../src/drivers/kubernetes/spec/pod-spec.ts";
import type { PodSettings } from "../../../src/drivers/kubernetes/spec/pod-spec.ts";
import type { AttemptSpec, PodPart } from "../../../src/ports/driver.ts";

const SETTINGS: PodSettings = {
  clusterId: "cluster-1",
  epoch: 7,
  namespace: "jobs",
  defaultImage: "busybox:1",
  fileSystems: new Map([["fs-1", "/mnt/fs-1"]]),
};
const ID = "a".repeat(32);

function spec(container: ContainerProperties, more: Partial<AttemptSpec> = {}): AttemptSpec {
  return {
    ...{ attemptId: ID, jobId: "job-1", environment: {}, vcpuMilli: 1500, memoryMiB: 256 },
    container: { image: "busybox", ...container },
    ...more,
  };
}

function podSpec(container: ContainerProperties, more: Partial<AttemptSpec> = {}) {
  return podManifest([spec(container, more)], SETTINGS).spec!;
}

/** The only container of a pod, and the pod. */
function made(container: ContainerProperties, more: Partial<AttemptSpec> = {}) {
  const pod = podSpec(container, more);
  return { pod, container: pod.containers[0]! };
}

function part(index: number, count: number, more: Partial<PodPart> = {}): PodPart {
  return { id: "b".repeat(32), namespace: "jobs", name: `c${index}`, index, count, dependsOn: [], ...more };
}

describe("what a pod is", () => {
  test("its name derives from the attempt, and it says whose it is", () => {
    const pod = podManifest(
      [spec({ command: ["true"] }, { jobId: "6f9619ff-8b86-4d01-b42d-00c04fc964ff:12" })],
      SETTINGS,
    );
    assert.equal(pod.metadata?.name, podName(ID));
    assert.match(podName(ID), /^aws-batch\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(pod.metadata?.namespace, "jobs");
    assert.deepEqual(pod.metadata?.labels, {
      [LABEL.cluster]: "cluster-1",
      [LABEL.pod]: ID,
      [LABEL.job]: "6f9619ff-8b86-4d01-b42d-00c04fc964ff.12",
      [LABEL.batchJob]: "6f9619ff-8b86-4d01-b42d-00c04fc964ff.12",
      [LABEL.epoch]: "7",
    });
    assert.deepEqual(pod.metadata?.finalizers, [FINALIZER]);
    assert.deepEqual(JSON.parse(pod.metadata?.annotations?.[ANNOTATION.members] ?? ""), [
      { attemptId: ID, container: "default", isInit: false },
    ]);
    assert.deepEqual(pod.spec, {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          name: "default",
          image: "busybox",
          args: ["true"],
          env: [],
          resources: { requests: { cpu: "1500m", memory: "256Mi" }, limits: { memory: "256Mi" } },
        },
      ],
    });
  });

  test("labels have values that Kubernetes takes", () => {
    for (const text of ["a:b", "node#3", `${"x".repeat(62)}::::`, "_x_", "ünï", ""])
      assert.match(labelValue(text), /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/, text);
    assert.ok(labelValue("y".repeat(80)).length <= 63);
  });

  test("Kubernetes replaces no variables a second time", () => {
    const { container } = made(
      { command: ["echo", "$(HOME)", "$$", "$1"] },
      { entrypoint: ["sh", "$(X)"], environment: { A: "$(B)", C: "d" } },
    );
    assert.deepEqual(container.args, ["echo", "$$(HOME)", "$$$$", "$$1"]);
    assert.deepEqual(container.command, ["sh", "$$(X)"]);
    assert.deepEqual(container.env, [
      { name: "A", value: "$$(B)" },
      { name: "C", value: "d" },
    ]);
  });

  test("no image is the default image", () => {
    assert.equal(made({ image: "scratch" }).container.image, "busybox:1");
  });
});

describe("containerProperties and ecsProperties", () => {
  const sayable: readonly (readonly [string, ContainerProperties, Partial<AttemptSpec>, object, object])[] = [
    ["user", { user: "1000:100" }, {}, { securityContext: { runAsUser: 1000, runAsGroup: 100 } }, {}],
    ["root", { user: "root" }, {}, { securityContext: { runAsUser: 0 } }, {}],
    ["privileged", { privileged: true }, {}, { securityContext: { privileged: true } }, {}],
    [
      "readonlyRootFilesystem",
      { readonlyRootFilesystem: true },
      {},
      { securityContext: { readOnlyRootFilesystem: true } },
      {},
    ],
    ["noNewPrivileges", {}, { noNewPrivileges: true }, { securityContext: { allowPrivilegeEscalation: false } }, {}],
    ["pullPolicy", {}, { pullPolicy: "Always" }, { imagePullPolicy: "Always" }, {}],
    [
      "a ceiling of processors",
      {},
      { vcpuCeilingMilli: 2000 },
      { resources: { requests: { cpu: "1500m", memory: "256Mi" }, limits: { cpu: "2000m", memory: "256Mi" } } },
      {},
    ],
    [
      "GPUs and ephemeralStorage",
      { resourceRequirements: [{ type: "GPU", value: "2" }], ephemeralStorage: { sizeInGiB: 30 } },
      {},
      {
        resources: {
          requests: { cpu: "1500m", memory: "256Mi", "ephemeral-storage": "30Gi" },
          limits: { memory: "256Mi", "nvidia.com/gpu": "2", "ephemeral-storage": "30Gi" },
        },
      },
      {},
    ],
    [
      "volumes",
      {
        volumes: [
          { name: "Host_1", host: { sourcePath: "/data" } },
          { name: "own", host: {} },
          { name: "efs", efsVolumeConfiguration: { fileSystemId: "fs-1", rootDirectory: "../sub" } },
          { name: "unused", host: { sourcePath: "/no" } },
        ],
        mountPoints: [
          { sourceVolume: "Host_1", containerPath: "/a", readOnly: true },
          { sourceVolume: "own", containerPath: "/b" },
          { sourceVolume: "efs", containerPath: "/c" },
        ],
      },
      {},
      {
        volumeMounts: [
          { name: "volume-0", mountPath: "/a", readOnly: true },
          { name: "volume-1", mountPath: "/b" },
          { name: "volume-2", mountPath: "/c" },
        ],
      },
      {
        volumes: [
          { name: "volume-0", hostPath: { path: "/data" } },
          { name: "volume-1", emptyDir: {} },
          { name: "volume-2", hostPath: { path: "/mnt/fs-1/sub", type: "Directory" } },
        ],
      },
    ],
    [
      "shared memory and tmpfs",
      {
        linuxParameters: {
          sharedMemorySize: 64,
          tmpfs: [{ containerPath: "/t", size: 8 }],
          initProcessEnabled: true,
          maxSwap: 0,
        },
      },
      {},
      {
        volumeMounts: [
          { name: "tmpfs-0-0", mountPath: "/t" },
          { name: "shm-0", mountPath: "/dev/shm" },
        ],
      },
      {
        volumes: [
          { name: "tmpfs-0-0", emptyDir: { medium: "Memory", sizeLimit: "8Mi" } },
          { name: "shm-0", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
        ],
      },
    ],
    [
      "runtimePlatform",
      { runtimePlatform: { cpuArchitecture: "ARM64", operatingSystemFamily: "LINUX" } },
      {},
      {},
      { nodeSelector: { "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" } },
    ],
    ["networkMode host", {}, { networkMode: "host" }, {}, { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }],
    ["pidMode host", {}, { pidMode: "host" }, {}, { hostPID: true }],
    ["pidMode task", {}, { pidMode: "task" }, {}, { shareProcessNamespace: true }],
    ["ipcMode host", {}, { ipcMode: "host" }, {}, { hostIPC: true }],
    [
      "secrets, by reference only, and not before they are there",
      { secrets: [{ name: "TOKEN", valueFrom: "arn:x" }] },
      {},
      { env: [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: `${podName(ID)}.variables`, key: "0-0" } } }] },
      { schedulingGates: [{ name: "longshore.dev/secrets" }] },
    ],
    [
      "repositoryCredentials",
      { repositoryCredentials: { credentialsParameter: "arn:x" } },
      {},
      {},
      { imagePullSecrets: [{ name: `${podName(ID)}.login` }], schedulingGates: [{ name: "longshore.dev/secrets" }] },
    ],
  ];
  for (const [name, properties, more, container, pod] of sayable) {
    test(name, () => {
      const it = made(properties, more);
      assert.partialDeepStrictEqual(it.container, container);
      assert.partialDeepStrictEqual(it.pod, pod);
    });
  }

  const unsayable: readonly (readonly [string, ContainerProperties, Partial<AttemptSpec>])[] = [
    ["user nobody", { user: "nobody" }, {}],
    ["ulimits nofile", { ulimits: [{ name: "nofile", softLimit: 1, hardLimit: 1 }] }, {}],
    ["linuxParameters.devices /dev/fuse", { linuxParameters: { devices: [{ hostPath: "/dev/fuse" }] } }, {}],
    ["linuxParameters.maxSwap 5", { linuxParameters: { maxSwap: 5 } }, {}],
    ["logConfiguration.logDriver splunk", { logConfiguration: { logDriver: "splunk" } }, {}],
    ["noexec", { linuxParameters: { tmpfs: [{ containerPath: "/t", size: 1, mountOptions: ["noexec"] }] } }, {}],
  ];
  for (const [name, properties, more] of unsayable) {
    test(`refused: ${name}`, () => {
      assert.throws(
        () => podSpec(properties, more),
        (error: Error) => {
          assert.match(error.message, /^CannotStartContainerError: a pod cannot .+: /);
          return error.message.endsWith(name);
        },
      );
    });
  }

  test("refused: a file system that no directory stands for", () => {
    const properties = {
      volumes: [{ name: "efs", efsVolumeConfiguration: { fileSystemId: "fs-9" } }],
      mountPoints: [{ sourceVolume: "efs", containerPath: "/c" }],
    };
    assert.throws(() => podSpec(properties), /^Refusal: ResourceInitializationError: .*fs-9/);
  });
});

describe("containers of a task", () => {
  const task = (...parts: Partial<PodPart>[]) =>
    podManifest(
      parts.map((more, index) =>
        spec(
          { resourceRequirements: index === 0 ? [{ type: "MEMORY", value: "256" }] : [] },
          {
            attemptId: String(index).repeat(32),
            pod: part(index, parts.length, more),
          },
        ),
      ),
      SETTINGS,
    );

  test("those whose success others wait for are init containers; the others begin in the order of their starts", () => {
    const pod = task(
      { dependsOn: [{ unit: 2, condition: "START" }] },
      {},
      { dependsOn: [{ unit: 1, condition: "SUCCESS" }] },
    );
    assert.deepEqual(
      pod.spec?.initContainers?.map(({ name }) => name),
      ["c1"],
    );
    assert.deepEqual(
      pod.spec?.containers.map(({ name }) => name),
      ["c2", "c0"],
    );
    assert.deepEqual(JSON.parse(pod.metadata!.annotations![ANNOTATION.members]!), [
      { attemptId: "1".repeat(32), container: "c1", isInit: true },
      { attemptId: "2".repeat(32), container: "c2", isInit: false },
      { attemptId: "0".repeat(32), container: "c0", isInit: false },
    ]);
  });

  test("a container without memory of its own needs none, and may use what all have", () => {
    const [first, second] = task({}, {}).spec!.containers;
    assert.equal(first?.resources?.requests?.["memory"], "256Mi");
    assert.deepEqual(second?.resources?.requests, { cpu: "1500m", memory: "0" });
    assert.equal(second?.resources?.limits?.["memory"], "256Mi");
  });

  test("names that Kubernetes does not take are replaced", () => {
    const names = task({ name: "My_Container" }, { name: "container-0" }).spec!.containers.map(({ name }) => name);
    assert.deepEqual(names, ["container-0-0", "container-0"]);
  });

  for (const [why, parts] of [
    ["COMPLETE of c1", [{ dependsOn: [{ unit: 1, condition: "COMPLETE" }] }, {}]],
    [
      "START of c2",
      [{ dependsOn: [{ unit: 1, condition: "SUCCESS" }] }, { dependsOn: [{ unit: 2, condition: "START" }] }, {}],
    ],
  ] as const) {
    test(`refused: ${why}`, () => {
      assert.throws(
        () => task(...(parts as unknown as Partial<PodPart>[])),
        new RegExp(`CannotStartContainerError: a pod cannot .*${why}$`),
      );
    });
  }
});

describe("eksProperties", () => {
  const properties: EksPodProperties = {
    serviceAccountName: "runner",
    hostNetwork: true,
    imagePullSecrets: [{ name: "registry" }],
    shareProcessNamespace: true,
    metadata: { labels: { team: "a", [LABEL.cluster]: "forged" }, annotations: { note: "b" } },
    volumes: [
      { name: "e", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
      { name: "h", hostPath: { path: "/h" } },
      { name: "s", secret: { secretName: "sec", optional: true } },
      { name: "p", persistentVolumeClaim: { claimName: "claim", readOnly: true } },
    ],
    initContainers: [{ name: "init", image: "i:1" }],
    containers: [
      {
        name: "main",
        image: "m:1",
        imagePullPolicy: "IfNotPresent",
        resources: {
          requests: { cpu: "0.5", memory: "64Mi" },
          limits: { cpu: "1", memory: "128Mi", "nvidia.com/gpu": "1" },
        },
        volumeMounts: [{ name: "e", mountPath: "/e", subPath: "x", readOnly: false }],
        securityContext: {
          runAsUser: 1,
          runAsGroup: 2,
          runAsNonRoot: true,
          privileged: false,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
        },
      },
    ],
  };
  const pod = podManifest(
    [
      spec({ image: "i:1" }, { attemptId: "1".repeat(32), pod: part(0, 2, { name: "init", properties }) }),
      spec(
        { image: "m:1", command: ["arg"] },
        {
          attemptId: "2".repeat(32),
          entrypoint: ["prog"],
          environment: { A: "b" },
          pod: part(1, 2, { name: "main", properties, dependsOn: [{ unit: 0, condition: "SUCCESS" }] }),
        },
      ),
    ],
    SETTINGS,
  );

  test("every member is in the pod", () => {
    assert.deepEqual(pod.spec, {
      restartPolicy: "Never",
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 30,
      serviceAccountName: "runner",
      hostNetwork: true,
      dnsPolicy: "ClusterFirstWithHostNet",
      imagePullSecrets: [{ name: "registry" }],
      shareProcessNamespace: true,
      volumes: properties.volumes,
      initContainers: [{ name: "init", image: "i:1", env: [] }],
      containers: [
        { ...properties.containers![0], command: ["prog"], args: ["arg"], env: [{ name: "A", value: "b" }] },
      ],
    });
  });

  test("metadata of the job's own never hide ours", () => {
    assert.equal(pod.metadata?.labels?.["team"], "a");
    assert.equal(pod.metadata?.labels?.[LABEL.cluster], "cluster-1");
    assert.equal(pod.metadata?.annotations?.["note"], "b");
  });

  test("dnsPolicy is taken where it is said", () => {
    const said = { ...properties, dnsPolicy: "Default", hostNetwork: false };
    const made = podManifest(
      [spec({}, { pod: part(0, 1, { properties: { ...said, initContainers: [] } }) })],
      SETTINGS,
    );
    assert.equal(made.spec?.dnsPolicy, "Default");
    assert.equal(made.spec?.hostNetwork, undefined);
  });
});

describe("nodes of a multi-node parallel job", () => {
  const each = { vcpuMilli: 1000, memoryMiB: 128, gpus: 0 };
  const node = (index: number) =>
    podManifest(
      [
        spec(
          {},
          {
            node: { id: "c".repeat(32), index, count: 3, each },
            environment: { AWS_BATCH_JOB_MAIN_NODE_INDEX: "1" },
          },
        ),
      ],
      SETTINGS,
    );

  test("the main node alone waits at a gate", () => {
    assert.deepEqual(node(1).spec?.schedulingGates, [{ name: "longshore.dev/room" }]);
    assert.equal(node(0).spec?.schedulingGates, undefined);
    assert.deepEqual(JSON.parse(node(1).metadata!.annotations![ANNOTATION.gang]!), {
      ...{ id: "c".repeat(32), index: 1, count: 3, each, isMain: true },
    });
  });
});
