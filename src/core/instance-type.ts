import type { Capacity } from "./resources.ts";

export type Architecture = "x86_64" | "arm64";

/** vCPUs by the name of the size. */
const SIZES_BY_ARCHITECTURE: Readonly<Record<Architecture, Readonly<Record<string, number>>>> = {
  x86_64: {
    ...{ large: 2, xlarge: 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64 },
    ...{ "24xlarge": 96, "48xlarge": 192 },
  },
  arm64: { medium: 1, large: 2, xlarge: 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64 },
};

/** EC2's families without local disks and GPUs, all of one generation, by GiB for each vCPU: compute, general purpose, memory. */
const FAMILIES_BY_ARCHITECTURE: Readonly<
  Record<Architecture, readonly (readonly [name: string, gibPerVcpu: number])[]>
> = {
  x86_64: [
    ["c7i", 2],
    ["m7i", 4],
    ["r7i", 8],
  ],
  arm64: [
    ["c7g", 2],
    ["m7g", 4],
    ["r7g", 8],
  ],
};

/** The smallest EC2 instance type that a machine of this size could be: it holds as much, or it is the largest. */
export function instanceTypeFor(size: Capacity, architecture: Architecture): string {
  const types = Object.entries(SIZES_BY_ARCHITECTURE[architecture]).flatMap(([name, vcpus]) =>
    FAMILIES_BY_ARCHITECTURE[architecture].map(([family, gibPerVcpu]) => ({
      name: `${family}.${name}`,
      vcpuMilli: vcpus * 1000,
      memoryMiB: vcpus * gibPerVcpu * 1024,
    })),
  );
  const bySize = types.sort((a, b) => a.vcpuMilli - b.vcpuMilli || a.memoryMiB - b.memoryMiB);
  const holding = bySize.find((type) => type.vcpuMilli >= size.vcpuMilli && type.memoryMiB >= size.memoryMiB);
  return (holding ?? bySize.at(-1)!).name;
}
