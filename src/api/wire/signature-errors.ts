import { ApiError } from "./errors.ts";

/** What is wrong with a request's signature, in AWS's words. All are 403, so that clients neither repeat nor misread them. */
const FORBIDDEN = 403;

/** Closed servers: the request is not signed at all. */
export function missingAuthenticationToken(): ApiError {
  return new ApiError("MissingAuthenticationTokenException", FORBIDDEN, "Missing Authentication Token");
}

/** The signature is there, but not in the form of AWS's Signature Version 4. */
export function incompleteSignature(detail: string): ApiError {
  return new ApiError("IncompleteSignatureException", FORBIDDEN, detail);
}

/** No such access key, or it was revoked. */
export function unrecognizedClient(): ApiError {
  const message = "The security token included in the request is invalid.";
  return new ApiError("UnrecognizedClientException", FORBIDDEN, message);
}

/** The access key was valid once: its job is over. */
export function expiredToken(): ApiError {
  return new ApiError("ExpiredTokenException", FORBIDDEN, "The security token included in the request is expired");
}

export function invalidSignature(message = SIGNATURE_DOES_NOT_MATCH): ApiError {
  return new ApiError("InvalidSignatureException", FORBIDDEN, message);
}

const SIGNATURE_DOES_NOT_MATCH =
  "The request signature we calculated does not match the signature you provided. " +
  "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
