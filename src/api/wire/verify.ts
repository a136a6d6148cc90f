import type { KeyObject } from "node:crypto";
import { createHmac, createSecretKey, hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { createScope, getCanonicalHeaders, SignatureV4Base } from "@smithy/signature-v4";
import type { Signature, SignedRequest } from "./signature.ts";
import { invalidSignature } from "./signature-errors.ts";

/** How far the clocks of a client and of this server may be apart. */
const SKEW_SECONDS = 300;
const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

/** @throws InvalidSignatureException when the signature is too old or of the future. @param now epoch ms. */
export function checkTime({ time, expiresSeconds }: Signature, now: number): void {
  const signedAt = toEpochMs(time);
  const validSeconds = expiresSeconds ?? SKEW_SECONDS;
  const oldest = now - validSeconds * 1000;
  const newest = now + SKEW_SECONDS * 1000;
  if (!(signedAt >= oldest)) {
    throw invalidSignature(
      `Signature expired: ${time} is now earlier than ${basicTime(oldest)} (${basicTime(now)} - ${duration(validSeconds)})`,
    );
  }
  if (signedAt > newest) {
    throw invalidSignature(
      `Signature not yet current: ${time} is still later than ${basicTime(newest)} (${basicTime(now)} + ${duration(SKEW_SECONDS)})`,
    );
  }
}

function duration(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min.` : `${seconds} sec.`;
}

/** NaN for a time that no calendar has. */
function toEpochMs(time: string): number {
  return Date.parse(time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

function basicTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
}

/**
 * Whether the request is what was signed, body included.
 *
 * @param signingKey of the signature's access key, date, region and service.
 * @throws InvalidSignatureException
 */
export function verify(request: SignedRequest, signature: Signature, signingKey: KeyObject): void {
  requireSigned(request.headers, signature.signedHeaders);
  const canonical = canonicalRequest(request, signature.signedHeaders, payloadHash(request, signature));
  const scope = createScope(signature.date, signature.region, signature.service);
  const text = ["AWS4-HMAC-SHA256", signature.time, scope, sha256(canonical)].join("\n");
  const expected = createHmac("sha256", signingKey).update(text).digest();
  const given = /^[0-9a-f]{64}$/.test(signature.signature) ? Buffer.from(signature.signature, "hex") : undefined;
  if (given === undefined || !timingSafeEqual(expected, given)) throw invalidSignature();
}

/** The key that signs for one day, region and service. */
export function deriveSigningKey(secret: string, { date, region, service }: Signature): KeyObject {
  const key = [date, region, service, "aws4_request"].reduce(
    (previous, part) => createHmac("sha256", previous).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  // Node takes several times as long to sign with the bytes themselves.
  return createSecretKey(key);
}

/** What tells the meaning of a request must be signed: the host, and every header of AWS's but one that proxies may change. */
function requireSigned(headers: IncomingHttpHeaders, signedHeaders: readonly string[]): void {
  const needed = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && name !== "x-amz-user-agent");
  const unsigned = ["host", ...needed].filter((name) => !signedHeaders.includes(name));
  if (unsigned.length > 0) {
    throw invalidSignature(`The request has headers that must be signed and are not: ${unsigned.join(", ")}.`);
  }
  const absent = signedHeaders.filter((name) => headers[name] === undefined);
  if (absent.length > 0) throw invalidSignature(`The signature covers headers that are absent: ${absent.join(", ")}.`);
}

/** Of the body as it came. What the client says of it is compared and not trusted; presigned URLs may leave the body open. */
function payloadHash({ headers, search, body }: SignedRequest, { expiresSeconds }: Signature): string {
  const query = expiresSeconds === undefined ? null : new URLSearchParams(search.toLowerCase());
  const stated = headers["x-amz-content-sha256"] ?? query?.get("x-amz-content-sha256") ?? undefined;
  if (query !== null && String(stated).toUpperCase() === UNSIGNED_PAYLOAD) return UNSIGNED_PAYLOAD;
  const actual = sha256(body ?? "");
  if (stated !== undefined && stated !== actual) throw invalidSignature();
  return actual;
}

function sha256(data: string | Buffer): string {
  return hash("sha256", data, "hex");
}

function canonicalRequest(
  { method, path, search, headers }: SignedRequest,
  signedHeaders: readonly string[],
  payload: string,
): string {
  // The canonical form leaves detours out of the path, and with them what the path says here.
  if (/\/\.{0,2}\/|\/\.{1,2}$/.test(path)) throw invalidSignature();
  const signed = Object.fromEntries(signedHeaders.map((name) => [name, String(headers[name])]));
  const request = new HttpRequest({ method, path, query: queryOf(search), headers: signed });
  return CANONICAL_FORM.of(request, getCanonicalHeaders(request, undefined, new Set(signedHeaders)), payload);
}

/** Decoded as the handlers decode it: two queries that mean different things never have the same signature. */
function queryOf(search: string): Record<string, string[]> {
  const query = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of new URLSearchParams(search)) (query[name] ??= []).push(value);
  return query;
}

/** The AWS SDK's own canonical form of requests. */
class CanonicalForm extends SignatureV4Base {
  constructor() {
    const unused = { accessKeyId: "", secretAccessKey: "" };
    super({ service: "", region: "", credentials: unused, sha256: Sha256 });
  }

  of(request: HttpRequest, canonicalHeaders: Record<string, string>, payload: string): string {
    return this.createCanonicalRequest(request, canonicalHeaders, payload);
  }
}

const CANONICAL_FORM = new CanonicalForm();
