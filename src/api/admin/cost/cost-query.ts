import type { UseGrouping } from "../../../ports/attempt-uses.ts";
import { clientException } from "../../wire/errors.ts";
import { givenParameters, readTime } from "../parameters.ts";

/** What `GET /longshore/cost` is asked. */
export interface CostQuery {
  readonly by: UseGrouping;
  /** Epoch ms. */
  readonly from?: number;
  readonly to?: number;
  /** Names or ARNs. */
  readonly queue?: string;
  readonly environment?: string;
  readonly share?: string;
  /** Id or ARN. */
  readonly job?: string;
  /** How many groups are told at most. */
  readonly limit: number;
}

const GROUPINGS = ["queue", "share", "environment", "array", "job"] as const;
const TAG = "tag:";
const FILTERS = ["from", "to", "queue", "environment", "share", "job", "limit"] as const;
const LIMIT = { usual: 100, most: 1_000 };

/** @param search a URL's query, without its question mark. */
export function readCostQuery(search: string): CostQuery {
  return {
    ...readFilter(search, ["by", ...FILTERS]),
    by: readGrouping(new URLSearchParams(search).get("by") ?? "queue"),
  };
}

/** The same without a grouping. */
export function readAdviceQuery(search: string): Omit<CostQuery, "by"> {
  return readFilter(search, FILTERS);
}

function readFilter(search: string, members: readonly string[]): Omit<CostQuery, "by"> {
  const given = givenParameters(search, members);
  const from = readTime("from", given.get("from"));
  const to = readTime("to", given.get("to"));
  if (from !== undefined && to !== undefined && from >= to) throw clientException("from must be before to.");
  const optional = Object.fromEntries(
    (["queue", "environment", "share", "job"] as const).flatMap((name) => {
      const value = given.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...optional,
    limit: readLimit(given.get("limit")),
  };
}

function readGrouping(by: string): UseGrouping {
  const kind = GROUPINGS.find((one) => one === by);
  if (kind !== undefined) return { kind };
  const key = by.startsWith(TAG) ? by.slice(TAG.length) : "";
  if (key === "") throw clientException(`by must be one of ${GROUPINGS.join(", ")}, or tag:KEY, not ${by}.`);
  return { kind: "tag", key };
}

function readLimit(text: string | null): number {
  if (text === null) return LIMIT.usual;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT.most) return limit;
  throw clientException(`limit must be a whole number from 1 to ${LIMIT.most}.`);
}
