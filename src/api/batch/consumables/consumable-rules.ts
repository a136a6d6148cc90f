import type { ConsumableResourceProperties } from "@aws-sdk/client-batch";
import { nameOf } from "../../../core/consumables.ts";
import type { Rule } from "../rules.ts";
import { quotingRule, rule } from "../rules.ts";

/** What a job asks of consumable resources; whether they exist is not asked (reference 3.6). */
export const CONSUMABLE_RULES: readonly Rule<ConsumableResourceProperties>[] = [
  rule("tooManyConsumables", ({ consumableResourceList: list = [] }) => list.length > 5),
  rule("consumableWithoutName", ({ consumableResourceList: list = [] }) =>
    list.some(({ consumableResource }) => !consumableResource),
  ),
  quotingRule("consumableQuantity", ({ consumableResourceList: list = [] }) => {
    const bad = list.find(({ quantity = 0 }) => quantity < 1);
    return bad === undefined ? undefined : [bad.consumableResource!];
  }),
  rule("duplicateConsumables", ({ consumableResourceList: list = [] }) => new Set(list.map(nameOf)).size < list.length),
];
