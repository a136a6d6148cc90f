import type { PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import type { JobFilters } from "../../../api/job-search.ts";
import { JOB_STATUSES } from "./statuses.ts";
import { timeOf } from "./times.ts";

export type Token = PropertyFilterProps.Token;

const TIMES = ["created", "started", "stopped"] as const;

/** What jobs are filtered by. The keys are those of the address, too. */
export const PROPERTIES: readonly PropertyFilterProps.FilteringProperty[] = [
  { key: "status", propertyLabel: "Status", groupValuesLabel: "Statuses", operators: ["="] },
  { key: "queue", propertyLabel: "Queue", groupValuesLabel: "Queues", operators: ["="] },
  { key: "name", propertyLabel: "Name", groupValuesLabel: "Names", operators: ["=", "^", ":"] },
  { key: "definition", propertyLabel: "Definition", groupValuesLabel: "Definitions", operators: ["=", "^"] },
  { key: "tag", propertyLabel: "Tag (KEY or KEY=VALUE)", groupValuesLabel: "Tags", operators: ["="] },
  { key: "share", propertyLabel: "Share", groupValuesLabel: "Shares", operators: ["="] },
  ...TIMES.map((key) => ({
    key,
    propertyLabel: `${key[0]!.toUpperCase()}${key.slice(1)} (2026-03-01, 2026-03-01T12:00, or 2h ago)`,
    groupValuesLabel: "Times",
    operators: [">=", "<"] as const,
  })),
  { key: "exit", propertyLabel: "Exit code", groupValuesLabel: "Exit codes", operators: ["="] },
  { key: "reason", propertyLabel: "Reason", groupValuesLabel: "Reasons", operators: [":"] },
  { key: "id", propertyLabel: "Job id", groupValuesLabel: "Job ids", operators: ["="] },
];

export const STATUS_OPTIONS: readonly PropertyFilterProps.FilteringOption[] = JOB_STATUSES.map((value) => ({
  propertyKey: "status",
  value,
}));

export const TIME_OPTIONS: readonly PropertyFilterProps.FilteringOption[] = TIMES.flatMap((propertyKey) =>
  ["1h ago", "6h ago", "1d ago", "7d ago"].map((value) => ({ propertyKey, value })),
);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}([:#]\d+)?$/;

/** What is typed without a property is a part of a name, or an id. */
export function withProperty(token: Token): Token {
  const value = String(token.value).trim();
  if (token.propertyKey !== undefined) return { ...token, value };
  return UUID.test(value) ? { propertyKey: "id", operator: "=", value } : { propertyKey: "name", operator: ":", value };
}

/** What is wrong with filters, by what of them. */
export class FilterProblem extends Error {
  override readonly name = "FilterProblem";
}

/**
 * As the server is asked. Names that are given more than once would exclude each other: the server is asked for the last.
 *
 * @throws FilterProblem
 */
export function toFilters(tokens: readonly Token[], children: boolean, now: number): JobFilters {
  const valuesOf = (key: string): string[] =>
    tokens.filter(({ propertyKey }) => propertyKey === key).map(({ value }) => String(value));
  const list = (key: string): string[] | undefined => {
    const values = valuesOf(key);
    return values.length === 0 ? undefined : [...new Set(values)];
  };
  const [queues, shares, jobIds] = [list("queue"), list("share"), list("id")];
  const name = tokens.findLast(({ propertyKey }) => propertyKey === "name");
  const reason = valuesOf("reason").at(-1);
  const definitions = tokens
    .filter(({ propertyKey }) => propertyKey === "definition")
    .map(({ operator, value }) => `${String(value)}${operator === "^" ? "*" : ""}`);
  const tags = valuesOf("tag").map((text) => {
    const at = text.indexOf("=");
    return at < 0 ? { key: text } : { key: text.slice(0, at), value: text.slice(at + 1) };
  });
  const exitCodes = valuesOf("exit").map((text) => {
    if (!/^-?\d{1,10}$/.test(text)) throw new FilterProblem(`An exit code is a whole number, not ${text}.`);
    return Number(text);
  });
  const statuses = valuesOf("status").map((text) => {
    const status = JOB_STATUSES.find((one) => one === text.toUpperCase());
    if (status === undefined) throw new FilterProblem(`A status is one of ${JOB_STATUSES.join(", ")}, not ${text}.`);
    return status;
  });
  return {
    ...(queues !== undefined && { queues }),
    ...(statuses.length > 0 && { statuses: [...new Set(statuses)] }),
    ...(name !== undefined && { name: namePattern(name) }),
    ...(definitions.length > 0 && { definitions }),
    ...(tags.length > 0 && { tags }),
    ...(shares !== undefined && { shares }),
    ...Object.fromEntries(TIMES.flatMap((key) => rangeOf(tokens, key, now))),
    ...(exitCodes.length > 0 && { exitCodes }),
    ...(reason !== undefined && { reason }),
    ...(jobIds !== undefined && { jobIds }),
    ...(children && { children }),
  };
}

function namePattern({ operator, value }: Token): string {
  const text = String(value);
  if (operator === "^") return `${text}*`;
  return operator === ":" ? `*${text}*` : text;
}

function rangeOf(tokens: readonly Token[], key: string, now: number): [string, { from?: number; to?: number }][] {
  const range: { from?: number; to?: number } = {};
  for (const { propertyKey, operator, value } of tokens) {
    if (propertyKey !== key) continue;
    const time = timeOf(String(value), now);
    if (time === undefined)
      throw new FilterProblem(`A time is like 2026-03-01, 2026-03-01T12:00 or 2h ago, not ${String(value)}.`);
    if (operator === "<") range.to = Math.min(range.to ?? Infinity, time);
    else range.from = Math.max(range.from ?? 0, time);
  }
  if (range.from !== undefined && range.to !== undefined && range.from >= range.to)
    throw new FilterProblem(`No time is both after and before what is asked for with ${key}.`);
  return Object.keys(range).length === 0 ? [] : [[key, range]];
}
