import type { AccessKey } from "../ports/credentials.ts";

/** An answer that is an error, as the SDK's clients throw one. */
export class RefusedCall extends Error {
  /** What tells the SDK's errors from others. */
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
  }
}

export interface Signer extends AccessKey {
  readonly sessionToken?: string | undefined;
}

/**
 * Calls what is under /longshore on a server. Signed, and not with the key itself in it: whoever answers at that address in place of the server
 * learns nothing.
 *
 * @throws RefusedCall when the answer is an error.
 */
export async function signedCall<T>(url: URL, method: string, signing: Signing, body: unknown): Promise<T> {
  return (await (await signedRequest(url, method, signing, body)).json()) as T;
}

export interface Signing {
  readonly credentials: Signer;
  readonly region: string;
}

/**
 * The same, for what answers with more than JSON.
 *
 * @throws RefusedCall when the answer is an error.
 */
export async function signedRequest(
  url: URL,
  method: string,
  { credentials, region }: Signing,
  body: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const [{ SignatureV4 }, { HttpRequest }, { Sha256 }] = await Promise.all([
    import("@smithy/signature-v4"),
    import("@smithy/core/protocols"),
    import("@smithy/core/checksum"),
  ]);
  const signer = new SignatureV4({ service: "longshore", region, credentials: given(credentials), sha256: Sha256 });
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { host: url.host, ...(text !== undefined && { "content-type": "application/json" }) };
  const query = Object.fromEntries(url.searchParams);
  const signed = await signer.sign(new HttpRequest({ method, path: url.pathname, query, headers, body: text }));
  const response = await fetch(url, {
    ...{ method, headers: signed.headers },
    ...(text !== undefined && { body: text }),
    ...(signal !== undefined && { signal }),
  });
  if (response.ok) return response;
  const answer = (await response.json()) as { readonly message?: string };
  const name = response.headers.get("x-amzn-errortype") ?? "UnknownError";
  throw new RefusedCall(name, response.status, answer.message ?? `The server answered ${response.status}.`);
}

/** The signer's type knows no member that is undefined. */
function given({ accessKeyId, secretAccessKey, sessionToken }: Signer) {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
