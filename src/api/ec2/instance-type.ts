import type { InstanceType } from "../../catalog/instance-types.ts";
import { instanceTypes } from "../../catalog/instance-types.ts";
import type { Capacity } from "../../core/resources.ts";
import type { Machine } from "../../ports/machine.ts";

const found = new Map<string, string>();

/** The smallest current EC2 instance type that a machine of this size could be, the cheapest of equals: it holds as much, or it is the largest. */
export function instanceTypeFor(size: Capacity, architecture: Machine["architecture"]): string {
  const key = `${size.vcpuMilli} ${size.memoryMiB} ${architecture}`;
  const known = found.get(key);
  if (known !== undefined) return known;
  const candidates = instanceTypes().filter((type) => isOrdinary(type) && type.architectures.includes(architecture));
  const bySize = candidates.sort(
    (a, b) => a.vcpus - b.vcpus || a.memoryMiB - b.memoryMiB || priceOf(a) - priceOf(b) || (a.name < b.name ? -1 : 1),
  );
  const holds = ({ vcpus, memoryMiB }: InstanceType): boolean =>
    vcpus * 1000 >= size.vcpuMilli && memoryMiB >= size.memoryMiB;
  const { name } = bySize.find(holds) ?? bySize.at(-1)!;
  if (found.size >= MAX_REMEMBERED) found.clear();
  found.set(key, name);
  return name;
}

/** As many as there are environments of different sizes. */
const MAX_REMEMBERED = 1_000;

function isOrdinary({ isCurrent, isBareMetal, gpus }: InstanceType): boolean {
  return isCurrent && !isBareMetal && gpus === 0;
}

function priceOf({ pricePerHour = Number.POSITIVE_INFINITY }: InstanceType): number {
  return pricePerHour;
}
