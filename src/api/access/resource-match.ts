import { matchesWildcard } from "../../core/wildcard.ts";

/** `arn`, partition, service, region, account, and the resource, which may have colons of its own. */
const ARN_PARTS = 6;

/**
 * Whether a resource is one of those that a policy's Resource names, as IAM reads it: wildcards do not reach over the colons between an
 * ARN's parts, and parts that are missing at the end may be anything. The resource of actions on everything is `*`.
 */
export function matchesResource(pattern: string, resource: string): boolean {
  if (pattern === "*") return true;
  const parts = splitArn(resource);
  if (parts.length < ARN_PARTS) return false;
  return splitArn(pattern).every((part, index) => matchesWildcard(part, parts[index]!));
}

function splitArn(arn: string): string[] {
  const parts = arn.split(":");
  if (parts.length <= ARN_PARTS) return parts;
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(":")];
}
