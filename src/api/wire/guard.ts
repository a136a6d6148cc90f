import type { IncomingHttpHeaders } from "node:http";
import { accessDeniedException, ApiError } from "./errors.ts";

/** A request before its body is read. */
export interface Head {
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turns, as they came. */
  readonly rawHeaders: readonly string[];
  /** The address of this machine that the request came to. */
  readonly localAddress: string | undefined;
  /** Whether it asks for a page of the console: a file that is the same for everybody, and does nothing. */
  readonly isForPage: boolean;
}

/** Names under which a container reaches the machine that it runs on. */
const CONTAINER_HOST_NAMES: ReadonlySet<string> = new Set(["host.docker.internal", "host.containers.internal"]);

const JSON_TYPES: ReadonlySet<string> = new Set([
  "application/json",
  "application/x-amz-json-1.0",
  "application/x-amz-json-1.1",
]);

/** What the query protocol of STS and EC2 sends, at `/`. */
const FORM_TYPE = "application/x-www-form-urlencoded";

/**
 * Why a request must not be served, if so. Where no credentials are checked, what protects the server is that no web page can make a
 * browser speak to it: a page that rebinds its own name to this address sends its name as Host; a page elsewhere sends its Origin; a
 * plain HTML form can send neither JSON nor headers of its own.
 *
 * @param allowedHosts host names to accept besides this machine's own, in lower case, without port.
 */
export function refusal(head: Head, allowedHosts: ReadonlySet<string>): ApiError | undefined {
  return foreignHost(head, allowedHosts) ?? foreignPage(head) ?? unfitContentType(head) ?? unfitCoding(head);
}

function foreignHost(
  { headers, rawHeaders, localAddress }: Head,
  allowedHosts: ReadonlySet<string>,
): ApiError | undefined {
  const { host } = headers;
  if (host === undefined) return accessDeniedException("The request has no Host header. Send one, such as localhost.");
  // Of two, who stands before this server might have looked at the other one.
  if (hasTwoHosts(rawHeaders)) return badRequest("The request has more than one Host header.");
  const name = host.replace(/:\d{1,5}$/, "").toLowerCase();
  if (isThisMachine(name) || allowedHosts.has(name) || isAddress(name, localAddress)) return undefined;
  return accessDeniedException(
    `The Host header ${JSON.stringify(host.slice(0, 100))} is not a name of this machine. ` +
      "Use localhost or 127.0.0.1, or start Longshore with --allowed-host and this name.",
  );
}

function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count > 1;
}

function badRequest(message: string): ApiError {
  return new ApiError("BadRequestException", 400, message);
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

/** No page can rebind an address: who says it has reached that one. */
function isAddress(name: string, address: string | undefined): boolean {
  if (address === undefined) return false;
  return name === address.replace(/^::ffff:/, "") || name === `[${address}]`;
}

function foreignPage({ headers, isForPage }: Head): ApiError | undefined {
  const { origin, host } = headers;
  if (isForPage && isVisit(headers)) return undefined;
  if (headers["sec-fetch-site"] === "cross-site" || (origin !== undefined && !isSameOrigin(origin, host))) {
    return accessDeniedException("A web page of another origin may not use this server.");
  }
  return undefined;
}

/** Somebody follows a link, in a mail perhaps: the browser shows the page, and not the one that has the link. */
function isVisit(headers: IncomingHttpHeaders): boolean {
  return headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document" && !headers.origin;
}

/** Browsers leave the default port out of Origin and Host alike, so the texts can be compared. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}

export function isForm(contentType: string | undefined): boolean {
  return contentType !== undefined && mediaType(contentType) === FORM_TYPE;
}

/** Why a request that changes something must not be served, if so. What only reads may be asked for by a URL alone, also by one that somebody else made. */
export function unmeant(headers: IncomingHttpHeaders): ApiError | undefined {
  if (hasHeaderOfNoForm(headers)) return undefined;
  return accessDeniedException(
    "What changes something is not done for a URL alone. Send the request with an Authorization header.",
  );
}

function unfitContentType({ method, path, headers }: Head): ApiError | undefined {
  const contentType = headers["content-type"];
  if (contentType === undefined || method === "GET" || method === "HEAD") return undefined;
  if (JSON_TYPES.has(mediaType(contentType))) return undefined;
  if (isForm(contentType) && path === "/" && hasHeaderOfNoForm(headers)) return undefined;
  return new ApiError(
    "UnsupportedMediaTypeException",
    415,
    `The content type ${JSON.stringify(mediaType(contentType).slice(0, 100))} is not accepted. Send JSON with "content-type: application/json".`,
  );
}

/** Bodies are taken as they are. */
function unfitCoding({ headers }: Head): ApiError | undefined {
  const content = headers["content-encoding"] ?? "identity";
  if (content.toLowerCase() !== "identity") {
    const message = `The content encoding ${JSON.stringify(content.slice(0, 100))} is not accepted. Send the body without one.`;
    return new ApiError("UnsupportedMediaTypeException", 415, message);
  }
  const transfer = headers["transfer-encoding"] ?? "chunked";
  if (transfer.trim().toLowerCase() === "chunked") return undefined;
  return badRequest(
    `The transfer encoding ${JSON.stringify(transfer.slice(0, 100))} is not accepted. Send it chunked.`,
  );
}

/** What a page can only send after the browser has asked the server, which always refuses. */
function hasHeaderOfNoForm(headers: IncomingHttpHeaders): boolean {
  return headers.authorization !== undefined || Object.keys(headers).some((name) => name.startsWith("x-amz-"));
}

function mediaType(contentType: string): string {
  return (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
}
