import type { Requirements } from "../job.ts";

/**
 * Which part of an instance's price what is asked of it comes to: 0 to 1. As AWS's split cost allocation data divide it: a GPU weighs as much as 10 vCPUs,
 * a vCPU as much as 9 GiB, whatever is used of them. What nobody asks for is in nobody's part.
 */
export function partOfPrice(asked: Requirements, whole: Requirements): number {
  return weightOf(asked) / weightOf(whole);
}

/** In 1/1000 of 1/1024 of a GiB's weight: whole numbers. */
function weightOf({ vcpuMilli, memoryMiB, gpus }: Requirements): number {
  return 90 * gpus * 1000 * 1024 + 9 * vcpuMilli * 1024 + memoryMiB * 1000;
}
