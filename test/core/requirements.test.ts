import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { containerRequirements, totalRequirements } from "../../src/core/submission/requirements.ts";

test("fractions of a vCPU are whole milli-vCPU", () => {
  for (const [value, vcpuMilli] of [
    ["0.25", 250],
    ["0.5", 500],
    ["16", 16_000],
    ["0.1", 100],
  ] as const) {
    assert.equal(containerRequirements({ resourceRequirements: [{ type: "VCPU", value }] }).vcpuMilli, vcpuMilli);
  }
});

function container(vcpus: string, memory: string, gpus?: string): ContainerProperties & { image: string } {
  return {
    image: "i",
    resourceRequirements: [
      { type: "VCPU", value: vcpus },
      { type: "MEMORY", value: memory },
      ...(gpus === undefined ? [] : [{ type: "GPU" as const, value: gpus }]),
    ],
  };
}

test("a task needs what its containers need together", () => {
  const ecsProperties = { taskProperties: [{ containers: [container("0.75", "100"), container("0.5", "28", "1")] }] };
  assert.deepEqual(totalRequirements({ ecsProperties }), { vcpuMilli: 1250, memoryMiB: 128, gpus: 1 });
});

test("a pod needs what its containers need together, or one of its init containers where that is more", () => {
  const pod = (cpu: string, memory: string, resource: "limits" | "requests" = "requests") => ({
    image: "i",
    resources: { [resource]: { cpu, memory } },
  });
  const eksProperties = {
    podProperties: {
      containers: [pod("0.25", "100Mi"), pod("1", "100Mi", "limits")],
      initContainers: [pod("4", "16Mi"), pod("0.25", "128Mi")],
    },
  };
  assert.deepEqual(totalRequirements({ eksProperties }), { vcpuMilli: 4000, memoryMiB: 200, gpus: 0 });
});

test("nodes need what each of them needs, by the narrowest range that it is in", () => {
  const nodeRangeProperties = [
    { targetNodes: "0:", container: container("1", "10") },
    { targetNodes: "2:3", container: container("4", "40") },
    { targetNodes: "3", ecsProperties: { taskProperties: [{ containers: [container("8", "80")] }] } },
  ];
  const nodeProperties = { numNodes: 5, mainNode: 0, nodeRangeProperties };
  assert.deepEqual(totalRequirements({ nodeProperties }), { vcpuMilli: 15_000, memoryMiB: 150, gpus: 0 });
});
