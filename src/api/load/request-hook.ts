import type { FastifyInstance, FastifyRequest } from "fastify";
import type { RequestWatch } from "../../ports/server-metrics.ts";
import { STREAM } from "../../ports/server-metrics.ts";
import { splitUrl } from "../wire/raw-request.ts";

/** Routes of which the answer is a stream. */
const STREAMS: ReadonlySet<string> = new Set(["/events"]);
const V1 = "/v1/";

/** The one place where requests are timed. To be called before all other hooks. */
export function watchRequests(app: FastifyInstance, watch: RequestWatch, operations: readonly string[]): void {
  const known = new Map(operations.map((name) => [name.toLowerCase(), name]));
  app.addHook("onRequest", (request, reply, done) => {
    const { raw } = reply;
    const ended = watch.began();
    // Unlike onResponse, this comes for aborted requests too, and once.
    raw.once("close", () => ended(operationOf(request, known), raw.headersSent ? raw.statusCode : 0));
    done();
  });
}

/** One of a bounded number of names. */
function operationOf(request: FastifyRequest, known: ReadonlyMap<string, string>): string {
  const { path } = splitUrl(request);
  if (path.startsWith(V1)) return known.get(path.slice(V1.length).toLowerCase()) ?? "other";
  if (path !== "/") return routeOf(request);
  const target = request.headers["x-amz-target"];
  if (typeof target === "string") return known.get(target.slice(target.lastIndexOf(".") + 1).toLowerCase()) ?? "other";
  return request.method === "POST" ? "query" : "/";
}

function routeOf({ routeOptions: { url }, method }: FastifyRequest): string {
  if (url === undefined || url.includes("*")) return "other";
  return STREAMS.has(url) ? STREAM : `${method} ${url}`;
}
