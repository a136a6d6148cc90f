import type {
  ConsumableResourceProperties,
  ConsumableResourceRequirement,
  NodeProperties,
} from "@aws-sdk/client-batch";
import type { ConsumableNeed } from "./job.ts";
import { rangeOfEachNode } from "./tasks/nodes.ts";

/** What a submission asks of a resource replaces what the definition asks of it; the others stay (reference 3.6). */
export function mergeConsumables(
  base: ConsumableResourceProperties | undefined,
  over: ConsumableResourceProperties | undefined,
): ConsumableResourceProperties | undefined {
  if (over?.consumableResourceList === undefined) return base;
  const merged = new Map(base?.consumableResourceList?.map((one) => [nameOf(one), one]));
  for (const one of over.consumableResourceList) merged.set(nameOf(one), one);
  return { consumableResourceList: [...merged.values()] };
}

/**
 * What an attempt holds of each resource: what the job asks for, and what each of its nodes does (reference 3.6). In order of ARN, each
 * resource once. `toArn` knows the ARN of a resource that is named.
 */
export function consumableNeeds(
  properties: ConsumableResourceProperties | undefined,
  nodes: NodeProperties | undefined,
  toArn: (nameOrArn: string) => string,
): ConsumableNeed[] {
  const ofNodes = nodes === undefined ? [] : rangeOfEachNode(nodes).map((range) => range?.consumableResourceProperties);
  const quantities = new Map<string, number>();
  for (const { consumableResource, quantity = 0 } of [properties, ...ofNodes].flatMap(listOf)) {
    const arn = toArn(consumableResource!);
    quantities.set(arn, (quantities.get(arn) ?? 0) + quantity);
  }
  return [...quantities].map(([arn, quantity]) => ({ arn, quantity })).sort((a, b) => (a.arn < b.arn ? -1 : 1));
}

function listOf(properties: ConsumableResourceProperties | undefined) {
  return properties?.consumableResourceList ?? [];
}

/** A resource may be named by its ARN, which ends in its name. */
export function nameOf({ consumableResource = "" }: ConsumableResourceRequirement): string {
  return consumableResource.slice(consumableResource.lastIndexOf("/") + 1);
}
