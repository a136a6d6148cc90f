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

/** The largest request body. AWS's own limits are far below. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

function httpError(error: HttpRefusal): ApiError {
  switch (error.statusCode) {
    case 413:
      // The rest of the body is not worth reading.
      return new ApiError("RequestEntityTooLargeException", 413, "The request body is larger than 10 MiB.", {
        connection: "close",
      });
    case 415:
      return new ApiError("UnsupportedMediaTypeException", 415, `${error.message}. Send application/json.`);
    default:
      return new ApiError("BadRequestException", error.statusCode, error.message);
  }
}

/** An HTTP/1.1 message for a connection whose request could not even be read. */
export function rawErrorMessage(error: ApiError, requestId: string): string {
  const { status, headers, body } = errorAnswer(error, requestId, "restJson1");
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}x-amzn-requestid: ${requestId}\r\n` +
    `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString("utf8")}`
  );
}
