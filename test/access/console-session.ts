import assert from "node:assert/strict";
import type { KeyedServer } from "./server.ts";

/** What the console claims in the place of a signature. */
export function claim(keyId = "console", service = "batch"): string {
  return `AWS4-HMAC-SHA256 Credential=${keyId}/20261201/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=${"0".repeat(64)}`;
}

/** The headers of a request of the console in a browser. */
export function consoleHeaders(url: string, cookie: string | undefined): Record<string, string> {
  const { host, origin } = new URL(url);
  return {
    ...{ host, origin, authorization: claim(), "content-type": "application/json", "x-longshore-console": "active" },
    ...{ "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" },
    ...(cookie !== undefined && { cookie }),
  };
}

/** Signs in with the n-th key; returns the cookie. */
export async function signedIn({ url, keys }: Pick<KeyedServer, "url" | "keys">, n = 0): Promise<string> {
  const { accessKeyId, secretAccessKey } = keys[n]!;
  const answer = await fetch(`${url}/longshore/session`, {
    method: "POST",
    headers: consoleHeaders(url, undefined),
    body: JSON.stringify({ accessKeyId, secretAccessKey }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return answer.headers.getSetCookie()[0]!.split(";")[0]!;
}
