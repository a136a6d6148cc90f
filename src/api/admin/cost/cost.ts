import type { ComputeResource } from "@aws-sdk/client-batch";
import type { InstanceType } from "../../../catalog/instance-types.ts";
import { instanceTypes } from "../../../catalog/instance-types.ts";
import type { Place, Price, PriceBook } from "../../../core/cost/price.ts";
import { nanoUsdFor } from "../../../core/cost/price.ts";
import type { Scheduling } from "../../../core/job.ts";
import { isFargate, isSpot } from "../../../core/resources.ts";
import type { Cost, KnownCost } from "../../../ports/dry-run.ts";
import type { NewJob, QueueSettings, ResourceRecord, Store } from "../../../ports/store.ts";
import { familyOf, isArm, isBundle } from "../../batch/environments/instance-types.ts";
import { nameOf } from "../../batch/names.ts";

/** A price, and what it is the price of. */
interface KnownPrice extends Price {
  readonly of: string;
}

interface Where {
  readonly environmentName: string;
  readonly resources: ComputeResource;
  readonly prices: PriceBook;
}

/** `environmentArn`: where the job would run; without it, the first environment of the queue counts. */
export async function costOf(
  { environments, prices }: { readonly environments: Pick<Store["environments"], "get">; readonly prices: PriceBook },
  queue: ResourceRecord<QueueSettings>,
  job: NewJob,
  environmentArn: string | undefined,
): Promise<Cost> {
  const arn = environmentArn ?? queue.settings.computeEnvironmentOrder?.[0]?.computeEnvironment;
  const resources = arn === undefined ? undefined : (await environments.get(arn))?.settings.computeResources;
  if (arn === undefined || resources === undefined)
    return { unknown: "The queue's environment has no resources of its own to pay for." };
  const where = { environmentName: nameOf(arn), resources, prices };
  const price = isFargate(resources.type) ? fargatePrice(where, job) : instancePrice(where, job.scheduling);
  return "unknown" in price ? price : costAt(price, job.scheduling);
}

function costAt(price: KnownPrice, { timeoutSeconds, arraySize = 1 }: Scheduling): KnownCost {
  const discounts = price.isOwn === true ? "Storage" : "Spot, savings plans, storage";
  const known = {
    meaning: `On AWS, not here: ${price.of}. ${discounts} and traffic are not in it.`,
    usdPerHour: toUsd(price.nanoUsdPerHour),
  };
  if (timeoutSeconds === undefined) return known;
  const atMostUsd = toUsd(nanoUsdFor(price, timeoutSeconds * 1000) * arraySize);
  return { ...known, atMostSeconds: timeoutSeconds, atMostUsd };
}

function fargatePrice(where: Where, { scheduling, spec }: NewJob): KnownPrice | { readonly unknown: string } {
  const task = spec.ecsProperties?.taskProperties?.[0] ?? spec.container;
  const { operatingSystemFamily = "LINUX", cpuArchitecture = "X86_64" } = task?.runtimePlatform ?? {};
  if (operatingSystemFamily !== "LINUX") return { unknown: "The prices of Fargate for Windows are not known here." };
  const architecture = cpuArchitecture === "ARM64" ? "ARM64" : "X86_64";
  const price = priceOf(where, scheduling, { kind: "fargate", architecture });
  const source = price.isOwn === true ? OWN : "Fargate's list price in us-east-1, April 2026";
  return { ...price, of: `${source} for Linux on ${architecture}, by vCPU and GB` };
}

/** The share of the cheapest instance that the environment allows. The nodes of a multi-node parallel job are taken for equal, and take one each. */
function instancePrice(where: Where, scheduling: Scheduling): KnownPrice | { readonly unknown: string } {
  const { requirements, nodes } = scheduling;
  const count = nodes?.count ?? 1;
  const needs = [requirements.vcpuMilli / 1000, requirements.memoryMiB, requirements.gpus].map((one) => one / count);
  const { instanceTypes: allowed = [] } = where.resources;
  const offers = instanceTypes().flatMap((type) => {
    const { name, pricePerHour, vcpus, memoryMiB, gpus } = type;
    if (pricePerHour === undefined || !holds(type, needs) || !isAllowed(type, allowed)) return [];
    const size = { vcpuMilli: vcpus * 1000, memoryMiB, gpus };
    const isWhole = nodes !== undefined;
    const place = { kind: "instances", instances: [{ type: name, count }], size, isWhole } as const;
    return [{ type, pricePerHour, price: priceOf(where, scheduling, place) }];
  });
  // Sizes of a family cost the same by the vCPU: the smallest one is meant.
  const cost = ({ price }: (typeof offers)[number]): number => toUsd(price.nanoUsdPerHour);
  const [best] = offers.sort((a, b) => cost(a) - cost(b) || a.pricePerHour - b.pricePerHour);
  if (best === undefined) {
    return { unknown: "It fits no instance type that the environment allows and whose price is known." };
  }
  const { price, pricePerHour, type } = best;
  const percent = Math.ceil(Math.min(1, price.nanoUsdPerHour / 1e9 / pricePerHour) * 100);
  const share = nodes === undefined ? `its share (${percent} % of the price) of ${type.name}` : `${count} ${type.name}`;
  const source = price.isOwn === true ? OWN : "EC2's on-demand price in us-east-1, July 2026";
  return { ...price, of: `${share}, the cheapest that the environment allows, at ${source}` };
}

const OWN = "the price of this server's configuration";

/** What Spot costs where that is configured, and else what it is a part of: there is a price for all that is asked for here. */
function priceOf(
  { environmentName, resources, prices }: Where,
  { requirements }: Scheduling,
  place: SpotOr<Place>,
): Price {
  const at = (isOnSpot: boolean): Price | undefined =>
    prices({ environmentName, requirements, place: { ...place, isSpot: isOnSpot } });
  return at(isSpot(resources.type)) ?? at(false)!;
}

type SpotOr<P> = P extends { readonly isSpot: boolean } ? Omit<P, "isSpot"> : never;

function holds({ vcpus, memoryMiB, gpus }: InstanceType, needs: readonly number[]): boolean {
  return [vcpus, memoryMiB, gpus].every((has, index) => needs[index]! <= has);
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
function toUsd(nanoUsd: number): number {
  return Math.round(nanoUsd / 1000) / 1e6;
}
