import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceTypeFor } from "../../src/api/ec2/instance-type.ts";
import { instanceTypes } from "../../src/catalog/instance-types.ts";

test("the smallest EC2 type that a machine could be, the cheapest of equals", () => {
  const cases = [
    [1, 1, "x86_64", "t2.micro"],
    [2, 4, "x86_64", "t3a.medium"],
    [2, 4.1, "x86_64", "c5n.large"],
    [3, 5, "arm64", "c6g.xlarge"],
    [8, 31.2, "arm64", "t4g.2xlarge"],
    [16, 64, "x86_64", "m5a.4xlarge"],
  ] as const;
  const known = new Map(instanceTypes().map((type) => [type.name, type]));
  for (const [vcpus, gib, architecture, expected] of cases) {
    const size = { vcpuMilli: vcpus * 1000, memoryMiB: gib * 1024 };
    assert.equal(instanceTypeFor(size, architecture), expected);
    const { vcpus: has, memoryMiB, architectures } = known.get(expected)!;
    assert.ok(has >= vcpus && memoryMiB >= gib * 1024 && architectures.includes(architecture));
  }
  const largest = known.get(instanceTypeFor({ vcpuMilli: 10 ** 9, memoryMiB: 10 ** 9 }, "x86_64"))!;
  assert.ok(largest.vcpus >= 192);
});
