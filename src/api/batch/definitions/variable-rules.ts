import type { KeyValuePair } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { quotingRule, rule } from "../rules.ts";

/** An environment variable, in a definition or in an override. Names beginning with AWS_BATCH are the service's own (reference 4.5). */
export const VARIABLE_RULES: readonly Rule<KeyValuePair>[] = [
  rule("variableWithoutName", ({ name }) => !name),
  quotingRule("variableName", ({ name = "", value = "" }) =>
    name.includes("=") || name.includes("\0") || value.includes("\0") ? [name] : undefined,
  ),
  quotingRule("reservedVariable", ({ name = "" }) => (name.startsWith("AWS_BATCH") ? [name] : undefined)),
];
