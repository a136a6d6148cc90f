import { CredentialFault } from "./credential-fault.ts";
import { matchesWildcard } from "../../core/wildcard.ts";
import { matchesResource } from "./resource-match.ts";

/** What a key may do: an IAM policy document, read and checked. */
export interface Policy {
  readonly statements: readonly Statement[];
}

interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly actions: Matcher;
  readonly resources: Matcher;
}

/** What `Action` and `Resource` name, or all but what `NotAction` and `NotResource` name. */
interface Matcher {
  readonly patterns: readonly string[];
  readonly isInverted: boolean;
}

export type Decision = "allowed" | "denied explicitly" | "not allowed";

/** An explicit Deny wins over every Allow, and what no statement allows is denied. */
export function decide(policy: Policy, action: string, resource: string): Decision {
  const asked = action.toLowerCase();
  let decision: Decision = "not allowed";
  for (const { effect, actions, resources } of policy.statements) {
    if (!applies(actions, (pattern) => matchesWildcard(pattern, asked))) continue;
    if (!applies(resources, (pattern) => matchesResource(pattern, resource))) continue;
    if (effect === "Deny") return "denied explicitly";
    decision = "allowed";
  }
  return decision;
}

/** As `decide`, for an action that no wildcard means: a key with `"Action": "*"` has been given its own account, and not the others. */
export function allowsByName(policy: Policy, action: string): boolean {
  const isNamed = policy.statements.some(
    ({ effect, actions }) =>
      effect === "Allow" && !actions.isInverted && actions.patterns.includes(action.toLowerCase()),
  );
  return isNamed && decide(policy, action, "*") === "allowed";
}

function applies({ patterns, isInverted }: Matcher, matches: (pattern: string) => boolean): boolean {
  return patterns.some(matches) !== isInverted;
}

/** IAM's own limit for a managed policy. */
const MAX_CHARACTERS = 6_144;
const MEMBERS_OF_POLICY = ["Version", "Id", "Statement"];
const MEMBERS_OF_STATEMENT = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"];
const VERSIONS = ["2012-10-17", "2008-10-17"];
const ACTION = /^(\*|[a-z0-9-]+:[a-z0-9*?]+)$/i;
const RESOURCE = /^(\*|arn:[^:]*:[^:]+(:.*)?)$/;

/**
 * Reads a policy document. What would not be evaluated is refused, so that no key can do more than its policy seems to say: conditions,
 * principals, policy variables, members that IAM does not know.
 *
 * @throws CredentialFault
 */
export function parsePolicy(text: string): Policy {
  const document = parseJson(text);
  if (!isObject(document)) throw new CredentialFault("The policy must be a JSON object with Version and Statement.");
  if (JSON.stringify(document).length > MAX_CHARACTERS) {
    throw new CredentialFault(`The policy is longer than ${MAX_CHARACTERS} characters.`);
  }
  refuseUnknown(document, MEMBERS_OF_POLICY, "");
  const { Version: version, Id: id, Statement: statements } = document;
  if (version !== undefined && !VERSIONS.some((known) => known === version)) {
    throw new CredentialFault(`Version must be "2012-10-17", not ${JSON.stringify(version)}.`);
  }
  if (id !== undefined && typeof id !== "string") throw new CredentialFault("Id must be a string.");
  const list = Array.isArray(statements) ? (statements as unknown[]) : [statements];
  if (statements === undefined || list.length === 0)
    throw new CredentialFault("Statement must have at least one statement.");
  return { statements: list.map((statement, index) => parseStatement(statement, `Statement[${index}]`)) };
}

function parseStatement(statement: unknown, where: string): Statement {
  if (!isObject(statement)) throw new CredentialFault(`${where} must be an object.`);
  refuseUnknown(statement, MEMBERS_OF_STATEMENT, `${where}.`);
  const { Sid: sid, Effect: effect } = statement;
  if (sid !== undefined && (typeof sid !== "string" || !/^[A-Za-z0-9]*$/.test(sid))) {
    throw new CredentialFault(`${where}.Sid must be letters and digits.`);
  }
  if (effect !== "Allow" && effect !== "Deny") throw new CredentialFault(`${where}.Effect must be "Allow" or "Deny".`);
  const actions = parseMatcher(statement, "Action", where, (pattern, at) => {
    if (ACTION.test(pattern)) return;
    throw new CredentialFault(
      `${at} must be "*" or like "batch:SubmitJob" or "batch:Describe*", not ${quote(pattern)}.`,
    );
  });
  const resources = parseMatcher(statement, "Resource", where, (pattern, at) => {
    if (pattern.includes("${"))
      throw new CredentialFault(`${at}: policy variables are not supported: ${quote(pattern)}.`);
    if (RESOURCE.test(pattern)) return;
    throw new CredentialFault(`${at} must be "*" or an ARN, in which * and ? may stand, not ${quote(pattern)}.`);
  });
  return { effect, actions: { ...actions, patterns: actions.patterns.map((one) => one.toLowerCase()) }, resources };
}

/** `Action` or `NotAction`, `Resource` or `NotResource`: exactly one of the two, a text or a list of them. */
function parseMatcher(
  statement: Record<string, unknown>,
  member: "Action" | "Resource",
  where: string,
  check: (pattern: string, at: string) => void,
): Matcher {
  const isInverted = statement[`Not${member}`] !== undefined;
  if (isInverted === (statement[member] !== undefined)) {
    throw new CredentialFault(`${where} must have exactly one of ${member} and Not${member}.`);
  }
  const name = isInverted ? `Not${member}` : member;
  const value = statement[name];
  const patterns = Array.isArray(value) ? (value as unknown[]) : [value];
  if (patterns.length === 0) throw new CredentialFault(`${where}.${name} must not be empty.`);
  const texts = patterns.map((pattern, index) => {
    const at = Array.isArray(value) ? `${where}.${name}[${index}]` : `${where}.${name}`;
    if (typeof pattern !== "string") throw new CredentialFault(`${at} must be a string.`);
    check(pattern, at);
    return pattern;
  });
  return { patterns: texts, isInverted };
}

function refuseUnknown(object: Record<string, unknown>, known: readonly string[], where: string): void {
  for (const member of Object.keys(object)) {
    if (known.includes(member)) continue;
    throw new CredentialFault(`${where}${member.slice(0, 100)} is not supported. Supported are ${known.join(", ")}.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CredentialFault(`The policy is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
