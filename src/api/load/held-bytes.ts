import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import type { ApiError } from "../wire/errors.ts";
import type { Shares } from "./shares.ts";

/** Bodies and answers up to this size are counted as requests only: the limit of those bounds them. */
const SMALL_BYTES = 16 * 1024;

/** What is held of the memory for bodies and answers on behalf of one request. */
export class HeldBytes {
  readonly #shares: Shares;
  readonly #account: string;
  #bytes = 0;

  constructor(shares: Shares, account: string) {
    this.#shares = shares;
    this.#account = account;
  }

  /** False, and nothing more is held, when there is no room. */
  hold(bytes: number): boolean {
    if (bytes <= SMALL_BYTES) return true;
    if (!this.#shares.take(this.#account, bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** To be called once, at the end of the request. */
  release(): void {
    this.#shares.giveBack(this.#account, this.#bytes);
    this.#bytes = 0;
  }

  /** A body of a length that nobody told: it is counted as it comes. It fails when it is larger than allowed, or when there is no more room. */
  counted(body: Readable, { limitBytes, tooLarge, full }: BodyLimit): Readable {
    let received = 0;
    let counted = SMALL_BYTES;
    const counter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        received += chunk.length;
        if (received > limitBytes) return done(tooLarge());
        const more = Math.max(0, received - counted);
        if (!this.#shares.take(this.#account, more)) return done(full());
        this.#bytes += more;
        counted += more;
        done(null, chunk);
      },
    });
    body.once("error", (error) => counter.destroy(error));
    counter.once("error", () => body.unpipe(counter).pause());
    return body.pipe(counter);
  }
}

export interface BodyLimit {
  readonly limitBytes: number;
  readonly tooLarge: () => ApiError;
  readonly full: () => ApiError;
}
