import assert from "node:assert/strict";
import { test } from "node:test";
import type { EksContainer } from "@aws-sdk/client-batch";
import { mergeContainer, mergePod, mergeTask } from "../../src/core/submission/overrides.ts";
import { containerRequirements } from "../../src/core/submission/requirements.ts";

test("an override's command replaces the definition's, unless it is empty", () => {
  assert.deepEqual(mergeContainer({ command: ["old"] }, { command: ["a", "b"] }).command, ["a", "b"]);
  assert.deepEqual(mergeContainer({ command: ["old"] }, { command: [] }).command, ["old"]);
});

test("environments merge by name; an override can blank a variable", () => {
  const definition = {
    environment: [
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ],
  };
  const merged = mergeContainer(definition, {
    environment: [
      { name: "B", value: "" },
      { name: "C", value: "3" },
    ],
  });
  assert.deepEqual(merged.environment, [
    { name: "A", value: "1" },
    { name: "B", value: "" },
    { name: "C", value: "3" },
  ]);
});

test("resourceRequirements override by type", () => {
  const definition = {
    resourceRequirements: [
      { type: "VCPU" as const, value: "1" },
      { type: "MEMORY" as const, value: "512" },
    ],
  };
  const merged = mergeContainer(definition, { resourceRequirements: [{ type: "MEMORY", value: "2048" }] });
  assert.deepEqual(containerRequirements(merged), { vcpuMilli: 1000, memoryMiB: 2048, gpus: 0 });
});

test("the deprecated members override only each other", () => {
  const old = mergeContainer({ vcpus: 1, memory: 512 }, { vcpus: 2 });
  assert.deepEqual(containerRequirements(old), { vcpuMilli: 2000, memoryMiB: 512, gpus: 0 });
  const definition = { resourceRequirements: [{ type: "VCPU" as const, value: "1" }], memory: 512 };
  assert.deepEqual(containerRequirements(mergeContainer(definition, { vcpus: 8, memory: 1024 })), {
    vcpuMilli: 1000,
    memoryMiB: 1024,
    gpus: 0,
  });
  const replaced = mergeContainer({ vcpus: 4 }, { resourceRequirements: [{ type: "VCPU", value: "1" }] });
  assert.equal(containerRequirements(replaced).vcpuMilli, 1000);
});

test("a task's containers are overridden by name, each in its own way", () => {
  const definition = {
    taskProperties: [
      {
        volumes: [],
        containers: [
          { name: "a", image: "i", command: ["old"], resourceRequirements: [{ type: "VCPU" as const, value: "1" }] },
          { name: "b", image: "j", environment: [{ name: "X", value: "1" }] },
          { name: "c", image: "k" },
        ],
      },
    ],
  };
  const merged = mergeTask(definition, {
    taskProperties: [
      {
        containers: [
          { name: "b", environment: [{ name: "X", value: "2" }] },
          { name: "a", command: ["new"], resourceRequirements: [{ type: "VCPU", value: "2" }] },
        ],
      },
    ],
  });
  assert.deepEqual(merged, {
    taskProperties: [
      {
        volumes: [],
        containers: [
          { name: "a", image: "i", command: ["new"], resourceRequirements: [{ type: "VCPU", value: "2" }] },
          { name: "b", image: "j", environment: [{ name: "X", value: "2" }] },
          { name: "c", image: "k" },
        ],
      },
    ],
  });
});

function onlyContainer(container: EksContainer, override: object): EksContainer {
  const merged = mergePod(
    { podProperties: { containers: [container] } },
    { podProperties: { containers: [override] } },
  );
  return merged.podProperties!.containers![0]!;
}

test("a pod's containers: image, command, args, variables by name; a container that is alone needs no name", () => {
  const container = { image: "i", command: ["c"], args: ["a"], env: [{ name: "X", value: "1" }] };
  const override = { image: "j", command: ["d"], args: ["b"], env: [{ name: "Y", value: "2" }] };
  const merged = {
    image: "j",
    command: ["d"],
    args: ["b"],
    env: [
      { name: "X", value: "1" },
      { name: "Y", value: "2" },
    ],
  };
  assert.deepEqual(onlyContainer(container, override), merged);
  assert.deepEqual(onlyContainer(container, { ...override, name: "any" }), merged);
  assert.deepEqual(onlyContainer({ ...container, name: "n" }, override), { ...merged, name: "n" });
  assert.deepEqual(onlyContainer({ ...container, name: "n" }, { ...override, name: "m" }), { ...container, name: "n" });
});

test("a pod's resources: what the override names of a kind replaces limit and request of that kind", () => {
  const resources = { limits: { cpu: "2", memory: "64Mi" }, requests: { cpu: "1", memory: "64Mi" } };
  assert.deepEqual(onlyContainer({ image: "i", resources }, { resources: { limits: { memory: "128Mi" } } }).resources, {
    limits: { cpu: "2", memory: "128Mi" },
    requests: { cpu: "1" },
  });
  assert.deepEqual(onlyContainer({ image: "i" }, { resources: { requests: { cpu: "1" } } }).resources, {
    requests: { cpu: "1" },
  });
});

test("a pod's metadata: labels and annotations by key, the namespace as a whole; init containers by name", () => {
  const merged = mergePod(
    {
      podProperties: {
        metadata: { labels: { a: "1", b: "1" }, namespace: "one" },
        initContainers: [
          { name: "x", image: "i" },
          { name: "y", image: "j" },
        ],
      },
    },
    {
      podProperties: {
        metadata: { labels: { b: "2" }, annotations: { c: "3" } },
        initContainers: [{ name: "y", image: "k" }],
      },
    },
  );
  assert.deepEqual(merged, {
    podProperties: {
      metadata: { labels: { a: "1", b: "2" }, annotations: { c: "3" }, namespace: "one" },
      initContainers: [
        { name: "x", image: "i" },
        { name: "y", image: "k" },
      ],
    },
  });
});
