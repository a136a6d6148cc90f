import type { FastifyInstance } from "fastify";
import type { SeenServer, ServerReport, ServersAnswer, ServerTable } from "../../ports/servers.ts";
import type { Admission, AdmissionRequest } from "../access/admission.ts";
import { toApiError } from "../batch/handlers.ts";
import { accessDeniedException } from "../wire/errors.ts";
import { rawRequest } from "../wire/raw-request.ts";

/** A server that has not been seen for longer is not there, or cannot reach the store. */
const SILENT_AFTER_MS = 15_000;

export interface ServersBackend {
  readonly all: ServerTable["all"];
  /** Of the server that answers. */
  readonly ownId: string;
}

const LIST_ACTION = "longshore:ListServers";

/** Which servers there are and which of them leads: each one answers. They are of all accounts, so it is for who is trusted with that. */
export function serveServers(app: FastifyInstance, servers: ServersBackend, admission: Admission): void {
  app.get("/longshore/servers", (request) => listServers(rawRequest(request), servers, admission));
}

async function listServers(
  request: AdmissionRequest,
  { all, ownId }: ServersBackend,
  admission: Admission,
): Promise<ServersAnswer> {
  const { caller, mayForAll } = await admission.admit(request, "longshore");
  if (!mayForAll(LIST_ACTION)) {
    throw accessDeniedException(
      `User: ${caller.arn} is not authorized to perform: ${LIST_ACTION} on resource: *, because it is of all accounts: the server's owner may do it on its machine, and keys whose policy allows ${LIST_ACTION} by that name`,
    );
  }
  try {
    return { servers: (await all()).map((server) => report(server, ownId)) };
  } catch (error) {
    throw toApiError(error);
  }
}

function report({ lead, ...server }: SeenServer, ownId: string): ServerReport {
  const { id, url, version, hostName, pid, startedAt, seenAgoMs } = server;
  const isSilent = seenAgoMs > SILENT_AFTER_MS;
  return {
    ...{ id, url, version, hostName, pid, startedAt, seenAgoMs },
    status: lead !== undefined ? "leads" : isSilent ? "silent" : "stands by",
    ...(lead !== undefined && { leadsSince: lead.since }),
    ...(lead?.epoch !== undefined && { epoch: lead.epoch }),
    isThis: id === ownId,
  };
}
