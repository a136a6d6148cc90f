import { scopeOf } from "../batch/names.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { PageTokens } from "../wire/page-tokens.ts";
import { ECS_TEXTS } from "./texts.ts";

/** Of each list operation of ECS. */
const MOST = 100;

/**
 * One page of a sorted list. The token names the last entry, so that entries which come or go in between are neither doubled nor skipped.
 *
 * @param query what must stay the same from page to page, the operation's name first.
 */
export function page(
  { tokens }: { readonly tokens: PageTokens },
  call: Call,
  query: readonly unknown[],
  sorted: readonly string[],
  { maxResults = MOST, nextToken }: { maxResults?: number | undefined; nextToken?: string | undefined },
): { items: string[]; nextToken?: string } {
  if (maxResults < 1 || maxResults > MOST) throw invalidParameterException(ECS_TEXTS.maxResults(MOST));
  const wholeQuery = ["ecs", scopeOf(call), ...query];
  const opened = nextToken ? tokens.open(wholeQuery, nextToken) : { place: "" };
  if (opened === undefined) throw invalidParameterException(ECS_TEXTS.nextToken);
  const rest = sorted.filter((entry) => entry > (opened.place as string));
  const items = rest.slice(0, maxResults);
  if (rest.length <= maxResults) return { items };
  return { items, nextToken: tokens.sign(wholeQuery, items.at(-1)) };
}
