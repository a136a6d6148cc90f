import { launchingOf } from "../catalog/launching.ts";
import { askedFate, CAPACITY_TAG } from "../core/environment-tags.ts";
import type { Launching } from "../core/instances/instance.ts";
import type { Capacity } from "../core/resources.ts";
import type { EnvironmentSettings } from "../ports/store.ts";

/** Beyond the time that an instance is told to boot for. AWS documents none. */
const JOIN_TIMEOUT_MS = 10 * 60_000;

/** Who wants to see what becomes of instances that never join is not to wait for it so long. */
const NEVER_JOINING_MS = 10_000;

/**
 * What an environment launches on this machine: those of type EC2 and SPOT that are no share of it. Pods are placed by their cluster, so they have a share.
 *
 * @param extensions whether tags may ask for what AWS Batch has not.
 */
export function launchingHere(
  { type, computeResources, eksConfiguration, tags = {} }: EnvironmentSettings,
  machine: Capacity,
  extensions: boolean,
): Launching | undefined {
  const isSpot = computeResources?.type === "SPOT";
  if (type !== "MANAGED" || eksConfiguration !== undefined || tags[CAPACITY_TAG] === "shared") return undefined;
  if (computeResources === undefined || (!isSpot && computeResources.type !== "EC2")) return undefined;
  const {
    instanceTypes = ["optimal"],
    allocationStrategy,
    minvCpus = 0,
    desiredvCpus,
    scalingPolicy,
  } = computeResources;
  const launching = launchingOf(
    {
      ...{ isSpot, instanceTypes, minVcpus: minvCpus, desiredVcpus: desiredvCpus ?? minvCpus },
      strategy: allocationStrategy ?? "BEST_FIT",
      scaleDownDelayMinutes: scalingPolicy?.minScaleDownDelayMinutes ?? 0,
    },
    { vcpuMilli: machine.vcpuMilli, memoryMiB: machine.memoryMiB, gpus: machine.gpus ?? 0 },
  );
  const fate = extensions ? askedFate(tags, isSpot) : undefined;
  const joinTimeoutMs =
    fate?.neverJoins === true ? (fate.bootMs ?? NEVER_JOINING_MS) : JOIN_TIMEOUT_MS + (fate?.bootMs ?? 0);
  return { ...launching, areSlices: true, joinTimeoutMs, ...(fate !== undefined && { fate }) };
}
