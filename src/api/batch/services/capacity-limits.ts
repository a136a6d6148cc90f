import type { CapacityLimit } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

import { NUM_INSTANCES } from "../../../core/holdings.ts";

/** SageMaker's instance types. */
const INSTANCE_TYPE = /^ml\.[a-z0-9-]+\.[a-z0-9-]+$/;

type Limits = readonly CapacityLimit[];

/** What service environments and quota shares have in common (reference 3.8, 3.9). */
function limitRules(isUnit: (unit: string) => boolean): readonly Rule<Limits>[] {
  return [
    rule("capacityLimitsRequired", (limits) => limits.length === 0),
    rule("tooManyCapacityLimits", (limits) => limits.length > 5),
    each(
      (limits: Limits) => limits,
      [
        rule("maxCapacity", ({ maxCapacity = 0 }) => maxCapacity < 1),
        quotingRule("capacityUnit", ({ capacityUnit = "" }) => (isUnit(capacityUnit) ? undefined : [capacityUnit])),
      ],
    ),
    rule("duplicateCapacityUnits", (limits) => unitsOf(limits).size < limits.length),
  ];
}

/** Numbers of instances, or instance types; not both. */
export const ENVIRONMENT_LIMITS: readonly Rule<Limits>[] = [
  ...limitRules((unit) => unit === NUM_INSTANCES || INSTANCE_TYPE.test(unit)),
  rule("capacityUnitsMixed", (limits) => limits.length > 1 && unitsOf(limits).has(NUM_INSTANCES)),
];

/** Quota management counts by instance type. */
export const SHARE_LIMITS: readonly Rule<Limits>[] = limitRules((unit) => INSTANCE_TYPE.test(unit));

function unitsOf(limits: Limits): Set<string | undefined> {
  return new Set(limits.map(({ capacityUnit }) => capacityUnit));
}
