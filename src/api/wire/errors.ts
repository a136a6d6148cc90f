/**
 * An answer that is an error, in AWS's terms. `code` is what SDKs show as the exception's name, `status` the HTTP status.
 * Handlers throw it; the wire layer writes it.
 */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  /** Response headers that belong to the error, such as `allow` or `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.headers = headers;
  }

  /** The text that the client reads, given the id of its request. */
  textFor(_requestId: string): string {
    return this.message;
  }
}

/** Stateless request validation. AWS wraps its texts in a sentence with the request id (reference 1.3). */
class ValidationError extends ApiError {
  override textFor(requestId: string): string {
    return `Error executing request, Exception : ${this.message}, RequestId: ${requestId}`;
  }
}

/** A lookup or state check failed (`JobQueue x not found.`): the bare text, 400. */
export function clientException(message: string): ApiError {
  return new ApiError("ClientException", 400, message);
}

/** The request itself is wrong (names, ranges, members that exclude each other): `detail` inside AWS's sentence, 400. */
export function validationException(detail: string): ApiError {
  return new ValidationError("ClientException", 400, detail);
}

/** The server's own trouble, 500. SDKs retry it. */
export function serverException(message: string): ApiError {
  return new ApiError("ServerException", 500, message);
}

/** The body is not what the operation's shape says, 400. */
export function serializationException(message: string): ApiError {
  return new ApiError("SerializationException", 400, message);
}

export function unknownOperationException(message: string): ApiError {
  return new ApiError("UnknownOperationException", 404, message);
}

export function accessDeniedException(message: string): ApiError {
  return new ApiError("AccessDeniedException", 403, message);
}

/** 429. SDKs retry it, after `retryAfterSeconds` or their own backoff. */
export function tooManyRequestsException(message: string, retryAfterSeconds = 1): ApiError {
  return new ApiError("TooManyRequestsException", 429, message, {
    "retry-after": String(retryAfterSeconds),
  });
}

/** CloudWatch Logs: no such group or stream, 400. */
export function resourceNotFoundException(message: string): ApiError {
  return new ApiError("ResourceNotFoundException", 400, message);
}

/** CloudWatch Logs: there is such a group or stream already, 400. */
export function resourceAlreadyExistsException(message: string): ApiError {
  return new ApiError("ResourceAlreadyExistsException", 400, message);
}

/** CloudWatch Logs: too many tags, 400. */
export function tooManyTagsException(message: string): ApiError {
  return new ApiError("TooManyTagsException", 400, message);
}

/** CloudWatch Logs answers this instead of InvalidParameterException in a few places, 400. */
export function logsValidationException(message: string): ApiError {
  return new ApiError("ValidationException", 400, message);
}

/** CloudWatch Logs: a parameter is wrong, 400. */
export function invalidParameterException(message: string): ApiError {
  return new ApiError("InvalidParameterException", 400, message);
}
