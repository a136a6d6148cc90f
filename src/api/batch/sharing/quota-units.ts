import type { CapacityLimit, QuotaShareCapacityLimit } from "@aws-sdk/client-batch";
import { NUM_INSTANCES } from "../../../core/holdings.ts";
import type { QueueSettings, ResourceRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { Backend } from "../backend.ts";
import { TEXTS } from "../texts.ts";

/** A service environment as it is, or is to be. */
interface CountingEnvironment {
  readonly name: string;
  readonly capacityLimits: readonly CapacityLimit[];
}

type Queue = Pick<ResourceRecord<QueueSettings>, "settings">;

/** Under quota management a service environment counts by instance type, and has each type that the shares have (reference 3.8, 3.9). */
export function checkUnits(environment: CountingEnvironment, limits: readonly QuotaShareCapacityLimit[]): void {
  const units = new Set(environment.capacityLimits.map(({ capacityUnit }) => capacityUnit));
  if (units.has(NUM_INSTANCES)) throw clientException(TEXTS.quotaCountsTypes(environment.name));
  const unknown = limits.find(({ capacityUnit }) => !units.has(capacityUnit));
  if (unknown !== undefined) throw clientException(TEXTS.quotaUnitUnknown(unknown.capacityUnit!, environment.name));
}

/** The limits of a share of this queue, as they are to be, against the queue's service environment. */
export async function checkUnitsOfShare(
  { store }: Backend,
  { settings }: Queue,
  limits: readonly QuotaShareCapacityLimit[],
): Promise<void> {
  const arn = environmentOf(settings);
  const environment = arn === undefined ? undefined : await store.serviceEnvironments.get(arn);
  if (environment === undefined) return;
  const { capacityLimits = [] } = environment.settings;
  checkUnits({ name: environment.name, capacityLimits }, limits);
}

/** ARN of the one service environment of a queue for service jobs. */
export function environmentOf({ serviceEnvironmentOrder = [] }: QueueSettings): string | undefined {
  return serviceEnvironmentOrder[0]?.serviceEnvironment;
}
