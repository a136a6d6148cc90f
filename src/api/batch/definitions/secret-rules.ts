import type { Secret } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { quotingRule, rule } from "../rules.ts";

export interface SecretSubject {
  readonly secret: Secret;
  /** Of the definition. */
  readonly region: string;
}

/** `arn:PARTITION:SERVICE:REGION:...` taken apart; undefined for a name. */
function partsOf({ valueFrom = "" }: Secret): { service: string; region: string } | undefined {
  if (!valueFrom.startsWith("arn:")) return undefined;
  const [, , service = "", region = ""] = valueFrom.split(":");
  return { service, region };
}

/** An entry of `secrets` or `secretOptions` (reference 4.6). */
export const SECRET_RULES: readonly Rule<SecretSubject>[] = [
  rule("secretName", ({ secret }) => !secret.name),
  quotingRule("secretSource", ({ secret }) => {
    const { service } = partsOf(secret) ?? { service: secret.valueFrom ? "ssm" : "" };
    return service === "secretsmanager" || service === "ssm" ? undefined : [secret.name!];
  }),
  quotingRule("secretRegion", ({ secret, region }) => {
    const found = partsOf(secret)?.region;
    return !found || found === region ? undefined : [secret.name!, region];
  }),
];
