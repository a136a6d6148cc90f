import type { ComputeResource } from "@aws-sdk/client-batch";
import { FARGATE_MINIMUM_SECONDS, FARGATE_PRICES } from "../../catalog/fargate-prices.ts";
import type { InstanceType } from "../../catalog/instance-types.ts";
import { instanceTypes } from "../../catalog/instance-types.ts";
import type { Scheduling } from "../../core/job.ts";
import { isFargate } from "../../core/resources.ts";
import type { Cost, KnownCost } from "../../ports/dry-run.ts";
import type { NewJob, QueueSettings, ResourceRecord, Store } from "../../ports/store.ts";
import { familyOf, isArm, isBundle } from "../batch/environments/instance-types.ts";

/** A price by the hour, and what it is the price of. */
interface HourlyPrice {
  readonly usdPerHour: number;
  readonly of: string;
  readonly minimumSeconds: number;
}

/** `environmentArn`: where the job would run; without it, the first environment of the queue counts. */
export async function costOf(
  environments: Pick<Store["environments"], "get">,
  queue: ResourceRecord<QueueSettings>,
  job: NewJob,
  environmentArn: string | undefined,
): Promise<Cost> {
  const arn = environmentArn ?? queue.settings.computeEnvironmentOrder?.[0]?.computeEnvironment;
  const resources = arn === undefined ? undefined : (await environments.get(arn))?.settings.computeResources;
  if (resources === undefined) return { unknown: "The queue's environment has no resources of its own to pay for." };
  const price = isFargate(resources.type) ? fargatePrice(job) : instancePrice(resources, job.scheduling);
  return "unknown" in price ? price : costAt(price, job.scheduling);
}

function costAt(price: HourlyPrice, { timeoutSeconds, arraySize = 1 }: Scheduling): KnownCost {
  const known = {
    meaning: `On AWS, not here: ${price.of}. Spot, savings plans, storage and traffic are not in it.`,
    usdPerHour: rounded(price.usdPerHour),
  };
  if (timeoutSeconds === undefined) return known;
  const seconds = Math.max(timeoutSeconds, price.minimumSeconds);
  const atMostUsd = rounded(((price.usdPerHour * seconds) / 3600) * arraySize);
  return { ...known, atMostSeconds: timeoutSeconds, atMostUsd };
}

function fargatePrice({ scheduling: { requirements }, spec }: NewJob): HourlyPrice | { readonly unknown: string } {
  const task = spec.ecsProperties?.taskProperties?.[0] ?? spec.container;
  const { operatingSystemFamily = "LINUX", cpuArchitecture = "X86_64" } = task?.runtimePlatform ?? {};
  if (operatingSystemFamily !== "LINUX") return { unknown: "The prices of Fargate for Windows are not known here." };
  const architecture = cpuArchitecture === "ARM64" ? "ARM64" : "X86_64";
  const { perVcpuHour, perGibHour } = FARGATE_PRICES[architecture];
  return {
    usdPerHour: (requirements.vcpuMilli / 1000) * perVcpuHour + (requirements.memoryMiB / 1024) * perGibHour,
    of: `Fargate's list price for Linux on ${architecture} in us-east-1, April 2026, by vCPU and GB`,
    minimumSeconds: FARGATE_MINIMUM_SECONDS,
  };
}

/** The share of the cheapest instance that the environment allows. The nodes of a multi-node parallel job are taken for equal. */
function instancePrice(
  { instanceTypes: allowed = [] }: ComputeResource,
  { requirements, nodes }: Scheduling,
): HourlyPrice | { readonly unknown: string } {
  const count = nodes?.count ?? 1;
  const needs = [requirements.vcpuMilli / 1000, requirements.memoryMiB, requirements.gpus].map((one) => one / count);
  const offers = instanceTypes().flatMap((type) => {
    const share = shareOf(type, needs);
    if (type.pricePerHour === undefined || share > 1 || !isAllowed(type, allowed)) return [];
    return [{ type, share, price: type.pricePerHour, usdPerHour: rounded(share * type.pricePerHour * count) }];
  });
  // Sizes of a family cost the same by the vCPU: the smallest one is meant.
  const [best] = offers.sort((a, b) => a.usdPerHour - b.usdPerHour || a.price - b.price);
  if (best === undefined) {
    return { unknown: "It fits no instance type that the environment allows and whose price is known." };
  }
  const whole = `its share (${Math.ceil(best.share * 100)} %) of ${best.type.name}, the cheapest that the environment allows`;
  const of = `${whole}, at EC2's on-demand price in us-east-1, July 2026`;
  return { usdPerHour: best.usdPerHour, of, minimumSeconds: 0 };
}

/** How much of an instance is taken by what is taken most of; more than 1 when it is too small. */
function shareOf({ vcpus, memoryMiB, gpus }: InstanceType, needs: readonly number[]): number {
  return Math.max(...[vcpus, memoryMiB, gpus].map((has, index) => (needs[index] === 0 ? 0 : needs[index]! / has)));
}

/** A bundle stands for the families C, M and R (reference 6.4); without any name, so does the environment. */
function isAllowed(type: InstanceType, allowed: readonly string[]): boolean {
  const names = allowed.length === 0 ? ["optimal"] : allowed;
  return names.some((name) =>
    isBundle(name)
      ? /^[cmr]\d/.test(type.name) && type.isCurrent && !type.isBareMetal && isArm(type.name) === isArm(name)
      : name === type.name || name === familyOf(type.name),
  );
}

/** To a millionth of a dollar. */
function rounded(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}
