import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Call } from "../../wire/operations.ts";
import { rawRequest } from "../../wire/raw-request.ts";
import { readHostRequest } from "./host-request.ts";
import type { HostBackend } from "./hosts.ts";
import { addHost, drainHost, listHosts, removeHost } from "./hosts.ts";

type Answer = (request: FastifyRequest, handle: (call: Call) => Promise<object>) => Promise<object>;

type OfEnvironment = { Params: { environment: string } };
type OfHost = { Params: { environment: string; name: string } };

/** Registered hosts, under /longshore. */
export function serveHosts(app: FastifyInstance, backend: HostBackend, answer: Answer): void {
  const hosts = "/longshore/environments/:environment/hosts";
  app.get("/longshore/hosts", (request) => answer(request, (call) => listHosts(backend, call)));
  app.post<OfEnvironment>(hosts, (request) =>
    answer(request, (call) =>
      addHost(backend, call, request.params.environment, readHostRequest(rawRequest(request).body)),
    ),
  );
  app.post<OfHost>(`${hosts}/:name/drain`, (request) =>
    answer(request, (call) => drainHost(backend, call, request.params.environment, request.params.name)),
  );
  app.delete<OfHost>(`${hosts}/:name`, (request) =>
    answer(request, (call) => {
      const force = new URLSearchParams(rawRequest(request).search).get("force") === "true";
      return removeHost(backend, call, request.params.environment, request.params.name, force);
    }),
  );
}
