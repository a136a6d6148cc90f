import { matchesWildcard } from "../wildcard.ts";

/** What is no event pattern: the message names the place. */
export class PatternFlaw extends Error {
  override readonly name = "PatternFlaw";
}

export type Matches = (value: unknown) => boolean;

const MAX_DEPTH = 10;

/**
 * An EventBridge event pattern: every member of it must be in the event, with one of the listed values or a value that one of the listed rules fits. Of
 * a list in the event, one element that fits is enough. `path`: of the pattern, for messages.
 *
 * @throws PatternFlaw
 */
export function eventPattern(pattern: unknown, path: string, depth = 0): Matches {
  if (!isObject(pattern)) throw new PatternFlaw(`${path} must be an object of members, as EventBridge's patterns are.`);
  if (depth > MAX_DEPTH) throw new PatternFlaw(`${path} is nested too deeply.`);
  const members = Object.entries(pattern).map(([name, rule]) => {
    const where = `${path}.${name}`;
    if (name === "$or") throw new PatternFlaw(`${where} is not supported: write a target for each alternative.`);
    return [name, Array.isArray(rule) ? anyOf(rule, where) : eventPattern(rule, where, depth + 1)] as const;
  });
  if (members.length === 0 && depth > 0) throw new PatternFlaw(`${path} must have a member.`);
  const fits = (value: unknown): boolean =>
    isObject(value) &&
    members.every(([name, matches]) => matches(Object.hasOwn(value, name) ? value[name] : undefined));
  // What is not there has no members; some of them may be meant not to be.
  return (value) => (Array.isArray(value) ? value.some(fits) : fits(value ?? {}));
}

function anyOf(rules: readonly unknown[], path: string): Matches {
  if (rules.length === 0) throw new PatternFlaw(`${path} must list at least one value.`);
  const matchers = rules.map((rule, index) => (isObject(rule) ? ruleOf(rule, `${path}[${index}]`) : equal(rule, path)));
  return (value) => {
    const values: readonly unknown[] = Array.isArray(value) && value.length > 0 ? value : [value];
    return matchers.some((matches) => values.some(matches));
  };
}

function equal(rule: unknown, path: string): Matches {
  if (Array.isArray(rule)) throw new PatternFlaw(`${path} must list values, not lists.`);
  return (value) => value === rule;
}

type RuleReader = (operand: unknown, path: string) => Matches;

const RULES: Readonly<Record<string, RuleReader>> = {
  prefix: (operand, path) => textRule(operand, path, (text, part) => text.startsWith(part)),
  suffix: (operand, path) => textRule(operand, path, (text, part) => text.endsWith(part)),
  wildcard: (operand, path) => textRule(operand, path, (text, part) => matchesWildcard(part, text)),
  "equals-ignore-case": (operand, path) =>
    textRule(operand, path, (text, part) => text.toLowerCase() === part.toLowerCase()),
  exists: (operand, path) => {
    if (typeof operand !== "boolean") throw new PatternFlaw(`${path} must be true or false.`);
    return (value) => (value !== undefined) === operand;
  },
  "anything-but": (operand, path) => {
    const but = isObject(operand) ? ruleOf(operand, path) : anyOf([operand].flat(), path);
    return (value) => value !== undefined && !but(value);
  },
  numeric: (operand, path) => numeric(operand, path),
};

function ruleOf(rule: Readonly<Record<string, unknown>>, path: string): Matches {
  const [name = "", ...others] = Object.keys(rule);
  const read = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
  if (read !== undefined && others.length === 0) return read(rule[name], `${path}.${name}`);
  throw new PatternFlaw(`${path} must be a value or have exactly one of ${Object.keys(RULES).join(", ")}.`);
}

function textRule(operand: unknown, path: string, fits: (text: string, part: string) => boolean): Matches {
  if (typeof operand !== "string" || operand === "") throw new PatternFlaw(`${path} must be a text that is not empty.`);
  return (value) => typeof value === "string" && fits(value, operand);
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

function numeric(operand: unknown, path: string): Matches {
  const flaw = `${path} must be like [">", 0] or [">=", 0, "<", 10].`;
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) throw new PatternFlaw(flaw);
  const bounds: ((value: number) => boolean)[] = [];
  for (let at = 0; at < operand.length; at += 2) {
    const compare = COMPARISONS[String(operand[at])];
    const bound: unknown = operand[at + 1];
    if (compare === undefined || typeof bound !== "number") throw new PatternFlaw(flaw);
    bounds.push((value) => compare(value, bound));
  }
  return (value) => typeof value === "number" && bounds.every((fits) => fits(value));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
