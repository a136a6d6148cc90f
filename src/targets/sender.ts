import type { Clock } from "../ports/clock.ts";
import type { EventEnvelope } from "../ports/event-report.ts";

/** Delivers events to one place. */
export interface Sender {
  readonly type: "webhook" | "eventbridge";
  /** Without what may be secret in it. */
  readonly to: string;
  /** So many events at a time, and bytes of their JSON. */
  readonly mostEvents: number;
  readonly mostBytes: number;
  /** Resolves with what was not taken; rejects when nothing was, or nobody knows. */
  send(events: readonly EventEnvelope[], signal: AbortSignal): Promise<readonly Refusal[]>;
}

/** One event that was not taken, by its index. */
export interface Refusal {
  readonly index: number;
  readonly problem: string;
}

/** `isFinal`: it is the event's own fault, and would be again. The message has nothing of credentials. */
export class DeliveryFailed extends Error {
  override readonly name = "DeliveryFailed";
  readonly isFinal: boolean;

  constructor(message: string, isFinal = false) {
    super(message);
    this.isFinal = isFinal;
  }
}

export interface Posting {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Of those that say that the request is wrong, the ones that another try may change. */
const MAY_CHANGE: ReadonlySet<number> = new Set([401, 403, 404, 408, 409, 425, 429]);
/** Of an answer that somebody looks at. */
const MOST_ANSWER = 64 * 1024;

/** @throws DeliveryFailed. Redirects are not followed: they would lead where nobody has allowed it. */
export async function post(url: string, { headers, body, timeoutMs, clock, signal }: Posting): Promise<string> {
  const controller = new AbortController();
  const cancel = clock.after(timeoutMs, () => controller.abort());
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.any([controller.signal, signal]),
    });
    const text = await startOf(response);
    if (response.ok) return text;
    const { status } = response;
    const isRedirect = status >= 300 && status < 400;
    const isFinal = status >= 400 && status < 500 && !MAY_CHANGE.has(status);
    throw new DeliveryFailed(
      isRedirect ? `it answered ${status}, and redirects are not followed` : `it answered ${status}`,
      isFinal,
    );
  } catch (error) {
    if (error instanceof DeliveryFailed) throw error;
    if (controller.signal.aborted) throw new DeliveryFailed(`it did not answer within ${timeoutMs / 1000} seconds`);
    throw new DeliveryFailed(`it could not be reached (${codeOf(error)})`);
  } finally {
    cancel();
  }
}

async function startOf(response: Response): Promise<string> {
  let text = "";
  if (response.body === null) return text;
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.length > MOST_ANSWER) break;
  }
  return text;
}

/** The system's word for it; fetch hides it. */
function codeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code: unknown = typeof cause === "object" && cause !== null ? Reflect.get(cause, "code") : undefined;
  return typeof code === "string" ? code : error instanceof Error ? error.message : String(error);
}
