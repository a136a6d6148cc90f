import type { AllocationStrategy, InstanceType, Launching } from "../core/instances/instance.ts";
import type { Requirements } from "../core/job.ts";
import type { InstanceType as CatalogType } from "./instance-types.ts";
import { instanceTypes } from "./instance-types.ts";

/** What CreateComputeEnvironment says of the instances of an environment, with its defaults filled in (reference 6.4). */
export interface LaunchSettings {
  readonly isSpot: boolean;
  /** Types, families, and the names of bundles. */
  readonly instanceTypes: readonly string[];
  readonly strategy: AllocationStrategy;
  readonly minVcpus: number;
  readonly desiredVcpus: number;
  /** 0: off. */
  readonly scaleDownDelayMinutes: number;
}

/** Reference 6.4. */
const BUNDLES: ReadonlyMap<string, readonly string[]> = new Map([
  ["optimal", ["m6i", "c6i", "r6i", "c7i"]],
  ["default_x86_64", ["m6i", "c6i", "r6i", "c7i"]],
  ["default_arm64", ["m6g", "c6g", "r6g", "c7g"]],
]);

const MINUTE_MS = 60_000;

/**
 * What an environment may launch, and how (reference 6.4, 6.5). Names that are no type or family whose price is known bring nothing.
 *
 * @param machine what instances are slices of: none is larger. Without it they are as AWS has them.
 */
export function launchingOf(settings: LaunchSettings, machine?: Requirements): Launching {
  const { instanceTypes: names, strategy } = settings;
  const entries = names.map(typesNamed);
  const types = entries.flat().filter((one, index, all) => all.findIndex(({ name }) => name === one.name) === index);
  return {
    types: types.map((type) => (machine === undefined ? toType(type) : sliceOf(machine, toType(type)))),
    ...(isOrdered(strategy) && { ranks: ranksOf(names, entries) }),
    strategy,
    isSpot: settings.isSpot,
    minVcpuMilli: settings.minVcpus * 1000,
    desiredVcpuMilli: settings.desiredVcpus * 1000,
    scaleDownDelayMs: settings.scaleDownDelayMinutes * MINUTE_MS,
  };
}

/** A type, all types of a family, or those of a bundle. Bare metal only by its own name; what has no price is not known well enough. */
export function typesNamed(name: string): readonly CatalogType[] {
  const families = BUNDLES.get(name) ?? [name];
  return instanceTypes().filter(
    (type) =>
      type.pricePerHour !== undefined &&
      (type.name === name || (!type.isBareMetal && families.includes(type.name.split(".")[0]!))),
  );
}

function isOrdered(strategy: AllocationStrategy): boolean {
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

function sliceOf(machine: Requirements, type: InstanceType): InstanceType {
  return {
    ...type,
    vcpuMilli: Math.min(type.vcpuMilli, machine.vcpuMilli),
    memoryMiB: Math.min(type.memoryMiB, machine.memoryMiB),
    gpus: Math.min(type.gpus, machine.gpus),
  };
}
