import type { ShareWeight } from "../resources.ts";

const DEFAULT_WEIGHT = 1;

/**
 * The weight of each active share (reference 7.3): that of its identifier, or that of the prefix that it begins with times the number of active
 * identifiers that do, so that the prefix as a whole has one weight; without either 1. The higher, the less a share gets.
 */
export function weightsOf(weights: readonly ShareWeight[], activeShares: Iterable<string>): Map<string, number> {
  const exact = new Map(weights.map(({ identifier, weight }) => [identifier, weight]));
  const prefixes = weights.filter(({ identifier }) => identifier.endsWith("*"));
  const prefixOf = (share: string): ShareWeight | undefined =>
    exact.has(share) ? undefined : prefixes.find(({ identifier }) => share.startsWith(identifier.slice(0, -1)));
  const shares = [...activeShares];
  const members = new Map<ShareWeight, number>();
  for (const share of shares) {
    const prefix = prefixOf(share);
    if (prefix !== undefined) members.set(prefix, (members.get(prefix) ?? 0) + 1);
  }
  return new Map(
    shares.map((share) => {
      const prefix = prefixOf(share);
      return [
        share,
        prefix === undefined ? (exact.get(share) ?? DEFAULT_WEIGHT) : prefix.weight * members.get(prefix)!,
      ];
    }),
  );
}
