import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent, request as startRequest } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Clock } from "../../ports/clock.ts";
import type { Answer } from "../wire/answer.ts";

/** A leader that is busy answers late, but takes a connection at once. */
const CONNECT_TIMEOUT_MS = 1_000;
/** To one leader. More wait for a connection. */
const CONNECTIONS_MAX = 256;

/** A request as it goes to another server. */
export interface OutgoingRequest {
  /** Of the server. */
  readonly url: string;
  /** With the query. */
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | undefined;
}

export type Outcome =
  | { readonly kind: "answered"; readonly answer: Answer }
  /** It has not had the request, and never will. */
  | { readonly kind: "unreached" }
  /** Nobody knows whether it has done it. */
  | { readonly kind: "lost" };

/** Sends requests to the server that leads. */
export class LeaderClient {
  readonly #clock: Pick<Clock, "after">;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  /** `signal` fires when there is nothing to hope for from that server any more. */
  send(outgoing: OutgoingRequest, signal: AbortSignal): Promise<Outcome> {
    const { method, path, headers, body } = outgoing;
    const { hostname, port } = new URL(outgoing.url);
    // A URL made of both could be one of another server: a path may begin with two slashes.
    const target = { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port, path };
    const length = body === undefined ? {} : { "content-length": body.length };
    return new Promise((resolve) => {
      const request = startRequest({
        ...target,
        method,
        headers: { ...forwardable(headers), ...length },
        agent: this.#agent,
        signal,
      });
      let isConnected = false;
      this.#onConnected(request, () => (isConnected = true));
      request.on("error", () => resolve({ kind: isConnected ? "lost" : "unreached" }));
      request.on("response", (response) => {
        answerOf(response).then(
          (answer) => resolve({ kind: "answered", answer }),
          () => resolve({ kind: "lost" }),
        );
      });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #onConnected(request: ClientRequest, connected: () => void): void {
    const cancel = this.#clock.after(CONNECT_TIMEOUT_MS, () => request.destroy(new Error("it takes no connection")));
    request.once("close", cancel);
    const done = (): void => {
      cancel();
      connected();
    };
    request.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", done);
      else done();
    });
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const body = await buffer(response);
  const headers = Object.entries(forwardable(response.headers)).map(([name, value]) => [name, String(value)]);
  return { status: response.statusCode!, headers: Object.fromEntries(headers) as Record<string, string>, body };
}

/** What belongs to a connection, not to what is said on it. */
const OF_THE_CONNECTION = new Set([
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"],
  ...["transfer-encoding", "upgrade", "expect", "host", "content-length", "date"],
]);

function forwardable(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name)));
}
