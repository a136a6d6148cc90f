import { createHash } from "node:crypto";
import { clientException } from "../wire/errors.ts";
import { TEXTS } from "./texts.ts";

/**
 * `nextToken`: where the next page begins, bound to the rest of the request. It names the last item of a page, not a number of items, so items
 * that come in between are neither skipped nor shown twice.
 */
export class Pages<Position> {
  readonly #fingerprint: string;
  readonly position: Position | undefined;
  readonly size: number;

  /** `query` is what must stay the same from page to page. An empty token means the first page: some clients begin with it. */
  constructor(query: unknown, token: string | undefined, size: number) {
    this.#fingerprint = createHash("sha256").update(JSON.stringify(query)).digest("base64url").slice(0, 16);
    this.position = token === undefined || token === "" ? undefined : this.#decode(token);
    this.size = size;
  }

  /** Cuts what was read (one more than `size` if there is more) to a page. */
  page<Item>(read: readonly Item[], positionOf: (last: Item) => Position): { items: Item[]; nextToken?: string } {
    const items = read.slice(0, this.size);
    if (read.length <= this.size) return { items };
    return { items, nextToken: this.tokenAfter(positionOf(items.at(-1)!)) };
  }

  tokenAfter(position: Position): string {
    return Buffer.from(JSON.stringify([this.#fingerprint, position])).toString("base64url");
  }

  #decode(token: string): Position {
    try {
      const [fingerprint, position] = JSON.parse(Buffer.from(token, "base64url").toString("utf8")) as [
        string,
        Position,
      ];
      if (fingerprint === this.#fingerprint) return position;
    } catch {
      // Not one of ours.
    }
    throw clientException(TEXTS.nextToken);
  }
}

/** `maxResults` of a Describe call: 1 to 100, 100 by default (reference 1.5). */
export function pageSize(maxResults: number | undefined, max = 100): number {
  if (maxResults === undefined) return max;
  if (maxResults < 1 || maxResults > max) throw clientException(TEXTS.maxResults(max));
  return maxResults;
}
