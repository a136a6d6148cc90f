import type { ResourceRequirement } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

const REQUIREMENT_RULES: readonly Rule<ResourceRequirement>[] = [
  quotingRule("resourceType", ({ type }) =>
    type === "VCPU" || type === "MEMORY" || type === "GPU" ? undefined : [String(type)],
  ),
  quotingRule("notNumeric", ({ type, value = "" }) => {
    const pattern = type === "VCPU" ? /^\d{1,6}(\.\d{1,3})?$/ : /^\d{1,9}$/;
    return pattern.test(value) ? undefined : [value, type!];
  }),
];

/** A list of `resourceRequirements`, in a definition or in an override (reference 4.4). */
export const REQUIREMENTS_RULES: readonly Rule<readonly ResourceRequirement[]>[] = [
  each((requirements) => requirements, REQUIREMENT_RULES),
  rule("duplicateRequirements", (requirements) => {
    const types = requirements.map(({ type }) => type);
    return new Set(types).size < types.length;
  }),
];
