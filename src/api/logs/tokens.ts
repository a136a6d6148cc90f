import { createHash } from "node:crypto";
import { invalidToken } from "./checks.ts";

/**
 * Tokens of GetLogEvents: `f/<56 digits>/s` goes on forward, `b/<56 digits>/s` backward, from the byte that the first 16 digits give. The
 * other 40 bind it to its stream, so that a token of another stream, or an invented one, is noticed. The same place has always
 * the same token: clients stop when it comes back.
 */
export interface PositionToken {
  readonly position: number;
  readonly direction: "forward" | "backward";
}

/** `stream` identifies the stream for ever: its attempt's id. */
export function positionToken(stream: string, { position, direction }: PositionToken): string {
  const digits = String(position).padStart(16, "0");
  return `${direction === "forward" ? "f" : "b"}/${digits}${decimalDigest([stream, position], 40)}/s`;
}

/** Throws InvalidParameterException for a token that is not of this stream. */
export function readPositionToken(stream: string, token: string): PositionToken {
  const position = Number(/^[fb]\/(\d{16})\d{40}\/s$/.exec(token)?.[1] ?? Number.NaN);
  const direction = token.startsWith("f") ? "forward" : "backward";
  if (!Number.isSafeInteger(position) || positionToken(stream, { position, direction }) !== token) throw invalidToken();
  return { position, direction };
}

/** A token of a list or a search: where it goes on, bound to the query that must stay the same from page to page. */
export function listToken(query: unknown, place: unknown): string {
  return Buffer.from(JSON.stringify([decimalDigest(query, 20), place])).toString("base64url");
}

/** The place in a token, undefined for no or an empty one: the first page. `accepts` tells the place's type. */
export function readListToken<Place>(
  query: unknown,
  token: string | undefined,
  accepts: (place: unknown) => place is Place,
): Place | undefined {
  if (token === undefined || token === "") return undefined;
  const parsed = parseJson(Buffer.from(token, "base64url").toString("utf8"));
  const [digest, place]: unknown[] = Array.isArray(parsed) ? parsed : [];
  if (digest !== decimalDigest(query, 20) || !accepts(place)) throw invalidToken();
  return place;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A hash as `digits` decimal digits. */
export function decimalDigest(value: unknown, digits: number): string {
  const hash = createHash("sha256").update(JSON.stringify(value)).digest("hex");
  return (BigInt(`0x${hash}`) % 10n ** BigInt(digits)).toString().padStart(digits, "0");
}
