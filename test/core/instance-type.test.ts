import assert from "node:assert/strict";
import { test } from "node:test";
import type { Architecture } from "../../src/core/instance-type.ts";
import { instanceTypeFor } from "../../src/core/instance-type.ts";

test("the smallest EC2 type that a machine could be", () => {
  const cases: [vcpus: number, gib: number, Architecture, string][] = [
    [0, 0, "x86_64", "c7i.large"],
    [1, 1, "arm64", "c7g.medium"],
    [2, 4, "x86_64", "c7i.large"],
    [2, 4.1, "x86_64", "m7i.large"],
    [2, 15.5, "x86_64", "r7i.large"],
    [2, 16.1, "x86_64", "r7i.xlarge"],
    [8, 16, "arm64", "c7g.2xlarge"],
    [10, 30, "x86_64", "c7i.4xlarge"],
    [64, 512, "x86_64", "r7i.16xlarge"],
    [64, 600, "arm64", "r7g.16xlarge"],
    [192, 9_999, "x86_64", "r7i.48xlarge"],
  ];
  for (const [vcpus, gib, architecture, type] of cases) {
    assert.equal(instanceTypeFor({ vcpuMilli: vcpus * 1000, memoryMiB: gib * 1024 }, architecture), type);
  }
});
