/**
 * Whether a text fits a pattern in which `*` stands for any characters, also none, and `?` for exactly one. Walks back to the last `*`
 * only, so that no pattern takes longer than its length times the text's.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let textAt = 0;
  let lastStar = -1;
  let starTook = 0;
  while (textAt < text.length) {
    if (pattern[at] === "*") {
      lastStar = at++;
      starTook = textAt;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[textAt])) {
      at += 1;
      textAt += 1;
    } else if (lastStar >= 0) {
      at = lastStar + 1;
      textAt = ++starTook;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}

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
