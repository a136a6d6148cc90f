import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fastify, LogController } from "fastify";
import type { Admission, AdmissionRequest, ServiceName } from "./access/admission.ts";
import type { Answer } from "./wire/answer.ts";
import { apiErrorOf, errorAnswer, isUnexpected, MAX_BODY_BYTES, outputAnswer, rawErrorMessage } from "./wire/answer.ts";
import { jsonServices } from "./json-services.ts";
import { createAwsJson } from "./wire/aws-json.ts";
import type { QueryService } from "./wire/aws-query.ts";
import { createAwsQuery, queryErrorAnswer } from "./wire/aws-query.ts";
import { claimedCredential } from "./wire/credential.ts";
import { closeConnectionsWhileDraining } from "./wire/draining.ts";
import { ApiError, tooManyRequestsException, unknownOperationException } from "./wire/errors.ts";
import { isForm, refusal } from "./wire/guard.ts";
import type { BatchHandlers, Call, EcsHandlers, LogsHandlers } from "./wire/operations.ts";
import { rawRequest, splitUrl } from "./wire/raw-request.ts";
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
  /** Whether any key will do. Only for what people are told. */
  readonly isOpen: boolean;
  /** The region of requests that are not signed for one. */
  readonly defaultRegion: string;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
  /** Host names to accept besides this machine's own (localhost, 127.0.0.1, ...), in lower case, without port. */
  readonly allowedHosts?: readonly string[];
  /** More requests at a time than this answer 429. Default 2,000. */
  readonly inFlightLimit?: number;
  /** More connections than this are dropped. Default 4,096. */
  readonly connectionLimit?: number;
}

const IN_FLIGHT_LIMIT = 2000;
const CONNECTION_LIMIT = 4096;
const HEADERS_TIMEOUT_MS = 30_000;
/** To receive a request, not to answer it. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the idle time of the load balancers in front and of clients' polling. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/**
 * The HTTP server: AWS Batch under /v1, CloudWatch Logs, ECS, EC2 and STS at /, /healthz and /readyz, a hint for people at GET /. Not listening
 * yet; more routes may be added before it does, and the same guard then stands before them.
 *
 * `close()` answers what has been accepted, closes idle connections, and resolves when the last one is gone.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    genReqId: () => randomUUID(),
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    forceCloseConnections: "idle",
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendError(options, error, request, reply),
    clientErrorHandler: answerUnreadable,
  });
  app.server.maxConnections = options.connectionLimit ?? CONNECTION_LIMIT;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => sendError(options, error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = splitUrl(request).path.slice(0, 200);
    return sendError(
      options,
      unknownOperationException(`There is nothing at ${request.method} ${path}`),
      request,
      reply,
    );
  });
  guardEveryRequest(app, options);
  closeConnectionsWhileDraining(app);
  serveHealth(app, options);
  serveApis(app, options);
  return app;
}

/** Request id, admission, guard: before a byte of the body is read. */
function guardEveryRequest(app: FastifyInstance, options: ServerOptions): void {
  const limit = options.inFlightLimit ?? IN_FLIGHT_LIMIT;
  const allowedHosts = new Set(options.allowedHosts);
  let inFlight = 0;
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-amzn-requestid", request.id);
    const { method, headers } = request;
    const { localAddress } = request.raw.socket;
    const refused = refusal({ method, path: splitUrl(request).path, headers, localAddress }, allowedHosts);
    if (refused !== undefined) return done(refused);
    if (inFlight >= limit) {
      return done(tooManyRequestsException(`Too Many Requests: ${limit} are being served. Try again in a second.`));
    }
    inFlight += 1;
    // Unlike onResponse, this comes for aborted requests too, and once.
    reply.raw.once("close", () => {
      inFlight -= 1;
    });
    done();
  });
  app.addHook("onRequest", async () => {
    await options.opened;
  });
  app.addHook("preParsing", async (request) => {
    if (hasBody(request)) await options.admission.greet(rawRequest(request));
  });
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

Health: /healthz (alive), /readyz (can work).
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
    return send(reply, await operation.run(await callOf(raw, operation.service, request.id, options)));
  };
  app.get("/", (request, reply) => {
    if (isQuery(request)) return serveQuery(request, reply);
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

/** Rejects when the request must not be served. */
export async function callOf(
  request: AdmissionRequest,
  service: ServiceName,
  requestId: string,
  { admission, defaultRegion }: Pick<ServerOptions, "admission" | "defaultRegion">,
): Promise<Call> {
  const admitted = await admission.admit(request, service);
  return { ...admitted, requestId, region: admitted.region ?? defaultRegion };
}

function sendError(
  options: ServerOptions,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (isUnexpected(thrown)) {
    const about = { err: thrown, requestId: request.id, method: request.method, path: splitUrl(request).path };
    options.logger.error(about, "a request failed unexpectedly");
  }
  const error = apiErrorOf(thrown, request.id);
  reply.header("x-amzn-requestid", request.id);
  return send(reply, errorInTermsOf(request, error));
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
  socket.end(rawErrorMessage(unreadable(error.code), randomUUID()), () => socket.destroy());
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
