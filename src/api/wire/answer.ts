import { STATUS_CODES } from "node:http";
import type { FastifyError } from "fastify";
import { ApiError, serverException } from "./errors.ts";

export type Protocol = "restJson1" | "awsJson1.1";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const CONTENT_TYPE: Readonly<Record<Protocol, string>> = {
  restJson1: "application/json",
  "awsJson1.1": "application/x-amz-json-1.1",
};

/** A success, always 200. Members that are undefined are left out. */
export function outputAnswer(output: object, protocol: Protocol): Answer {
  return {
    status: 200,
    headers: { "content-type": CONTENT_TYPE[protocol] },
    body: Buffer.from(JSON.stringify(output)),
  };
}

/** The wire form that SDKs read: the code in `x-amzn-ErrorType` (awsJson also in `__type`), the text in `message`. */
export function errorAnswer(error: ApiError, requestId: string, protocol: Protocol): Answer {
  const message = error.textFor(requestId);
  const body = protocol === "restJson1" ? { message } : { __type: error.code, message };
  return {
    status: error.status,
    headers: { ...error.headers, "content-type": CONTENT_TYPE[protocol], "x-amzn-errortype": error.code },
    body: Buffer.from(JSON.stringify(body)),
  };
}

/**
 * Anything thrown as an ApiError: itself, a refusal by the HTTP layer with its status, or a ServerException that leaks
 * nothing but the request id.
 */
export function apiErrorOf(thrown: unknown, requestId: string): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (isHttpRefusal(thrown)) return httpError(thrown);
  return serverException(`Longshore failed on this request. Its log has the cause under the request id ${requestId}.`);
}

/** Whether the error tells of the server's own trouble, which belongs in its log. */
export function isUnexpected(thrown: unknown): boolean {
  return !(thrown instanceof ApiError) && !isHttpRefusal(thrown);
}

type HttpRefusal = FastifyError & { readonly statusCode: number };

/** Fastify's own errors about a request, such as a body that is too large. A handler's errors have no such code. */
function isHttpRefusal(thrown: unknown): thrown is HttpRefusal {
  if (!(thrown instanceof Error) || !("code" in thrown) || !("statusCode" in thrown)) return false;
  const { code, statusCode } = thrown;
  const isFastifys = typeof code === "string" && (code.startsWith("FST_ERR_") || code === "ECONNRESET");
  return isFastifys && typeof statusCode === "number" && statusCode >= 400 && statusCode < 500;
}

/** Some of Fastify's quote the whole path. */
const LONGEST_MESSAGE = 300;

function httpError(error: HttpRefusal): ApiError {
  switch (error.statusCode) {
    case 415:
      return new ApiError("UnsupportedMediaTypeException", 415, `${error.message}. Send application/json.`);
    default:
      return new ApiError("BadRequestException", error.statusCode, error.message.slice(0, LONGEST_MESSAGE));
  }
}

/** An HTTP/1.1 message for a connection of which nothing more is read. */
export function lastMessage({ status, headers, body }: Answer, requestId: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}x-amzn-requestid: ${requestId}\r\n` +
    `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString("utf8")}`
  );
}
