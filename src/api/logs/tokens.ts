import { createHash } from "node:crypto";
import type { LogPosition } from "../../ports/logs.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { ApiError } from "../wire/errors.ts";
import type { PageTokens } from "../wire/page-tokens.ts";
import { TEXTS } from "./texts.ts";

/**
 * Tokens of GetLogEvents: `f/<56 digits>/s` goes on forward, `b/<56 digits>/s` backward, from the position that the first digits give. The
 * others sign it for its stream, so that a token of another stream, or an invented one, is noticed. The same place has always
 * the same token: clients stop when it comes back.
 */
export interface PositionToken {
  readonly position: LogPosition;
  readonly direction: "forward" | "backward";
}

const POSITION_DIGITS = 26;
const SIGNATURE_DIGITS = 30;

/** `logId` identifies the stream for ever. */
export function positionToken(tokens: PageTokens, logId: string, { position, direction }: PositionToken): string {
  const digits = String(position).padStart(POSITION_DIGITS, "0");
  const signature = decimal(tokens.digest([logId, digits, direction]), SIGNATURE_DIGITS);
  return `${direction === "forward" ? "f" : "b"}/${digits}${signature}/s`;
}

/** Throws InvalidParameterException for a token that is not of this stream. */
export function readPositionToken(tokens: PageTokens, logId: string, token: string): PositionToken {
  const digits = /^[fb]\/(\d{26})\d{30}\/s$/.exec(token)?.[1];
  const direction = token.startsWith("f") ? "forward" : "backward";
  if (digits === undefined) throw invalidToken();
  const place = { position: BigInt(digits), direction } as const;
  if (positionToken(tokens, logId, place) !== token) throw invalidToken();
  return place;
}

/** A sequence token means nothing any more; AWS still gives one. */
export function sequenceToken(logId: string): string {
  return `49${decimalDigest(["sequence", logId], 54)}`;
}

export function invalidToken(): ApiError {
  return invalidParameterException(TEXTS.nextToken);
}

/** A hash as `digits` decimal digits. */
export function decimalDigest(value: unknown, digits: number): string {
  return decimal(createHash("sha256").update(JSON.stringify(value)).digest(), digits);
}

function decimal(hash: Buffer, digits: number): string {
  return (BigInt(`0x${hash.toString("hex")}`) % 10n ** BigInt(digits)).toString().padStart(digits, "0");
}
