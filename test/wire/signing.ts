import { HttpRequest, buildQueryString } from "@smithy/core/protocols";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import { rootCaller } from "../../src/api/access/callers.ts";
import type { AdmissionRequest } from "../../src/api/access/admission.ts";
import { createAdmission } from "../../src/api/access/admission.ts";

export const KEY = { accessKeyId: "LSAKTESTTESTTESTTEST", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
export const NOW = Date.parse("2026-03-01T12:00:00Z");
/** The client's end and the server's end of a connection on one machine. */
const LOOPBACK = { localAddress: "127.0.0.1", remoteAddress: "127.0.0.1" };

/** What is to be signed. `path` is percent-encoded as on the wire, the query is not. */
export interface Unsigned {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Signing {
  readonly key?: typeof KEY;
  readonly region?: string;
  readonly service?: string;
  /** Epoch ms. */
  readonly at?: number;
  /** A presigned URL that is valid for so long, in place of headers. */
  readonly expiresSeconds?: number;
}

/** Signs as the AWS SDK for JavaScript does, and gives the request as the server will see it. */
export async function signed(unsigned: Unsigned, signing: Signing = {}): Promise<AdmissionRequest> {
  const { method = "POST", path = "/v1/describejobs", query = {}, headers = {}, body } = unsigned;
  const { key = KEY, region = "us-east-1", service = "batch", at = NOW, expiresSeconds } = signing;
  const signer = new SignatureV4({ service, region, credentials: key, sha256: Sha256 });
  const request = new HttpRequest({ method, path, query, headers: { host: "localhost:4590", ...headers }, body });
  const signingDate = new Date(at);
  const ready =
    expiresSeconds === undefined
      ? await signer.sign(request, { signingDate })
      : await signer.presign(request, { signingDate, expiresIn: expiresSeconds });
  return {
    method,
    path,
    search: buildQueryString(ready.query ?? {}),
    headers: Object.fromEntries(Object.entries(ready.headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: body === undefined ? undefined : Buffer.from(body),
    socket: LOOPBACK,
  };
}

/** An admission that knows `KEY`, and where any other may be used if it is open. */
export function admission({ isOpen = false, now = NOW }: { isOpen?: boolean; now?: number } = {}) {
  const caller = { ...rootCaller("123456789012"), accessKeyId: KEY.accessKeyId, keyId: KEY.accessKeyId };
  const known = { secretAccessKey: KEY.secretAccessKey, caller, policy: undefined };
  return createAdmission({
    findKey: (accessKeyId) => (accessKeyId === KEY.accessKeyId ? known : undefined),
    clock: { now: () => now, after: () => () => {} },
    isOpen,
    defaultAccount: "123456789012",
  });
}
