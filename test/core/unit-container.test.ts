import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobProperties } from "../../src/core/submission/job-properties.ts";
import { unitContainer } from "../../src/core/tasks/unit-container.ts";
import { unitsOf } from "../../src/core/tasks/units.ts";

/** As it goes into a request: without what is undefined. */
function containersOf(properties: JobProperties): unknown {
  const units = unitsOf(properties, "d")!;
  return JSON.parse(JSON.stringify(units.map((unit) => unitContainer(properties, unit))));
}

test("a task's container brings its task's volumes and roles, and not what concerns the task alone", () => {
  const volumes = [{ name: "v", host: { sourcePath: "/data" } }];
  const container = {
    image: "busybox",
    command: ["true"],
    environment: [{ name: "A", value: "1" }],
    mountPoints: [{ sourceVolume: "v", containerPath: "/data" }],
    user: "1000",
    privileged: true,
    readonlyRootFilesystem: true,
    ulimits: [{ name: "nofile", softLimit: 1, hardLimit: 1 }],
    linuxParameters: { sharedMemorySize: 1 },
    logConfiguration: { logDriver: "awslogs" as const },
  };
  const ecsProperties = {
    taskProperties: [
      {
        volumes,
        taskRoleArn: "role",
        executionRoleArn: "execution",
        containers: [{ name: "a", essential: false, startTimeout: 2, stopTimeout: 2, dependsOn: [], ...container }],
      },
    ],
  };
  const expected = { ...container, volumes, jobRoleArn: "role", executionRoleArn: "execution" };
  assert.deepEqual(containersOf({ ecsProperties }), [{ container: expected }]);
});

test("a pod's container: its command is the entrypoint, its args the command, and its volumes as ECS has them", () => {
  const eksProperties = {
    podProperties: {
      volumes: [
        { name: "host", hostPath: { path: "/data" } },
        { name: "empty", emptyDir: {} },
        { name: "secret", secret: { secretName: "s" } },
      ],
      containers: [
        {
          image: "busybox",
          command: ["sh", "-c"],
          args: ["echo"],
          env: [{ name: "A", value: "1" }],
          resources: { limits: { cpu: "0.5", memory: "64Mi", "nvidia.com/gpu": "1" } },
          securityContext: { runAsUser: 1, runAsGroup: 2, privileged: false, readOnlyRootFilesystem: true },
          volumeMounts: [
            { name: "host", mountPath: "/sub", subPath: "a/b", readOnly: true },
            { name: "empty", mountPath: "/empty" },
            { name: "secret", mountPath: "/secret" },
          ],
        },
      ],
    },
  };
  assert.deepEqual(containersOf({ eksProperties }), [
    {
      container: {
        image: "busybox",
        command: ["echo"],
        environment: [{ name: "A", value: "1" }],
        resourceRequirements: [
          { type: "VCPU", value: "0.5" },
          { type: "MEMORY", value: "64" },
          { type: "GPU", value: "1" },
        ],
        volumes: [
          { name: "host/a/b", host: { sourcePath: "/data/a/b" } },
          { name: "empty", host: {} },
        ],
        mountPoints: [
          { sourceVolume: "host/a/b", containerPath: "/sub", readOnly: true },
          { sourceVolume: "empty", containerPath: "/empty" },
        ],
        privileged: false,
        readonlyRootFilesystem: true,
        user: "1:2",
      },
      entrypoint: ["sh", "-c"],
      expandsVariables: true,
    },
  ]);
});

test("what a pod says of its image, its network and its privileges; what it leaves out stays out", () => {
  const containers = [
    { image: "a", imagePullPolicy: "Always", securityContext: { allowPrivilegeEscalation: false } },
    { name: "b", image: "b", securityContext: { allowPrivilegeEscalation: true } },
  ];
  const podProperties = { hostNetwork: true, imagePullSecrets: [{ name: "one" }, { name: "two" }], containers };
  const ofPod = { expandsVariables: true, networkMode: "host", pullSecrets: ["one", "two"] };
  const besidesContainers = (properties: JobProperties) =>
    (containersOf(properties) as Record<string, unknown>[]).map((one) => ({ ...one, container: undefined }));
  assert.deepEqual(besidesContainers({ eksProperties: { podProperties } }), [
    { ...ofPod, pullPolicy: "Always", noNewPrivileges: true, container: undefined },
    { ...ofPod, container: undefined },
  ]);
  const plain = { podProperties: { hostNetwork: false, containers: [{ image: "a" }] } };
  assert.deepEqual(besidesContainers({ eksProperties: plain }), [{ expandsVariables: true, container: undefined }]);
});

test("a task on the machine's network", () => {
  const ecsProperties = { taskProperties: [{ networkMode: "host", containers: [{ name: "a", image: "a" }] }] };
  assert.deepEqual(containersOf({ ecsProperties }), [{ container: { image: "a" }, networkMode: "host" }]);
});

test("a node's container is that of its range", () => {
  const nodeRangeProperties = [
    { targetNodes: "0:", container: { image: "wide" } },
    { targetNodes: "1", container: { image: "narrow" } },
  ];
  const nodeProperties = { numNodes: 3, mainNode: 0, nodeRangeProperties };
  assert.deepEqual(
    containersOf({ nodeProperties }),
    ["wide", "narrow", "wide"].map((image) => ({ container: { image } })),
  );
});
