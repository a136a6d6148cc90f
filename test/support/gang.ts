import type { Requirements, Scheduling } from "../../src/core/job.ts";

/** A multi-node job whose nodes are alike, each of one container. */
export function gang(count: number, vcpus: number): Partial<Scheduling> {
  const each: Requirements = { vcpuMilli: vcpus * 1000, memoryMiB: 512, gpus: 0 };
  const units = Array.from({ length: count }, (_, node) => ({ name: "n", node, essential: true, dependsOn: [] }));
  const together = { vcpuMilli: count * each.vcpuMilli, memoryMiB: count * each.memoryMiB, gpus: 0 };
  return { requirements: together, nodes: { count, main: 0 }, eachNode: each, units };
}
