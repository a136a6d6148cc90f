import type { FairSharePolicy, ShareWeight } from "../../core/resources.ts";
import type { JsonObject } from "../../input/json-object.ts";

/** A fair-share policy that no queue has yet. */
export type Sharing = Omit<FairSharePolicy, "kind" | "arn">;

/** As CreateSchedulingPolicy has it (reference 7.3): letters and digits, and maybe a `*` at the end. */
const SHARE_IDENTIFIER = /^[A-Za-z0-9]{0,254}[A-Za-z0-9*]$/;

/** Reads a `fairsharePolicy` as CreateSchedulingPolicy has it. */
export function readSharing(policy: JsonObject): Sharing {
  const decaySeconds = policy.optional("shareDecaySeconds", (name) => policy.number(name, { most: 604_800 })) ?? 0;
  const reservationPercent = policy.optional("computeReservation", (name) => policy.number(name, { most: 99 })) ?? 0;
  const toDistinct = (name: string): ShareWeight[] => policy.distinct(name, toWeight, ({ identifier }) => identifier);
  const weights = policy.optional("shareDistribution", toDistinct) ?? [];
  policy.end();
  return { decaySeconds, reservationPercent, weights };
}

/** The weightFactor that is given to a share: its own, or that of the prefix that it begins with, or 1. */
export function weightFactorOf(weights: readonly ShareWeight[], share: string): number {
  const matches = ({ identifier }: ShareWeight): boolean =>
    identifier.endsWith("*") ? share.startsWith(identifier.slice(0, -1)) : identifier === share;
  return weights.find(matches)?.weight ?? 1;
}

function toWeight(share: JsonObject): ShareWeight {
  const identifier = share.string("shareIdentifier");
  if (!SHARE_IDENTIFIER.test(identifier))
    share.fail("shareIdentifier", "must be letters and digits, and may end with a *.");
  const range = { least: 0.0001, most: 999.9999, isWhole: false };
  const weight = share.optional("weightFactor", (name) => share.number(name, range)) ?? 1;
  share.end();
  return { identifier, weight };
}
