import http from "node:http";
import https from "node:https";
import type { IncomingMessage } from "node:http";
import { addAbortSignal } from "node:stream";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Clock } from "../../../ports/clock.ts";
import { ApiAway, ApiError, messageOf } from "./api-error.ts";
import type { Status } from "./objects.ts";

/** Credentials are looked at again after so long: tokens and certificates in files are renewed. Executables are run only when their own answer has expired. */
const CREDENTIALS_MS = 60_000;
/** So many connections for requests; what is followed has its own. */
const CONNECTIONS = 64;
const LONGEST_MESSAGE_BYTES = 16 * 1024;

/** What is asked of the API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default: application/json. */
  readonly contentType?: string;
}

/** What ends a request that takes too long, as soon as there is one. */
interface TimeLimit {
  giveUp?: () => void;
}

type Agents = Readonly<Record<"requests" | "streams", http.Agent>>;

interface Credentials {
  readonly options: https.RequestOptions;
  readonly agents: Agents;
  /** By the clock. */
  readonly until: number;
}

/**
 * HTTP to one API server with the address, the certificates and the credentials of a kubeconfig. The client library does the authentication; the requests
 * are made here (docs/decisions/0044-pods-by-the-api-itself.md).
 */
export class Connection {
  readonly #access: KubeConfig;
  readonly #clock: Clock;
  readonly #server: URL;
  #credentials: Promise<Credentials> | undefined;
  #agents: { readonly key: string; readonly agents: Agents } | undefined;

  constructor(access: KubeConfig, clock: Clock) {
    const cluster = access.getCurrentCluster();
    if (cluster === null) throw new Error("the kubeconfig has no cluster for its current context");
    this.#access = access;
    this.#clock = clock;
    this.#server = new URL(cluster.server);
  }

  /** Rejects with ApiError, ApiAway, or an AbortError when the signal fires. */
  async request<T>(request: ApiRequest, timeoutMs: number, signal: AbortSignal): Promise<T> {
    return this.#timed(
      signal,
      timeoutMs,
      async (limit) => JSON.parse(await textOf(await this.#open(request, "requests", signal, limit))) as T,
    );
  }

  /** An answer that comes piece by piece, maybe for long: the time is that until it begins. After that, its errors are the stream's. */
  async stream(request: ApiRequest, timeoutMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#timed(signal, timeoutMs, async (limit) =>
      // The request's own use of the signal ends when the answer begins.
      addAbortSignal(signal, await this.#open(request, "streams", signal, limit)),
    );
  }

  async #timed<T>(signal: AbortSignal, timeoutMs: number, ask: (limit: TimeLimit) => Promise<T>): Promise<T> {
    const limit: TimeLimit = {};
    const cancel = this.#clock.after(timeoutMs, () => limit.giveUp?.());
    try {
      return await ask(limit);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof ApiError ? error : new ApiAway(messageOf(error));
    } finally {
      cancel();
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents?.agents ?? {})) agent.destroy();
  }

  async #open(
    request: ApiRequest,
    kind: keyof Agents,
    signal: AbortSignal,
    limit: TimeLimit,
  ): Promise<IncomingMessage> {
    const { options, agents } = await this.#authenticated();
    signal.throwIfAborted();
    const answer = await this.#send(request, { ...options, agent: agents[kind], signal }, limit);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    // Credentials that are not taken any more are read anew for the next request.
    if (status === 401) this.#credentials = undefined;
    throw new ApiError(status, statusIn(await textOf(answer)), retryAfterMs(answer));
  }

  #send(
    { method, path, query = {}, body, contentType = "application/json" }: ApiRequest,
    options: https.RequestOptions,
    limit: TimeLimit,
  ): Promise<IncomingMessage> {
    const url = new URL(`${this.#server.pathname.replace(/\/$/, "")}${path}`, this.#server);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      ...options.headers,
      accept: "application/json, */*",
      ...(bytes !== undefined && { "content-type": contentType, "content-length": bytes.length }),
    };
    const { request } = url.protocol === "http:" ? http : https;
    return new Promise((resolve, reject) => {
      const sent = request(url, { ...options, method, headers }, resolve);
      limit.giveUp = () => sent.destroy(new Error("no answer in time"));
      sent.on("error", reject);
      sent.end(bytes);
    });
  }

  async #authenticated(): Promise<Credentials> {
    const known = await this.#credentials;
    if (known !== undefined && this.#clock.now() < known.until) return known;
    const reading = this.#read();
    this.#credentials = reading;
    reading.catch(() => {
      if (this.#credentials === reading) this.#credentials = undefined;
    });
    return reading;
  }

  async #read(): Promise<Credentials> {
    const options: https.RequestOptions = {};
    await this.#access.applyToHTTPSOptions(options);
    const { agent, ...others } = options;
    return { options: others, agents: this.#agentsFor(others, agent), until: this.#clock.now() + CREDENTIALS_MS };
  }

  /** The library's agents keep no connections; its own are used where the way leads through a proxy. */
  #agentsFor(options: https.RequestOptions, given: https.RequestOptions["agent"]): Agents {
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
    const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
    const known = JSON.stringify(tls);
    if (this.#agents?.key === known) return this.#agents.agents;
    const isProxied = this.#access.getCurrentCluster()?.proxyUrl !== undefined;
    const agents =
      isProxied && given instanceof http.Agent
        ? { requests: given, streams: given }
        : this.#ownAgents(withoutUndefined(tls));
    this.#agents = { key: known, agents };
    return agents;
  }

  #ownAgents(tls: https.AgentOptions): Agents {
    const { Agent } = this.#server.protocol === "http:" ? http : https;
    const keepAlive = { keepAlive: true, keepAliveMsecs: 30_000 };
    return {
      requests: new Agent({ ...tls, ...keepAlive, maxSockets: CONNECTIONS }),
      streams: new Agent({ ...tls, ...keepAlive }),
    };
  }
}

function withoutUndefined<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** A proxy in between answers with no Status. */
function statusIn(text: string): Status {
  try {
    const status = JSON.parse(text) as Status;
    if (typeof status === "object" && status !== null) return status;
  } catch {
    // Its text says what it is.
  }
  const message = text.trim().slice(0, LONGEST_MESSAGE_BYTES);
  return message === "" ? {} : { message };
}

function retryAfterMs({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
