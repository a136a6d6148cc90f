import { createHash, createHmac, hkdfSync } from "node:crypto";
import { isSame } from "../access/job-credentials.ts";
import { accessDeniedException } from "../wire/errors.ts";
import type { SignedRequest } from "../wire/signature.ts";

/** Carries what the server that forwards a request vouches for, to the one that leads. */
export const FORWARDED_HEADER = "x-longshore-forwarded";

/** The clocks of servers may be so far apart, and a request on its way so long. */
const VALID_MS = 60_000;
/** What a client can have of it is short. */
const LONGEST_HEADER = 4_096;

/** Who sends a request, as the server found out that the client asked. */
export interface Voucher {
  /** The known access key that it was signed with. */
  readonly keyId?: string;
  /** One that nobody knows and that an open server takes all the same. */
  readonly accessKeyId?: string;
  readonly region?: string;
  /** Whether the client runs on the machine of the server that it asked. */
  readonly isFromHere: boolean;
}

export type SealedRequest = Pick<SignedRequest, "method" | "path" | "search" | "headers">;

/** Requests between servers of one store: nobody else can make one, and none can be used for another request. */
export class Seal {
  readonly #key: Buffer;
  readonly #now: () => number;

  /** @param secret which all servers of the store have, and nobody else. */
  constructor(secret: string, now: () => number) {
    this.#key = Buffer.from(hkdfSync("sha256", secret, "", "longshore between servers", 32));
    this.#now = now;
  }

  /** The header of a request to be sent. */
  close(request: Omit<SealedRequest, "headers">, body: Buffer | undefined, voucher: Voucher): string {
    const text = JSON.stringify({ ...voucher, at: this.#now(), body: hashOf(body) });
    const payload = Buffer.from(text).toString("base64url");
    return `${payload}.${this.#mac(request, payload)}`;
  }

  /**
   * What the request's header says; undefined for a request that a client sent. The body is compared where it is given.
   *
   * @throws AccessDeniedException
   */
  open(request: SealedRequest, body?: { readonly bytes: Buffer | undefined }): Voucher | undefined {
    const header = request.headers[FORWARDED_HEADER];
    if (header === undefined) return undefined;
    const text = String(header).slice(0, LONGEST_HEADER);
    const [payload = "", mac = ""] = text.split(".");
    if (!isSame(mac, this.#mac(request, payload))) throw refused();
    const { at, body: expected, ...voucher } = JSON.parse(Buffer.from(payload, "base64url").toString()) as Sealed;
    if (Math.abs(this.#now() - at) > VALID_MS) throw refused();
    if (body !== undefined && hashOf(body.bytes) !== expected) throw refused();
    return voucher;
  }

  #mac({ method, path, search }: Omit<SealedRequest, "headers">, payload: string): string {
    const mac = createHmac("sha256", this.#key);
    return mac
      .update(JSON.stringify([method, path, search]))
      .update(payload)
      .digest("base64url");
  }
}

type Sealed = Voucher & { readonly at: number; readonly body: string };

function hashOf(body: Buffer | undefined): string {
  return createHash("sha256")
    .update(body ?? "")
    .digest("base64url");
}

function refused(): Error {
  return accessDeniedException(
    `The header ${FORWARDED_HEADER} is for servers of the same store, and their clocks must not be a minute apart.`,
  );
}
