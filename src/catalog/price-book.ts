import type { Held, Place, Price, PriceBook } from "../core/cost/price.ts";
import { partOfPrice } from "../core/cost/split.ts";
import type { Requirements } from "../core/job.ts";
import { FARGATE_MINIMUM_SECONDS, FARGATE_PRICES } from "./fargate-prices.ts";
import type { InstanceType } from "./instance-types.ts";
import { instanceTypes } from "./instance-types.ts";

/** US dollars for an hour of what is asked for. */
export interface Rates {
  readonly perVcpuHour: number;
  readonly perGibHour: number;
  readonly perGpuHour: number;
}

/** What the user pays, where that is not what AWS's lists say. */
export interface OwnPrices {
  /** For what runs on no instance whose price is known: shares of machines of one's own. */
  readonly rates?: Rates;
  /** What Spot costs, in percent of the price on demand: it changes all the time, so nobody else knows. */
  readonly spotPercent?: number;
  /** US dollars on demand for an hour of a whole instance, by type. */
  readonly instanceTypes: ReadonlyMap<string, number>;
  /** By name of the compute environment, before all else. `percent`: of what it would cost otherwise. */
  readonly environments: ReadonlyMap<string, Rates | { readonly percent: number }>;
}

export const NO_OWN_PRICES: OwnPrices = { instanceTypes: new Map(), environments: new Map() };

/** AWS's list prices on demand in us-east-1, and in their place the user's own. */
export function priceBook(own: OwnPrices = NO_OWN_PRICES): PriceBook {
  return (held) => {
    const { environmentName, requirements, place } = held;
    const ofEnvironment = own.environments.get(environmentName);
    if (ofEnvironment !== undefined && !("percent" in ofEnvironment)) return byRates(ofEnvironment, requirements);
    const full = fullPrice(own, held);
    const percent = ofEnvironment?.percent ?? (isSpot(place) ? own.spotPercent : 100);
    if (full === undefined || percent === undefined) return undefined;
    if (percent === 100) return full;
    return { ...full, nanoUsdPerHour: (full.nanoUsdPerHour * percent) / 100, isOwn: true };
  };
}

function isSpot(place: Place): boolean {
  return "isSpot" in place && place.isSpot;
}

/** Before what makes it cheaper. */
function fullPrice(own: OwnPrices, { requirements, place }: Held): Price | undefined {
  const byOwnRates = own.rates && byRates(own.rates, takenIn(place, requirements));
  switch (place.kind) {
    case "instances": {
      const whole = sumOfPrices(own, place);
      if (whole === undefined) return byOwnRates;
      const part = place.isWhole ? 1 : partOfPrice(requirements, sizeOf(place));
      return { ...whole, nanoUsdPerHour: whole.nanoUsdPerHour * part };
    }
    case "service":
      return sumOfPrices(own, place);
    case "fargate":
      return fargatePrice(FARGATE_PRICES[place.architecture], requirements);
    case "machine":
      return byOwnRates;
  }
}

/** A node takes all of its instance, whatever it asks for. */
function takenIn(place: Place, asked: Requirements): Requirements {
  if (place.kind !== "instances" || !place.isWhole) return asked;
  const count = place.instances.reduce((sum, one) => sum + one.count, 0);
  const { vcpuMilli, memoryMiB, gpus } = place.size;
  return { vcpuMilli: vcpuMilli * count, memoryMiB: memoryMiB * count, gpus: gpus * count };
}

/** Of all instances, whole. Undefined when the price of one is not known. */
function sumOfPrices(
  own: OwnPrices,
  { instances }: Extract<Place, { readonly instances: unknown }>,
): Price | undefined {
  const isOwn = instances.some(({ type }) => own.instanceTypes.has(type));
  let usdPerHour = 0;
  for (const { type, count } of instances) {
    const usd = own.instanceTypes.get(type) ?? typeNamed(type)?.pricePerHour;
    if (usd === undefined) return undefined;
    usdPerHour += usd * count;
  }
  return { nanoUsdPerHour: usdPerHour * 1e9, leastMs: 0, ...(isOwn && { isOwn }) };
}

/** All that AWS sells of a type, whatever of it there is for jobs. Of what AWS does not have, what there is. */
function sizeOf({ instances, size }: Extract<Place, { readonly kind: "instances" }>): Requirements {
  const known = typeNamed(instances[0]!.type);
  return known === undefined ? size : { vcpuMilli: known.vcpus * 1000, memoryMiB: known.memoryMiB, gpus: known.gpus };
}

let typesByName: ReadonlyMap<string, InstanceType> | undefined;

function typeNamed(name: string): InstanceType | undefined {
  typesByName ??= new Map(instanceTypes().map((type) => [type.name, type]));
  return typesByName.get(name);
}

function fargatePrice(rates: Omit<Rates, "perGpuHour">, asked: Requirements): Price {
  const usdPerHour = usdByRates({ ...rates, perGpuHour: 0 }, asked);
  return { nanoUsdPerHour: usdPerHour * 1e9, leastMs: FARGATE_MINIMUM_SECONDS * 1000 };
}

function byRates(rates: Rates, asked: Requirements): Price {
  return { nanoUsdPerHour: usdByRates(rates, asked) * 1e9, leastMs: 0, isOwn: true };
}

function usdByRates({ perVcpuHour, perGibHour, perGpuHour }: Rates, asked: Requirements): number {
  const { vcpuMilli, memoryMiB, gpus } = asked;
  return (perVcpuHour * vcpuMilli) / 1000 + (perGibHour * memoryMiB) / 1024 + perGpuHour * gpus;
}
