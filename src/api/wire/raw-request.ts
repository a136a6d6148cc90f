import type { FastifyRequest } from "fastify";
import type { AdmissionRequest } from "../access/admission.ts";

/** The request as it came. */
export function rawRequest(request: FastifyRequest): AdmissionRequest {
  const { method, headers } = request;
  const body = Buffer.isBuffer(request.body) ? request.body : undefined;
  return { method, headers, ...splitUrl(request), body, socket: request.raw.socket };
}

/** The raw URL: routing on decoded text would take an ARN's %2F for a slash of the path. */
export function splitUrl(request: FastifyRequest): { path: string; search: string } {
  const url = request.raw.url ?? "/";
  const mark = url.indexOf("?");
  return mark === -1 ? { path: url, search: "" } : { path: url.slice(0, mark), search: url.slice(mark + 1) };
}
