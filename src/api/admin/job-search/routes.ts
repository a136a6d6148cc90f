import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Backend } from "../../batch/backend.ts";
import type { Call } from "../../wire/operations.ts";
import { rawRequest } from "../../wire/raw-request.ts";
import { answerJobSearch } from "./job-search.ts";
import { stopFound } from "./stop-found.ts";

type Answer = (request: FastifyRequest, handle: (call: Call) => Promise<object>) => Promise<object>;

export function serveJobSearch(app: FastifyInstance, backend: Backend, answer: Answer): void {
  app.post("/longshore/job-search", (request) =>
    answer(request, (call) => answerJobSearch(backend, call, rawRequest(request).body)),
  );
  app.post("/longshore/job-search/stop", (request) =>
    answer(request, (call) => stopFound(backend, call, rawRequest(request).body)),
  );
}
