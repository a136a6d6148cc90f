import type { InstanceType as CatalogType } from "../../catalog/instance-types.ts";
import { instanceTypes } from "../../catalog/instance-types.ts";
import type { AllocationStrategy, InstanceType, Launching } from "../../core/instances/instance.ts";
import type { JsonObject } from "./json-object.ts";

const STRATEGIES = {
  EC2: ["BEST_FIT", "BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED"],
  SPOT: [
    "BEST_FIT",
    "BEST_FIT_PROGRESSIVE",
    "SPOT_CAPACITY_OPTIMIZED",
    "SPOT_PRICE_CAPACITY_OPTIMIZED",
    "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED",
  ],
} as const satisfies Record<string, readonly AllocationStrategy[]>;

/** Reference 6.4. */
const BUNDLES: ReadonlyMap<string, readonly string[]> = new Map([
  ["optimal", ["m6i", "c6i", "r6i", "c7i"]],
  ["default_x86_64", ["m6i", "c6i", "r6i", "c7i"]],
  ["default_arm64", ["m6g", "c6g", "r6g", "c7g"]],
]);

const MINUTE_MS = 60_000;

/** Reads what an environment may launch, as CreateComputeEnvironment has it (reference 6.4, 6.5). `resources` is not ended. */
export function readLaunching(type: "EC2" | "SPOT", maxVcpus: number, resources: JsonObject): Launching {
  const names = resources.optional("instanceTypes", (member) => resources.strings(member)) ?? ["optimal"];
  if (names.length === 0) resources.fail("instanceTypes", "must have an instance type or family at least.");
  const strategy = resources.optional("allocationStrategy", (member) => resources.choice(member, STRATEGIES[type]));
  const vcpusFrom = (least: number, member: string): number =>
    resources.optional(member, () => resources.number(member, { least, most: maxVcpus })) ?? least;
  const minVcpus = vcpusFrom(0, "minvCpus");
  const desiredVcpus = vcpusFrom(minVcpus, "desiredvCpus");
  const scaling = resources.optional("scalingPolicy", (member) => resources.object(member));
  const delayMinutes =
    scaling?.optional("minScaleDownDelayMinutes", (member) => scaling.number(member, { most: 10_080 })) ?? 0;
  scaling?.end();
  const entries = names.map((name) => entryOf(name, resources));
  const types = entries.flat().filter((one, index, all) => all.findIndex(({ name }) => name === one.name) === index);
  return {
    types: types.map(toType),
    ...(isOrdered(strategy) && { ranks: ranksOf(names, entries) }),
    strategy: strategy ?? "BEST_FIT",
    isSpot: type === "SPOT",
    minVcpuMilli: minVcpus * 1000,
    desiredVcpuMilli: desiredVcpus * 1000,
    scaleDownDelayMs: delayMinutes * MINUTE_MS,
  };
}

/** A type, all types of a family, or those of a bundle. Bare metal only by its own name; what has no price is not known well enough. */
function entryOf(name: string, resources: JsonObject): CatalogType[] {
  const families = BUNDLES.get(name) ?? [name];
  const types = instanceTypes().filter(
    (type) =>
      type.pricePerHour !== undefined &&
      (type.name === name || (!type.isBareMetal && families.includes(type.name.split(".")[0]!))),
  );
  if (types.length === 0)
    resources.fail("instanceTypes", `has "${name}", which is no instance type or family whose price is known.`);
  return types;
}

function isOrdered(strategy: AllocationStrategy | undefined): boolean {
  return strategy === "BEST_FIT_PROGRESSIVE_ORDERED" || strategy === "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED";
}

/** A type that is named has its own place, and not its family's. */
function ranksOf(names: readonly string[], entries: readonly (readonly CatalogType[])[]): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  for (const [rank, entry] of entries.entries())
    for (const { name } of entry)
      if (!ranks.has(name)) ranks.set(name, names.includes(name) ? names.indexOf(name) : rank);
  return ranks;
}

function toType({ name, vcpus, memoryMiB, gpus, architectures, pricePerHour }: CatalogType): InstanceType {
  return {
    ...{ name, gpus, vcpuMilli: vcpus * 1000, memoryMiB: forJobs(memoryMiB) },
    architecture: architectures.includes("arm64") ? "ARM64" : "X86_64",
    microUsdPerHour: Math.round(pricePerHour! * 1e6),
  };
}

/** The rest is taken by the system and ECS's agent: an estimate, for AWS tells no number. */
function forJobs(memoryMiB: number): number {
  return Math.floor(memoryMiB * 0.95) - 32;
}
