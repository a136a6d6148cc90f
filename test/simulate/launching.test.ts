import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceType, Launching } from "../../src/core/instances/instance.ts";
import { JsonObject } from "../../src/input/json-object.ts";
import { readLaunching } from "../../src/sim/cluster/launching.ts";

function read(resources: object, type: "EC2" | "SPOT" = "EC2"): Launching {
  return readLaunching(type, 256, JsonObject.parse(JSON.stringify(resources)));
}

function familiesOf({ types }: Launching): string[] {
  return [...new Set(types.map(({ name }) => name.split(".")[0]!))].toSorted();
}

test("a type: its size, its price, and of its memory what jobs can use", () => {
  assert.deepEqual(read({ instanceTypes: ["m5.large"] }).types, [
    {
      ...{ name: "m5.large", vcpuMilli: 2_000, memoryMiB: 7_750, gpus: 0 },
      ...{ architecture: "X86_64", microUsdPerHour: 96_000 },
    } satisfies InstanceType,
  ]);
});

test("what is not given is what AWS takes (reference 6.4)", () => {
  const { types, ...rest } = read({});
  assert.deepEqual(familiesOf({ types, ...rest }), ["c6i", "c7i", "m6i", "r6i"]);
  assert.deepEqual(rest, {
    ...{ strategy: "BEST_FIT", isSpot: false, minVcpuMilli: 0, desiredVcpuMilli: 0, scaleDownDelayMs: 0 },
  });
});

test("a family is all its sizes but bare metal, which is there by its own name only", () => {
  const family = new Set(read({ instanceTypes: ["m5"] }).types.map(({ name }) => name));
  assert.ok(family.has("m5.large") && family.has("m5.24xlarge") && !family.has("m5.metal"));
  assert.equal(read({ instanceTypes: ["m5.metal"] }).types[0]?.name, "m5.metal");
});

test("with an ordered strategy a family has its place in the list, and a type that is named its own", () => {
  const { ranks } = read({
    instanceTypes: ["c5", "m5.large", "c5.large"],
    allocationStrategy: "BEST_FIT_PROGRESSIVE_ORDERED",
  });
  assert.deepEqual(
    ["c5.xlarge", "m5.large", "c5.large"].map((name) => ranks?.get(name)),
    [0, 1, 2],
  );
});

test("bounds and the delay of scaling in", () => {
  const { minVcpuMilli, desiredVcpuMilli, scaleDownDelayMs, isSpot } = read(
    { minvCpus: 4, desiredvCpus: 8, scalingPolicy: { minScaleDownDelayMinutes: 20 } },
    "SPOT",
  );
  assert.deepEqual([minVcpuMilli, desiredVcpuMilli, scaleDownDelayMs, isSpot], [4_000, 8_000, 1_200_000, true]);
});

for (const [resources, problem] of [
  [
    { instanceTypes: ["m5", "z99"] },
    'instanceTypes has "z99", which is no instance type or family whose price is known.',
  ],
  [
    { allocationStrategy: "SPOT_CAPACITY_OPTIMIZED" },
    "allocationStrategy must be one of BEST_FIT, BEST_FIT_PROGRESSIVE, BEST_FIT_PROGRESSIVE_ORDERED.",
  ],
] as const) {
  test(`an error names its member: ${problem}`, () => {
    assert.throws(() => read(resources), { name: "InputError", message: problem });
  });
}
