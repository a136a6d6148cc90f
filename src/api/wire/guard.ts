import type { IncomingHttpHeaders } from "node:http";
import { accessDeniedException, ApiError } from "./errors.ts";

/** Names under which a container reaches the machine that it runs on. */
const CONTAINER_HOST_NAMES: ReadonlySet<string> = new Set(["host.docker.internal", "host.containers.internal"]);

const FORM_TYPE = "application/x-www-form-urlencoded";
const JSON_TYPES: ReadonlySet<string> = new Set([
  "application/json",
  "application/x-amz-json-1.0",
  "application/x-amz-json-1.1",
]);

/**
 * Why a request must not be served, if so. Without credentials to check, what protects the server is that no web page can make a
 * browser speak to it: a page that rebinds its own name to this address sends its name as Host; a page elsewhere sends its Origin; a
 * plain HTML form cannot send JSON.
 *
 * @param allowedHosts host names to accept besides this machine's own, without port.
 */
export function refusal(
  method: string,
  headers: IncomingHttpHeaders,
  allowedHosts: ReadonlySet<string>,
): ApiError | undefined {
  return foreignHost(headers.host, allowedHosts) ?? foreignPage(headers) ?? unfitContentType(method, headers);
}

function foreignHost(host: string | undefined, allowedHosts: ReadonlySet<string>): ApiError | undefined {
  if (host === undefined) return accessDeniedException("The request has no Host header. Send one, such as localhost.");
  const name = host.replace(/:\d{1,5}$/, "").toLowerCase();
  if (isThisMachine(name) || allowedHosts.has(name)) return undefined;
  return accessDeniedException(
    `The Host header ${JSON.stringify(host.slice(0, 100))} is not a name of this machine. ` +
      "Use localhost or 127.0.0.1, or start Longshore with this name among its allowed hosts.",
  );
}

function isThisMachine(name: string): boolean {
  return (
    name === "localhost" ||
    name === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(name) ||
    /^[a-z0-9.-]+\.localhost$/.test(name) ||
    CONTAINER_HOST_NAMES.has(name)
  );
}

function foreignPage(headers: IncomingHttpHeaders): ApiError | undefined {
  const { origin, host } = headers;
  if (headers["sec-fetch-site"] === "cross-site" || (origin !== undefined && !isSameOrigin(origin, host))) {
    return accessDeniedException("A web page of another origin may not use this server.");
  }
  return undefined;
}

/** Browsers leave the default port out of Origin and Host alike, so the texts can be compared. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

export function isForm(contentType: string | undefined): boolean {
  return contentType !== undefined && mediaType(contentType) === FORM_TYPE;
}

/** A page's plain form cannot send headers of its own; the clients of STS and EC2 send forms, and always some. */
function unfitContentType(method: string, headers: IncomingHttpHeaders): ApiError | undefined {
  const contentType = headers["content-type"];
  if (contentType === undefined || method === "GET" || method === "HEAD") return undefined;
  if (JSON_TYPES.has(mediaType(contentType))) return undefined;
  if (isForm(contentType) && isOfClient(headers)) return undefined;
  return new ApiError(
    "UnsupportedMediaTypeException",
    415,
    `The content type ${JSON.stringify(mediaType(contentType).slice(0, 100))} is not accepted. Send JSON with "content-type: application/json".`,
  );
}

function isOfClient(headers: IncomingHttpHeaders): boolean {
  return headers.authorization !== undefined || Object.keys(headers).some((name) => name.startsWith("x-amz-"));
}

function mediaType(contentType: string): string {
  return (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
}
