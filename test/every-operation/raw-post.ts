import type { Operation } from "../../src/api/wire/schema.ts";

/** An answer takes milliseconds. */
const HANG_MS = 20_000;

export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Sends any value as an operation's input, also what the SDK would not send. The signature is for an open server. */
export async function post(
  url: string,
  region: string,
  { http, input: { members } }: Operation,
  input: unknown,
): Promise<Answered> {
  const { method, path } = http!;
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  const given = isObject ? (input as Record<string, unknown>) : {};
  const body: Record<string, unknown> = { ...given };
  const query = new URLSearchParams();
  let label = "";
  for (const { name, place } of members()) {
    if (place.kind === "body") continue;
    delete body[name];
    if (place.kind === "label") label = asText(given[name]);
    else for (const value of [given[name]].flat()) query.append(place.key, asText(value));
  }
  const answer = await fetch(`${url}${path.replace(/\{.*\}/, encodeURIComponent(label))}?${query.toString()}`, {
    method,
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=any/20260101/${region}/batch/aws4_request, SignedHeaders=host, Signature=0`,
      "content-type": "application/json",
    },
    ...(method === "POST" && { body: JSON.stringify(isObject ? body : input) }),
    signal: AbortSignal.timeout(HANG_MS),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Lone surrogates cannot be percent-encoded. */
function asText(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();
}
