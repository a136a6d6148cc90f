import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { parseRequest, readBody } from "./api-request.ts";
import type { ApiRequest } from "./api-request.ts";
import { DOCUMENTS, HEALTH } from "./discovery.ts";
import type { Fault } from "./faults.ts";
import { Faults, refusalOf } from "./faults.ts";
import { forbidden, Refusal } from "./refusals.ts";
import { RequestCounts } from "./request-counts.ts";
import { serveResource } from "./resource-requests.ts";
import type { ResourceParts } from "./resource-requests.ts";
import type { WatchStream } from "./watch-stream.ts";

export interface ApiServerOptions extends ResourceParts {
  /** Who does not show it is 401. */
  readonly token: string | undefined;
  /** PEM texts. Without them, plain HTTP. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
}

/** How the API server is not there: nobody listens, connections are cut, or nothing is ever answered. */
export type Absence = "refused" | "reset" | "hanging";

/** The HTTP side of the double, with all that goes wrong on the way. */
export class ApiServer {
  readonly faults = new Faults();
  readonly counts = new RequestCounts();
  readonly #options: ApiServerOptions;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<WatchStream>();
  readonly #logs = new Set<ServerResponse>();
  readonly #denied = new Set<string>();
  #server: Server;
  #port = 0;
  #absence: Absence | undefined;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#server = this.#create();
  }

  get url(): string {
    return `${this.#options.tls === undefined ? "http" : "https"}://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<void> {
    this.#server = this.#create();
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async leave(absence: Absence): Promise<void> {
    this.#absence = absence;
    for (const socket of this.#sockets) socket.destroy();
    if (absence === "refused") await this.close();
  }

  async comeBack(): Promise<void> {
    const absence = this.#absence;
    this.#absence = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (absence === "refused") await this.listen();
  }

  /** Cut in the middle, as by a proxy that restarts. */
  cutWatches(): void {
    for (const watch of this.#watches) watch.cut();
  }

  /** Ended properly, as after their time. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** The server tells each of them that it has forgotten too much. */
  expireWatches(): void {
    for (const watch of this.#watches) watch.expire("too old resource version");
  }

  sendBookmarks(): void {
    for (const watch of this.#watches) watch.bookmark();
  }

  cutLogs(): void {
    for (const response of this.#logs) response.destroy();
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** `verb resource` (`get pods/log`) is 403 from now on. */
  deny(what: string): void {
    this.#denied.add(what);
  }

  allow(what: string): void {
    this.#denied.delete(what);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #create(): Server {
    const listener = (request: IncomingMessage, response: ServerResponse): void => void this.#answer(request, response);
    const { tls } = this.#options;
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    server.on("connection", (socket: Socket) => {
      if (this.#absence === "reset") return void socket.resetAndDestroy();
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    return server;
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#absence !== undefined) return;
    try {
      await this.#serve(incoming, response);
    } catch (error) {
      if (response.headersSent || response.destroyed) return void response.destroy();
      refuse(
        response,
        error instanceof Refusal
          ? error
          : new Refusal(500, "InternalError", `Internal error occurred: ${String(error)}`),
      );
      if (!(error instanceof Refusal)) this.#options.broke(error);
    }
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = incoming.url!.split("?")[0]!;
    if (HEALTH.has(path)) return void response.writeHead(200, { "content-type": "text/plain" }).end("ok");
    const { token } = this.#options;
    if (token !== undefined && incoming.headers.authorization !== `Bearer ${token}`)
      throw new Refusal(401, "Unauthorized", "Unauthorized");
    const document = DOCUMENTS[path.replace(/\/$/, "")];
    if (document !== undefined) return answer(response, 200, JSON.stringify(document));
    const request = parseRequest(incoming);
    if (request === undefined) throw new Refusal(404, "NotFound", "the server could not find the requested resource");
    this.counts.count(request);
    const fault = this.faults.for(request);
    if (fault?.kind === "reset") return void incoming.socket.destroy();
    if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.ms));
    if (fault?.kind === "status") throw refusalOf(fault);
    this.#authorize(request);
    const body = await readBody(incoming);
    if (this.#absence !== undefined) return void incoming.socket.destroy();
    this.#noteStream(request, fault, response);
    const result = await serveResource(this.#options, request, body, response, this.#watches);
    if (result === undefined) return;
    if (fault?.kind === "lostAnswer") return void incoming.socket.destroy();
    answer(response, result.code, result.text);
  }

  #authorize({ verb, resource, subresource, namespace }: ApiRequest): void {
    const what = `${resource}${subresource === undefined ? "" : `/${subresource}`}`;
    if (this.#denied.has(`${verb} ${what}`)) throw forbidden(verb, what, namespace);
  }

  #noteStream({ subresource }: ApiRequest, fault: Fault | undefined, response: ServerResponse): void {
    if (subresource === "log") {
      this.#logs.add(response);
      response.once("close", () => this.#logs.delete(response));
    }
    if (fault?.kind !== "cut") return;
    const timer = setTimeout(() => response.destroy(), fault.afterMs);
    response.once("close", () => clearTimeout(timer));
  }
}

function answer(response: ServerResponse, code: number, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(code, { "content-type": "application/json", "content-length": body.length }).end(body);
}

function refuse(response: ServerResponse, { status, retryAfterSeconds }: Refusal): void {
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", String(retryAfterSeconds));
  answer(response, status.code, JSON.stringify(status));
}
