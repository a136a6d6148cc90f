import { isPersonActive } from "./activity.ts";
import { claim } from "./region.ts";

/** An error as the API tells it: `code` is AWS's name of it, `message` is for people. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Whether the same call may succeed in a moment: the server is busy, restarts, or was not reached. */
export function isWorthRetrying(error: unknown): boolean {
  return !(error instanceof CallFailed) || error.status === 429 || error.status >= 500;
}

export interface CallInit {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends a request of the console. Rejects with CallFailed when the server refuses it. Sessions are in a cookie that no script sees. */
export async function send(
  path: string,
  service: "batch" | "logs" | "longshore",
  init: CallInit = {},
): Promise<Response> {
  const { method = "GET", body, headers, signal } = init;
  const response = await fetch(path, {
    method,
    headers: {
      authorization: claim(service),
      "x-longshore-console": isPersonActive() ? "active" : "idle",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
  if (response.ok) return response;
  const failure = await failureOf(response);
  if (NOT_KNOWN.has(failure.code)) for (const listener of lostListeners) listener();
  throw failure;
}

/** What a server says that does not (or no longer) know who asks. */
const NOT_KNOWN = new Set([
  "UnrecognizedClientException",
  "MissingAuthenticationTokenException",
  "InvalidSignatureException",
  "IncompleteSignatureException",
]);
const lostListeners = new Set<() => void>();

/** Calls `listener` when the server does not know any more who is here. Returns how to stop that. */
export function onSessionLost(listener: () => void): () => void {
  lostListeners.add(listener);
  return () => lostListeners.delete(listener);
}

export async function call<Output>(
  path: string,
  service: "batch" | "logs" | "longshore",
  init?: CallInit,
): Promise<Output> {
  const response = await send(path, service, init);
  return (await response.json()) as Output;
}

async function failureOf(response: Response): Promise<CallFailed> {
  const text = await response.text();
  const code = response.headers.get("x-amzn-errortype")?.split(":", 1)[0] ?? "UnknownError";
  try {
    const { message } = JSON.parse(text) as { message?: string };
    return new CallFailed(response.status, code, message ?? text);
  } catch {
    return new CallFailed(response.status, code, text || response.statusText);
  }
}
