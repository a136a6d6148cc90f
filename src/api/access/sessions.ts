import { createHmac, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../../ports/clock.ts";
import type { EndedSessionTable } from "../../ports/sessions.ts";
import { claimedCredential } from "../wire/credential.ts";
import { isSame } from "./job-credentials.ts";

export interface SessionTimes {
  /** After so long without a person at the console a session is over. */
  readonly idleMs: number;
  /** However busy the person is. */
  readonly longestMs: number;
}

export const DEFAULT_SESSION_TIMES: SessionTimes = { idleMs: 3_600_000, longestMs: 12 * 3_600_000 };

/** Who has signed in at the console, as the cookie says it. */
export interface Session {
  readonly id: string;
  /** The access key that it was opened with: it may do what that may do now. */
  readonly keyId: string;
  /** Epoch ms. */
  readonly openedAt: number;
  /** Epoch ms: when a person was last there. */
  readonly seenAt: number;
  /** Whether the browser may send the cookie over HTTPS only. */
  readonly isSecure: boolean;
}

/** The console sends it with each of its requests; no form can, and a page of another origin has to ask first, which is always refused. */
const CONSOLE_HEADER = "x-longshore-console";
/** Its value where a person has just done something; any other value is a page that refreshes itself. */
const BY_A_PERSON = "active";
/** What the console's unsigned requests name in the place of an access key. */
export const CONSOLE_CLAIM = "console";
/** A cookie is sent anew when the old one is so old, as a part of the idle time. */
const RENEWED_AFTER_PART = 20;
/** Far longer than ours. */
const LONGEST_TOKEN = 1_024;

export interface SessionOptions {
  /** 32 bytes that all servers of the store have, and nobody else. */
  readonly key: Buffer;
  readonly clock: Pick<Clock, "now">;
  readonly times: SessionTimes;
  readonly ended: EndedSessionTable;
}

/** Sessions of the web console. What a browser holds is a sealed token: servers keep only which sessions were ended before their time. */
export class Sessions {
  readonly times: SessionTimes;
  readonly #cookie: string;
  readonly #options: SessionOptions;
  readonly #ended = new Set<string>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.times = options.times;
    // Browsers send a cookie to all ports of a host: servers beside each other have names of their own.
    this.#cookie = `longshore-${this.#mac("name").slice(0, 10)}`;
  }

  /** Takes over what other servers have written. */
  async reload(): Promise<void> {
    const { ended, clock } = this.#options;
    const ids = await ended.all(clock.now());
    this.#ended.clear();
    for (const id of ids) this.#ended.add(id);
  }

  /** Of somebody who has just proved to have the key. */
  open(keyId: string, isSecure: boolean): Session {
    const now = this.#options.clock.now();
    return { id: randomBytes(12).toString("base64url"), keyId, openedAt: now, seenAt: now, isSecure };
  }

  /** The `Set-Cookie` header that gives a browser the session. */
  cookieOf(session: Session): string {
    const payload = Buffer.from(JSON.stringify(session)).toString("base64url");
    const leftMs = this.expiryOf(session) - this.#options.clock.now();
    return this.#setCookie(`${payload}.${this.#mac(payload)}`, Math.ceil(leftMs / 1000), session.isSecure);
  }

  /** The `Set-Cookie` header that takes it away again. */
  noCookie(): string {
    return this.#setCookie("", 0, false);
  }

  /** Epoch ms. */
  expiryOf({ openedAt, seenAt }: Session): number {
    return Math.min(seenAt + this.times.idleMs, openedAt + this.times.longestMs);
  }

  /**
   * The session of a request of the console itself. Undefined for all others: requests that are signed, without the console's header, or from a page
   * elsewhere; and for a session that is over, or was never given.
   */
  of(headers: IncomingHttpHeaders, search: string): Session | undefined {
    if (headers[CONSOLE_HEADER] === undefined || !isOfThisOrigin(headers)) return undefined;
    const claimed = claimedCredential(headers.authorization, search)?.accessKeyId;
    if (claimed !== undefined && claimed !== CONSOLE_CLAIM) return undefined;
    const token = cookieValue(headers.cookie, this.#cookie);
    return token === undefined ? undefined : this.#read(token);
  }

  /** The session with a later end, where its person has just done something and that is worth another cookie. */
  renewed(session: Session, headers: IncomingHttpHeaders): Session | undefined {
    const now = this.#options.clock.now();
    if (headers[CONSOLE_HEADER] !== BY_A_PERSON) return undefined;
    if (this.#ended.has(session.id) || now - session.seenAt < this.times.idleMs / RENEWED_AFTER_PART) return undefined;
    return { ...session, seenAt: now };
  }

  /** Whoever has a copy of its cookie has nothing any more. */
  async end({ id, openedAt }: Session): Promise<void> {
    this.#ended.add(id);
    const { ended, clock } = this.#options;
    await ended.insert(id, openedAt + this.times.longestMs, clock.now());
  }

  #read(token: string): Session | undefined {
    const [payload = "", mac = ""] = token.slice(0, LONGEST_TOKEN).split(".");
    if (!isSame(mac, this.#mac(payload))) return undefined;
    const session = JSON.parse(Buffer.from(payload, "base64url").toString()) as Session;
    const isValid = this.#options.clock.now() < this.expiryOf(session) && !this.#ended.has(session.id);
    return isValid ? session : undefined;
  }

  #setCookie(value: string, seconds: number, isSecure: boolean): string {
    const flags = `Path=/; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
    return `${this.#cookie}=${value}; Max-Age=${seconds}; ${flags}`;
  }

  #mac(text: string): string {
    return createHmac("sha256", this.#options.key).update(text).digest("base64url");
  }
}

/** Browsers tell where a page is from that asks: always where they think the connection safe, and else with all that is no GET. */
function isOfThisOrigin(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin, host } = headers;
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  const found = header?.split(";").find((pair) => pair.trimStart().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}
