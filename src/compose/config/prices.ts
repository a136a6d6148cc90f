import type { OwnPrices, Rates } from "../../catalog/price-book.ts";
import { InputError } from "../../input/input-error.ts";
import type { JsonObject } from "../../input/json-object.ts";

const USD = { most: 1_000_000, isWhole: false };
const RATES = ["perVcpuHour", "perGibHour", "perGpuHour"] as const;

export function ownPrices(section: JsonObject): OwnPrices {
  const own = ratesIn(section);
  const spotPercent = section.optional("spotPercent", (name) => percentIn(section, name));
  const prices: OwnPrices = {
    ...(own !== undefined && { rates: own }),
    ...(spotPercent !== undefined && { spotPercent }),
    instanceTypes: section.optional("instanceTypes", (name) => usdByName(section.object(name))) ?? new Map(),
    environments: section.optional("environments", (name) => environments(section.object(name))) ?? new Map(),
  };
  section.end();
  return prices;
}

function usdByName(types: JsonObject): ReadonlyMap<string, number> {
  return new Map(types.names().map((name) => [name, types.number(name, USD)]));
}

function environments(section: JsonObject): OwnPrices["environments"] {
  return new Map(section.names().map((name) => [name, environment(section.object(name))]));
}

function environment(entry: JsonObject): Rates | { readonly percent: number } {
  const percent = entry.optional("percent", (name) => percentIn(entry, name));
  const own = ratesIn(entry);
  entry.end();
  if ((percent === undefined) === (own === undefined))
    throw new InputError(`${entry.path} must have either percent, or some of ${RATES.join(", ")}.`);
  return percent === undefined ? own! : { percent };
}

/** What is not named costs nothing. Undefined when none is. */
function ratesIn(entry: JsonObject): Rates | undefined {
  const [perVcpuHour, perGibHour, perGpuHour] = RATES.map((rate) =>
    entry.optional(rate, (name) => entry.number(name, USD)),
  );
  if (perVcpuHour === undefined && perGibHour === undefined && perGpuHour === undefined) return undefined;
  return { perVcpuHour: perVcpuHour ?? 0, perGibHour: perGibHour ?? 0, perGpuHour: perGpuHour ?? 0 };
}

function percentIn(entry: JsonObject, name: string): number {
  return entry.number(name, { most: 1_000, isWhole: false });
}
