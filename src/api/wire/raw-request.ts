import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import type { AdmissionRequest } from "../access/admission.ts";

/** The access key ids of who sends a request, where its path said so. */
const namedInPath = new WeakMap<IncomingMessage, string>();

/** Notes who sends a request. */
export function noteCaller(request: IncomingMessage, accessKeyId: string): void {
  namedInPath.set(request, accessKeyId);
}

/** The request as it came. */
export function rawRequest(request: FastifyRequest): AdmissionRequest {
  const { method, headers } = request;
  const body = Buffer.isBuffer(request.body) ? request.body : undefined;
  const provenKeyId = namedInPath.get(request.raw);
  const caller = provenKeyId !== undefined && { provenKeyId };
  return { method, headers, ...splitUrl(request), body, socket: request.raw.socket, ...caller };
}

/** The raw URL: routing on decoded text would take an ARN's %2F for a slash of the path. */
export function splitUrl(request: FastifyRequest): { path: string; search: string } {
  const url = request.raw.url ?? "/";
  const mark = url.indexOf("?");
  return mark === -1 ? { path: url, search: "" } : { path: url.slice(0, mark), search: url.slice(mark + 1) };
}
