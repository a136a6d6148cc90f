import type { ShareWeight } from "../resources.ts";

const DEFAULT_WEIGHT = 1;

/**
 * The weight of each active share (reference 7.3): that of its identifier, or that of the prefix that it begins with times the number of active
 * identifiers that do, so that the prefix as a whole has one weight; without either 1. The higher, the less a share gets.
 */
export function weightsOf(weights: readonly ShareWeight[], activeShares: Iterable<string>): Map<string, number> {
  const byIdentifier = new Map(weights.map((one) => [one.identifier, one]));
  const prefixes = weights.filter(({ identifier }) => identifier.endsWith("*"));
  const lengths = [...new Set(prefixes.map(({ identifier }) => identifier.length - 1))];
  const found = new Map<string, ShareWeight | undefined>();
  const members = new Map<ShareWeight, number>();
  for (const share of activeShares) {
    // No policy has two prefixes of which one begins with the other.
    const prefix = lengths.flatMap((length) => byIdentifier.get(`${share.slice(0, length)}*`) ?? [])[0];
    const weight = byIdentifier.get(share) ?? prefix;
    found.set(share, weight);
    if (weight !== undefined) members.set(weight, (members.get(weight) ?? 0) + 1);
  }
  const weightOf = (weight: ShareWeight | undefined): number =>
    weight === undefined ? DEFAULT_WEIGHT : weight.weight * members.get(weight)!;
  return new Map([...found].map(([share, weight]) => [share, weightOf(weight)]));
}
