import { launchingOf, typesNamed } from "../../catalog/launching.ts";
import type { AllocationStrategy, Launching } from "../../core/instances/instance.ts";
import type { JsonObject } from "../../input/json-object.ts";

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

/** Reads what an environment may launch, as CreateComputeEnvironment has it (reference 6.4, 6.5). `resources` is not ended. */
export function readLaunching(type: "EC2" | "SPOT", maxVcpus: number, resources: JsonObject): Launching {
  const names = resources.optional("instanceTypes", (member) => resources.strings(member)) ?? ["optimal"];
  if (names.length === 0) resources.fail("instanceTypes", "must have an instance type or family at least.");
  const unknown = names.find((name) => typesNamed(name).length === 0);
  if (unknown !== undefined)
    resources.fail("instanceTypes", `has "${unknown}", which is no instance type or family whose price is known.`);
  const strategy = resources.optional("allocationStrategy", (member) => resources.choice(member, STRATEGIES[type]));
  const vcpusFrom = (least: number, member: string): number =>
    resources.optional(member, () => resources.number(member, { least, most: maxVcpus })) ?? least;
  const minVcpus = vcpusFrom(0, "minvCpus");
  const desiredVcpus = vcpusFrom(minVcpus, "desiredvCpus");
  const scaling = resources.optional("scalingPolicy", (member) => resources.object(member));
  const scaleDownDelayMinutes =
    scaling?.optional("minScaleDownDelayMinutes", (member) => scaling.number(member, { most: 10_080 })) ?? 0;
  scaling?.end();
  return launchingOf({
    ...{ isSpot: type === "SPOT", instanceTypes: names, strategy: strategy ?? "BEST_FIT" },
    ...{ minVcpus, desiredVcpus, scaleDownDelayMinutes },
  });
}
