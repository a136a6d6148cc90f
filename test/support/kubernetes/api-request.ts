import type { IncomingMessage } from "node:http";
import type { Json } from "./objects.ts";
import { badRequest, Refusal } from "./refusals.ts";

export type Verb = "create" | "get" | "list" | "watch" | "update" | "patch" | "delete" | "deletecollection";

/** A request for a resource, as RBAC knows it. */
export interface ApiRequest {
  readonly verb: Verb;
  /** `pods`. */
  readonly resource: string;
  /** `log`, `status`, `eviction`. */
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
}

/** Simplified: a real one takes protobuf and YAML too. */
const UNKNOWN_FORMAT =
  "the body of the request was in an unknown format - accepted media types include: application/json; got ";
const MAX_BODY_BYTES = 3 * 1024 * 1024;
const PATH =
  /^\/api(?:s\/[^/]+)?\/v1(?:beta1)?(?:\/namespaces\/([^/]+)(?=\/[^/]))?\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?$/;

export function parseRequest(request: IncomingMessage): ApiRequest | undefined {
  const url = new URL(request.url ?? "/", "http://double");
  const match = PATH.exec(decodeURIComponent(url.pathname).replace(/\/$/, ""));
  if (match === null) return undefined;
  const [, namespace, resource, name, subresource] = match as unknown as [
    string,
    string | undefined,
    string,
    string?,
    string?,
  ];
  return {
    verb: verbOf(request.method ?? "GET", name, url.searchParams),
    resource,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
    query: url.searchParams,
    contentType: request.headers["content-type"] ?? "application/json",
  };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb {
  if (method === "POST") return "create";
  if (method === "PUT") return "update";
  if (method === "PATCH") return "patch";
  if (method === "DELETE") return name === undefined ? "deletecollection" : "delete";
  if (["true", "1"].includes(query.get("watch") ?? "")) return "watch";
  return name === undefined ? "list" : "get";
}

/** The JSON of a request's body; undefined where there is none. */
export async function readBody(request: IncomingMessage): Promise<Json | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, "RequestEntityTooLarge", `limit is ${MAX_BODY_BYTES}`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  const type = request.headers["content-type"] ?? "application/json";
  if (!type.includes("json")) throw new Refusal(415, "UnsupportedMediaType", `${UNKNOWN_FORMAT}${type}`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as Json;
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${String(error)}`);
  }
}
