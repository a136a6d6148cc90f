import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Admission } from "../access/admission.ts";
import type { Backend } from "../batch/backend.ts";
import { DefaultResources } from "../batch/environments/default-resources.ts";
import { toApiError } from "../batch/handlers.ts";
import { callOf } from "../server.ts";
import type { Call } from "../wire/operations.ts";
import { rawRequest } from "../wire/raw-request.ts";
import { createDryRun } from "./dry-run.ts";
import { explainJob } from "./explain-job.ts";

export interface AdminOptions {
  readonly backend: Backend;
  readonly admission: Admission;
  /** The region of requests that are not signed for one. */
  readonly defaultRegion: string;
}

/**
 * What AWS Batch has no operation for, under /longshore: JSON, for the same callers as the API's own operations, with the same policies. Signatures are
 * for the service `longshore`.
 */
export function serveAdmin(app: FastifyInstance, { backend, ...access }: AdminOptions): void {
  const defaults = new DefaultResources(backend);
  const dryRun = createDryRun(backend);
  const answer = async (request: FastifyRequest, handle: (call: Call) => Promise<object>): Promise<object> => {
    const call = await callOf(rawRequest(request), "longshore", request.id, access);
    try {
      await defaults.ensure(call);
      return await handle(call);
    } catch (error) {
      throw toApiError(error);
    }
  };
  app.get<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/explanation", (request) =>
    answer(request, (call) => explainJob(backend, call, request.params.jobId)),
  );
  app.post("/longshore/dry-run", (request) => answer(request, (call) => dryRun(rawRequest(request), call)));
}
