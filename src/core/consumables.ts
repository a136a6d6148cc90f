import type { ConsumableResourceProperties } from "@aws-sdk/client-batch";

/** What a submission asks of a resource replaces what the definition asks of it; the others stay (reference 3.6). */
export function mergeConsumables(
  base: ConsumableResourceProperties | undefined,
  over: ConsumableResourceProperties | undefined,
): ConsumableResourceProperties | undefined {
  if (over?.consumableResourceList === undefined) return base;
  const merged = new Map(base?.consumableResourceList?.map((one) => [one.consumableResource, one]));
  for (const one of over.consumableResourceList) merged.set(one.consumableResource, one);
  return { consumableResourceList: [...merged.values()] };
}
