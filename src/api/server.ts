import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fastify, LogController } from "fastify";
import type { ConsolePages } from "./console/pages.ts";
import { recogniseSessions } from "./console/session-hooks.ts";
import { SESSION_PATH } from "./console/session-routes.ts";
import type { Admission, AdmissionRequest, Admitted, ServiceName } from "./access/admission.ts";
import type { PathCaller } from "./access/job-credentials.ts";
import type { Sessions } from "./access/sessions.ts";
import { readTraceparent } from "../core/trace-context.ts";
import { Connections } from "./load/connections.ts";
import { Gate } from "./load/gate.ts";
import { watchRequests } from "./load/request-hook.ts";
import type { LoadLimits } from "./load/limits.ts";
import { DEFAULT_LOAD_LIMITS, MAX_BODY_BYTES } from "./load/limits.ts";
import { endUnread, hasLargeUnreadBody } from "./load/unread-body.ts";
import type { Clock } from "../ports/clock.ts";
import type { RequestWatch } from "../ports/server-metrics.ts";
import type { Forwarding } from "./servers/forwarding.ts";
import { AnsweredElsewhere } from "./servers/forwarding.ts";
import type { Answer } from "./wire/answer.ts";
import { apiErrorOf, errorAnswer, isUnexpected, lastMessage, outputAnswer } from "./wire/answer.ts";
import { jsonServices } from "./json-services.ts";
import { createAwsJson } from "./wire/aws-json.ts";
import type { QueryService } from "./wire/aws-query.ts";
import { createAwsQuery, queryErrorAnswer } from "./wire/aws-query.ts";
import { claimedCredential } from "./wire/credential.ts";
import { ApiError, unknownOperationException } from "./wire/errors.ts";
import { isForm, refusal, unmeant } from "./wire/guard.ts";
import type { BatchHandlers, Call, EcsHandlers, LogsHandlers } from "./wire/operations.ts";
import { noteCaller, rawRequest, splitUrl } from "./wire/raw-request.ts";
import { createRestJson } from "./wire/rest-json.ts";

/** Whether the server can do its work now. `reason` is for people, one sentence. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface ServerOptions {
  readonly batch: BatchHandlers;
  readonly logs: LogsHandlers;
  readonly ecs: EcsHandlers;
  /** Those that are asked with a form: STS, EC2. */
  readonly queryServices: readonly QueryService[];
  /** Requests wait until it resolves; when it rejects, they fail. */
  readonly opened?: Promise<unknown>;
  /** Asked by each GET /readyz. A rejection counts as not ready. */
  readonly health: () => Promise<Readiness>;
  /** Who may call. */
  readonly admission: Admission;
  /** Reads who sends a request from its path, where that says so. */
  readonly callerOf?: (path: string) => PathCaller | undefined;
  /** Whether any key will do. Only for what people are told. */
  readonly isOpen: boolean;
  /** To the server that leads, where there are several. */
  readonly forwarding?: Pick<Forwarding, "settle"> | undefined;
  readonly console?: ConsolePages;
  /** Of people who have signed in at the console. Absent where nobody needs to. */
  readonly sessions?: Sessions | undefined;
  /** The region of requests that are not signed for one. */
  readonly defaultRegion: string;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
  /** Host names to accept besides this machine's own (localhost, 127.0.0.1, ...), in lower case, without port. */
  readonly allowedHosts?: readonly string[];
  readonly load?: Partial<LoadLimits>;
  /** The part of the heap that is in use, from 0 to 1. */
  readonly heapUsed: () => number;
  readonly clock: Clock;
  /** Learns of each request. Absent: nobody does. */
  readonly watch?: RequestWatch;
}

/** Of the time to receive a request, half is for its headers. How late one is, is looked at four times as often. */
const HEADERS_PART = 2;
const LOOKS = 4;
/** From the start of `close()` to the end of the last connection, whatever its client does. */
const DRAIN_TIMEOUT_MS = 10_000;
/** Longer than the idle time of the load balancers in front and of clients' polling. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/**
 * The HTTP server: AWS Batch under /v1, CloudWatch Logs, ECS, EC2 and STS at /, /healthz and /readyz, a hint for people at GET /. Not listening
 * yet; more routes may be added before it does, and the same guard then stands before them.
 *
 * `close()` answers what has been accepted, closes idle connections, and resolves when the last one is gone.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const limits = { ...DEFAULT_LOAD_LIMITS, ...options.load };
  const app = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    genReqId: () => randomUUID(),
    rewriteUrl: (request) => pathAskedFor(request, options),
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: limits.requestTimeoutMs,
    http: {
      headersTimeout: Math.ceil(limits.requestTimeoutMs / HEADERS_PART),
      connectionsCheckingInterval: Math.ceil(limits.requestTimeoutMs / HEADERS_PART / LOOKS),
    },
    forceCloseConnections: "idle",
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendError(options, error, request, reply),
    clientErrorHandler: answerUnreadable,
  });
  if (options.watch !== undefined)
    watchRequests(app, options.watch, [options.batch, options.logs, options.ecs].flatMap(Object.keys));
  const connections = new Connections(app, limits.connections);
  connections.drainOnClose(app, options.clock, DRAIN_TIMEOUT_MS);
  answerWhoExpects(app);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => sendError(options, error, request, reply));
  options.console?.serve(app);
  app.setNotFoundHandler((request, reply) => {
    if (options.console?.isFor(request)) return options.console.send(reply);
    const path = splitUrl(request).path.slice(0, 200);
    return sendError(
      options,
      unknownOperationException(`There is nothing at ${request.method} ${path}`),
      request,
      reply,
    );
  });
  guardEveryRequest(app, options, limits);
  serveHealth(app, options);
  serveApis(app, options);
  return app;
}

/** Without what says who asks: that is in no route, and in no log. */
function pathAskedFor(request: IncomingMessage, { callerOf = () => undefined }: ServerOptions): string {
  const { url = "/" } = request;
  const caller = callerOf(url);
  if (caller === undefined) return url;
  noteCaller(request, caller.accessKeyId);
  return caller.rest;
}

/** Clients with a large body ask first whether to send it: they are told once the request was let in. */
function answerWhoExpects({ server }: FastifyInstance): void {
  server.on("checkContinue", (request, response) => void server.emit("request", request, response));
}

/** Request id, guard, limits, admission: before a byte of the body is read. */
function guardEveryRequest(app: FastifyInstance, options: ServerOptions, limits: LoadLimits): void {
  const { clock, admission } = options;
  const allowedHosts = new Set(options.allowedHosts);
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-amzn-requestid", request.id);
    const { method, headers } = request;
    const { rawHeaders, socket } = request.raw;
    const { path, search } = splitUrl(request);
    try {
      const isForwarded = admission.isForwarded({ method, path, search, headers });
      const isForPage = options.console?.isFor(request) === true && !isQuery(request);
      const head = { method, path, headers, rawHeaders, localAddress: socket.localAddress, isForPage };
      done(isForwarded ? undefined : refusal(head, allowedHosts));
    } catch (error) {
      done(error as Error);
    }
  });
  if (options.sessions !== undefined) recogniseSessions(app, options.sessions);
  const gate = new Gate({
    ...{ limits, clock, heapUsed: options.heapUsed },
    accountOf: (request) => admission.accountOf(rawRequest(request)),
    refusalOf: errorInTermsOf,
  });
  gate.standBefore(app);
  app.addHook("onRequest", async () => {
    await options.opened;
  });
  app.addHook("preParsing", async (request) => {
    if (hasBody(request) && !signsIn(request, options)) await admission.greet(rawRequest(request));
  });
}

/** Who signs in has nothing to show yet. The body is short. */
function signsIn(request: FastifyRequest, { sessions }: ServerOptions): boolean {
  return sessions !== undefined && request.method === "POST" && splitUrl(request).path === SESSION_PATH;
}

function hasBody({ headers }: FastifyRequest): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

function serveHealth(app: FastifyInstance, options: ServerOptions): void {
  app.get("/healthz", () => ({ status: "alive" }));
  app.get("/readyz", async (request, reply) => {
    const readiness = await options.health().catch((error: unknown): Readiness => {
      options.logger.error({ err: error, requestId: request.id }, "the readiness check failed");
      return { ready: false, reason: "The readiness check itself failed; the server's log has the cause." };
    });
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
}

const ANY_KEY = "AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any";
const OWN_KEY = "AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...   # from `longshore credentials create`, there";

function introduction(options: ServerOptions, host: string): string {
  return `Longshore ${options.version}: AWS Batch, served here.

Point the AWS CLI or any AWS SDK at it:

  export AWS_ENDPOINT_URL_BATCH=http://${host}
  export AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=http://${host}
  export AWS_REGION=${options.defaultRegion} ${options.isOpen ? ANY_KEY : OWN_KEY}
  aws batch describe-job-queues

${options.console?.isBuilt === false ? "The web console is not built here: `npm run console` in Longshore's directory builds it, and says what is missing.\n\n" : ""}Health: /healthz (alive), /readyz (can work).
`;
}

function serveApis(app: FastifyInstance, options: ServerOptions): void {
  const restJson = createRestJson(options.batch, options.version);
  const awsJson = createAwsJson(jsonServices(options), options.version);
  const awsQuery = createAwsQuery(options.queryServices);
  app.all("/v1/*", async (request, reply) => {
    const raw = rawRequest(request);
    const output = await restJson(raw, await callOf(raw, "batch", request.id, options));
    return send(reply, outputAnswer(output, "restJson1"));
  });
  const serveQuery = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const raw = rawRequest(request);
    const operation = awsQuery(raw.search, raw.body);
    const refused = operation.isChanging ? unmeant(request.headers) : undefined;
    if (refused !== undefined) throw refused;
    return send(reply, await operation.run(await callOf(raw, operation.service, request.id, options)));
  };
  app.get("/", (request, reply) => {
    if (isQuery(request)) return serveQuery(request, reply);
    if (options.console?.isFor(request)) return options.console.send(reply);
    return reply.type("text/plain; charset=utf-8").send(introduction(options, request.host));
  });
  app.post("/", async (request, reply) => {
    if (isQuery(request)) return serveQuery(request, reply);
    const raw = rawRequest(request);
    const operation = await awsJson(targetOf(request));
    const output = await operation.run(raw.body, await callOf(raw, operation.service, request.id, options));
    return send(reply, outputAnswer(output, "awsJson1.1"));
  });
}

/** Whether the request is of a service that is asked with a form. Such services take a URL's query as well: presigned URLs are of GET or of POST. */
function isQuery({ method, headers, raw }: FastifyRequest): boolean {
  const namesAction = /[?&]Action=/.test(raw.url ?? "");
  if (method === "GET") return namesAction;
  if (method !== "POST" || headers["x-amz-target"] !== undefined) return false;
  const contentType = headers["content-type"];
  return contentType === undefined ? namesAction : isForm(contentType);
}

function targetOf({ headers }: FastifyRequest): string {
  const target = headers["x-amz-target"];
  if (typeof target === "string") return target;
  throw unknownOperationException(
    "POST / takes requests of CloudWatch Logs and ECS, which name their operation in the header X-Amz-Target, and forms of STS and EC2. " +
      "The operations of AWS Batch are POST /v1/<operation>.",
  );
}

/** With whether its caller may do what concerns every account. */
export type AdmittedCall = Call & Pick<Admitted, "mayForAll">;

/** Rejects when the request must not be served, or when another server has answered it. */
export async function callOf(
  request: AdmissionRequest,
  service: ServiceName,
  requestId: string,
  { admission, defaultRegion, forwarding }: Pick<ServerOptions, "admission" | "defaultRegion" | "forwarding">,
): Promise<AdmittedCall> {
  const admitted = await admission.admit(request, service);
  const { traceparent } = request.headers;
  const call = {
    ...{ ...admitted, requestId, region: admitted.region ?? defaultRegion },
    ...(typeof traceparent === "string" && readTraceparent(traceparent) !== undefined && { traceparent }),
  };
  await forwarding?.settle(request, service, call);
  return call;
}

function sendError(
  options: ServerOptions,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (thrown instanceof AnsweredElsewhere) return send(reply, thrown.answer);
  if (isUnexpected(thrown)) {
    const about = { err: thrown, requestId: request.id, method: request.method, path: splitUrl(request).path };
    options.logger.error(about, "a request failed unexpectedly");
  }
  const error = apiErrorOf(thrown, request.id);
  reply.header("x-amzn-requestid", request.id);
  // Fastify would close the connection, and a client that still sends its body would not come to reading the answer.
  if (request.headers.expect === undefined) reply.removeHeader("connection");
  const answer = errorInTermsOf(request, error);
  // Without a socket the answer is not the next one on its connection.
  if (!hasLargeUnreadBody(request.raw) || reply.raw.socket === null) return send(reply, answer);
  reply.hijack();
  endUnread(request.raw.socket, lastMessage(answer, request.id), options.clock);
  return reply;
}

function errorInTermsOf(request: FastifyRequest, error: ApiError): Answer {
  const { path, search } = splitUrl(request);
  if (path !== "/") return errorAnswer(error, request.id, "restJson1");
  if (!isQuery(request)) return errorAnswer(error, request.id, request.method === "POST" ? "awsJson1.1" : "restJson1");
  const service = claimedCredential(request.headers.authorization, search)?.service;
  return queryErrorAnswer(error, request.id, service === "ec2" ? "ec2Query" : "awsQuery");
}

/** A buffer, because Fastify would add a charset to the content type of a text. */
function send(reply: FastifyReply, answer: Answer): FastifyReply {
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

/** What came is not HTTP, too large in its headers, or too slow. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const answer = errorAnswer(unreadable(error.code), requestId, "restJson1");
  socket.end(lastMessage(answer, requestId), () => socket.destroy());
}

function unreadable(code: string | undefined): ApiError {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new ApiError("RequestTimeoutException", 408, "The request did not arrive in time.");
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    return new ApiError("RequestHeaderTooLargeException", 431, "The request's headers are too large.");
  }
  return new ApiError("BadRequestException", 400, "The request is not valid HTTP.");
}
