import type { AddressInfo } from "node:net";
import type { Agent, IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { Writable } from "node:stream";
import type { TestContext } from "node:test";
import { BatchClient } from "@aws-sdk/client-batch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { FastifyInstance } from "fastify";
import pino from "pino";
import type { Admission } from "../../src/api/access/admission.ts";
import { createAdmission } from "../../src/api/access/admission.ts";
import type { ServerOptions } from "../../src/api/server.ts";
import { systemClock } from "../support/clock.ts";
import { createServer } from "../../src/api/server.ts";
import type { BatchHandlers, Call } from "../../src/api/wire/operations.ts";

export interface TestServer {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly endpoint: string;
  /** What the server logged, one JSON text per entry. */
  readonly logged: string[];
}

/** No key is known: nothing is verified. */
const OPEN_TO_ALL = createAdmission({
  findKey: () => undefined,
  clock: systemClock,
  isOpen: true,
  defaultAccount: "123456789012",
});

/** A listening server that ends with the test. `addRoutes`: beside those of the services. */
export async function startServer(
  t: TestContext,
  options: Partial<ServerOptions>,
  addRoutes: (app: FastifyInstance, admission: Admission) => void = () => {},
): Promise<TestServer> {
  const logged: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk));
      done();
    },
  });
  const app = createServer({
    batch: {},
    logs: {},
    ecs: {},
    queryServices: [],
    health: async () => ({ ready: true }),
    admission: OPEN_TO_ALL,
    isOpen: true,
    defaultRegion: "us-east-1",
    version: "1.2.3",
    clock: systemClock,
    heapUsed: () => 0,
    logger: pino({ level: "info" }, sink),
    ...options,
  });
  addRoutes(app, OPEN_TO_ALL);
  await app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { app, port, endpoint: `http://127.0.0.1:${port}`, logged };
}

const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

export function batchClient(t: TestContext, endpoint: string, region = "us-east-1"): BatchClient {
  const client = new BatchClient({ endpoint, region, credentials: CREDENTIALS, maxAttempts: 1 });
  t.after(() => client.destroy());
  return client;
}

export function logsClient(t: TestContext, endpoint: string, region = "us-east-1"): CloudWatchLogsClient {
  const client = new CloudWatchLogsClient({ endpoint, region, credentials: CREDENTIALS, maxAttempts: 1 });
  t.after(() => client.destroy());
  return client;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  readonly json: { readonly message?: string; readonly __type?: string };
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** By default each request has a connection of its own. */
  readonly agent?: Agent;
}

/** One request exactly as given: no header is added but Host and the body's length. */
export function send(
  port: number,
  { method = "POST", path = "/v1/submitjob", headers = {}, body, agent }: RawRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, method, path, headers, agent: agent ?? false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve(rawAnswer(response, Buffer.concat(chunks).toString("utf8"))));
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function rawAnswer(response: IncomingMessage, text: string): RawAnswer {
  const isJson = response.headers["content-type"]?.includes("json") ?? false;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as RawAnswer["json"]) : {},
  };
}

export function sendJson(port: number, path: string, value: unknown): Promise<RawAnswer> {
  return send(port, { path, headers: { "content-type": "application/json" }, body: JSON.stringify(value) });
}

/** What one operation's handler was given. */
export interface Received {
  readonly operation: string;
  readonly input: object;
  readonly call: Call;
}

/** Handlers of the named operations that note what they are given and answer `{}`. */
export function recordingHandlers(operations: readonly string[], received: Received[]): BatchHandlers {
  const entries = operations.map((operation) => {
    const handler = async (input: object, call: Call): Promise<object> => {
      received.push({ operation, input, call });
      return {};
    };
    return [operation, handler];
  });
  return Object.fromEntries(entries) as BatchHandlers;
}
