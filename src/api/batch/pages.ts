import { clientException } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { PageTokens } from "../wire/page-tokens.ts";
import { scopeOf } from "./names.ts";
import { TEXTS } from "./texts.ts";

/**
 * `nextToken`: where the next page begins, bound to the rest of the request. It names the last item of a page, not a number of items, so items
 * that come in between are neither skipped nor shown twice.
 */
export class Pages<Position> {
  readonly #tokens: PageTokens;
  readonly #query: readonly unknown[];
  readonly position: Position | undefined;
  readonly size: number;

  /**
   * `query` is what must stay the same from page to page, the operation's name first. An empty token means the first page: some clients begin
   * with it.
   */
  constructor(
    { tokens }: { readonly tokens: PageTokens },
    call: Call,
    query: readonly unknown[],
    token: string | undefined,
    size: number,
  ) {
    this.#tokens = tokens;
    this.#query = [scopeOf(call), ...query];
    this.position = token === undefined || token === "" ? undefined : this.#open(token);
    this.size = size;
  }

  /**
   * Cuts what was read (one more than `size` if there is more) to a page. `lookedTo`: how far was looked for it, when there may be more behind; such a page may
   * have fewer items, even none, and a token.
   */
  page<Item>(
    read: readonly Item[],
    positionOf: (last: Item) => Position,
    lookedTo?: Position,
  ): { items: Item[]; nextToken?: string } {
    const items = read.slice(0, this.size);
    const end = read.length > this.size ? positionOf(items.at(-1)!) : lookedTo;
    return end === undefined ? { items } : { items, nextToken: this.#tokens.sign(this.#query, end) };
  }

  /** Only this class signs, so a place that was signed is a position. */
  #open(token: string): Position {
    const opened = this.#tokens.open(this.#query, token);
    if (opened === undefined) throw clientException(TEXTS.nextToken);
    return opened.place as Position;
  }
}

export interface PageRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** What is asked for by name is one page, whatever its size: no token was ever given for it. */
export function checkOnlyPage({ maxResults, nextToken }: PageRequest): void {
  pageSize(maxResults);
  if (nextToken) throw clientException(TEXTS.nextToken);
}

/** `maxResults` of a Describe call: 1 to 100, 100 by default (reference 1.5). */
export function pageSize(maxResults: number | undefined, max = 100): number {
  if (maxResults === undefined) return max;
  if (maxResults < 1 || maxResults > max) throw clientException(TEXTS.maxResults(max));
  return maxResults;
}
