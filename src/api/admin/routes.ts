import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Admission } from "../access/admission.ts";
import type { Backend } from "../batch/backend.ts";
import { DefaultResources } from "../batch/environments/default-resources.ts";
import { toApiError } from "../batch/handlers.ts";
import type { MachineBackend } from "../ecs/backend.ts";
import type { LogsBackend } from "../logs/backend.ts";
import type { AdmittedCall } from "../server.ts";
import { callOf } from "../server.ts";
import type { Forwarding } from "../servers/forwarding.ts";
import { rawRequest } from "../wire/raw-request.ts";
import type { DiskReader } from "./attention/attention.ts";
import { listAttention } from "./attention/attention.ts";
import { adviseSizes } from "./cost/advice.ts";
import { reportCost } from "./cost/cost-report.ts";
import { createDryRun } from "./dry-run.ts";
import { arrayChildren } from "./jobs/array-children.ts";
import { jobGraph } from "./jobs/job-graph.ts";
import { jobLogText, wholeText } from "./jobs/job-log-text.ts";
import { jobLogs } from "./jobs/job-logs.ts";
import { explainJob } from "./jobs/explain-job.ts";
import { serveHosts } from "./hosts/host-routes.ts";
import type { HostBackend } from "./hosts/hosts.ts";
import { listShares } from "./list-shares.ts";
import type { WhatIfBackend } from "./what-if/what-if.ts";
import { createWhatIf } from "./what-if/what-if.ts";
import { reportHistory } from "./history/history.ts";
import { summarise } from "./history/summary.ts";
import type { HistorySource } from "./history/reading.ts";
import { interruptJob } from "./jobs/interrupt-job.ts";
import { resubmission } from "./jobs/resubmission.ts";
import { serveJobSearch } from "./job-search/routes.ts";
import { jobUsage } from "./jobs/job-usage.ts";
import { usageSeries } from "./jobs/usage-series.ts";
import type { EventTargets } from "../../ports/event-targets.ts";
import type { UsageSamples } from "../../ports/usage-samples.ts";
import { listEnvironmentUses, listInstances, terminateInstance } from "./instances.ts";

export interface AdminOptions {
  readonly backend: Backend & MachineBackend & HistorySource;
  readonly hosts: Pick<HostBackend, "table" | "links">;
  readonly usageSamples: UsageSamples;
  readonly logs: LogsBackend;
  readonly whatIf: WhatIfBackend;
  readonly admission: Admission;
  readonly forwarding?: Pick<Forwarding, "settle"> | undefined;
  readonly disk: DiskReader;
  readonly targets: Pick<EventTargets, "states">;
  /** The region of requests that are not signed for one. */
  readonly defaultRegion: string;
}

/**
 * What AWS Batch has no operation for, under /longshore: JSON, for the same callers as the API's own operations, with the same policies. Signatures are
 * for the service `longshore`.
 */
export function serveAdmin(app: FastifyInstance, options: AdminOptions): void {
  const { backend, hosts, usageSamples, logs, whatIf, disk, targets, ...access } = options;
  const defaults = new DefaultResources(backend);
  const dryRun = createDryRun(backend);
  const ifSo = createWhatIf({ ...backend, ...whatIf });
  const answer = async (request: FastifyRequest, handle: (call: AdmittedCall) => Promise<object>): Promise<object> => {
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
  app.get<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/usage", (request) =>
    answer(request, (call) => jobUsage(backend, call, request.params.jobId)),
  );
  app.get<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/children", (request) =>
    answer(request, (call) => arrayChildren(backend, call, request.params.jobId, rawRequest(request).search)),
  );
  app.get<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/graph", (request) =>
    answer(request, (call) => jobGraph(backend, call, request.params.jobId, rawRequest(request).search)),
  );
  app.get<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/usage-series", (request) =>
    answer(request, (call) =>
      usageSeries({ ...backend, usageSamples }, call, request.params.jobId, rawRequest(request).search),
    ),
  );
  app.get<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/logs", (request) =>
    answer(request, (call) => jobLogs(backend, call, request.params.jobId)),
  );
  app.get<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/log", (request, reply) =>
    answer(request, async (call) => {
      const raw = rawRequest(request);
      const log = await jobLogText({ ...backend, logs }, call, request.params.jobId, raw.search);
      const body = access.admission.isForwarded(raw) ? await wholeText(log) : log.text;
      reply.type("text/plain; charset=utf-8");
      reply.header("content-disposition", `attachment; filename="${log.fileName}"`);
      reply.header("x-content-type-options", "nosniff");
      return body;
    }),
  );
  app.get("/longshore/advice", (request) =>
    answer(request, (call) => adviseSizes(backend, call, rawRequest(request).search)),
  );
  app.get("/longshore/cost", (request) =>
    answer(request, (call) => reportCost(backend, call, rawRequest(request).search)),
  );
  app.get("/longshore/attention", (request) =>
    answer(request, (call) => listAttention({ ...backend, ...hosts, disk, targets }, call)),
  );
  app.get("/longshore/history", (request) =>
    answer(request, (call) => reportHistory(backend, call, rawRequest(request).search)),
  );
  app.get("/longshore/summary", (request) => answer(request, (call) => summarise(backend, call)));
  app.get("/longshore/environments", (request) => answer(request, (call) => listEnvironmentUses(backend, call)));
  app.get("/longshore/instances", (request) => answer(request, (call) => listInstances(backend, call)));
  app.delete<{ Params: { id: string } }>("/longshore/instances/:id", (request) =>
    answer(request, (call) => terminateInstance(backend, call, request.params.id)),
  );
  app.post<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/interruption", (request) =>
    answer(request, (call) => interruptJob(backend, call, request.params.jobId)),
  );
  serveHosts(app, { ...backend, ...hosts }, answer);
  app.get<{ Params: { jobId: string } }>("/longshore/jobs/:jobId/resubmission", (request) =>
    answer(request, (call) => resubmission(backend, call, request.params.jobId, rawRequest(request).search)),
  );
  serveJobSearch(app, backend, answer);
  app.get<{ Params: { queue: string } }>("/longshore/queues/:queue/shares", (request) =>
    answer(request, (call) => listShares(backend, call, request.params.queue)),
  );
  app.post("/longshore/what-if", (request, reply) =>
    answer(request, (call) => ifSo(call, rawRequest(request).body, reply)),
  );
  app.post("/longshore/dry-run", (request) => answer(request, (call) => dryRun(rawRequest(request), call)));
}
