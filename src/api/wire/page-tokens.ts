import { createHmac, timingSafeEqual } from "node:crypto";

/** AWS does not say how long a `nextToken` lives; ours lives a day (reference 10 no. 47). */
const LIFETIME_MS = 24 * 3_600_000;
const MAC_BYTES = 16;

/**
 * Tokens that say where a listing goes on. Nobody but the holder of the key can make one, and each is good for one query only: what a
 * token says was true of a page that this service gave to the same query.
 */
export class PageTokens {
  readonly #key: string;
  readonly #now: () => number;

  /** `key`: kept in the store, so that tokens outlive the server. `now`: epoch ms. */
  constructor(key: string, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  /** `query`: what must stay the same from page to page, whose listing it is included. Both are JSON values. */
  sign(query: unknown, place: unknown): string {
    const text = JSON.stringify([this.#now(), place]);
    return Buffer.concat([this.#mac(query, text), Buffer.from(text)]).toString("base64url");
  }

  /** The place that was signed for this query; undefined when the token is not ours, for another query, or too old. */
  open(query: unknown, token: string): { readonly place: unknown } | undefined {
    const bytes = Buffer.from(token, "base64url");
    const text = bytes.subarray(MAC_BYTES).toString("utf8");
    if (bytes.length <= MAC_BYTES || !timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(query, text))) return;
    const [signedAt, place] = JSON.parse(text) as [number, unknown];
    return this.#now() - signedAt > LIFETIME_MS ? undefined : { place };
  }

  /** 32 bytes that nobody else can tell of this value. */
  digest(value: unknown): Buffer {
    return createHmac("sha256", this.#key).update(JSON.stringify(value)).digest();
  }

  #mac(query: unknown, text: string): Buffer {
    const mac = createHmac("sha256", this.#key).update(JSON.stringify(query)).update("\n").update(text);
    return mac.digest().subarray(0, MAC_BYTES);
  }
}
