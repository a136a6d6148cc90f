import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { serveAdmin } from "../api/admin/routes.ts";
import { authorized } from "../api/access/authorized.ts";
import { serveCredentials } from "../api/access/credential-routes.ts";
import { BATCH_DEMANDS } from "../api/batch/demands.ts";
import { batchHandlers } from "../api/batch/handlers.ts";
import type { Limits } from "../api/batch/limits.ts";
import { ec2Service } from "../api/ec2/service.ts";
import { ECS_DEMANDS } from "../api/ecs/demands.ts";
import { createEcsHandlers } from "../api/ecs/handlers.ts";
import { serveContainerMetadata } from "../api/ecs/metadata-routes.ts";
import { LOGS_DEMANDS } from "../api/logs/demands.ts";
import { createLogsHandlers } from "../api/logs/handlers.ts";
import { createServer } from "../api/server.ts";
import { STS } from "../api/sts/service.ts";
import type { BatchHandlers } from "../api/wire/operations.ts";
import { PageTokens } from "../api/wire/page-tokens.ts";
import type { LogFiles } from "../logs/files.ts";
import type { Clock } from "../ports/clock.ts";
import type { Scheduler } from "../ports/scheduler.ts";
import type { OpenStore } from "../store/store.ts";
import type { Access } from "./access.ts";
import { thisMachine } from "./machine.ts";
import type { ServerOptions } from "./options.ts";
import { isOpenServer } from "./options.ts";
import { VERSION } from "./version.ts";

/** What the services that the server answers for work with. */
export interface ApiParts {
  readonly options: ServerOptions;
  readonly store: OpenStore;
  readonly scheduler: Scheduler;
  readonly output: LogFiles;
  readonly access: Access;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  readonly defaultRegion: string;
  /** Requests wait for it. */
  readonly opened: Promise<void>;
  /** Streams were deleted: their logs can be removed. */
  logsRemoved(): void;
}

/** Every service, behind one HTTP server that does not listen yet. `batch` is for calls that the server makes itself. */
export function serveApis(parts: ApiParts): { readonly app: FastifyInstance; readonly batch: BatchHandlers } {
  const { options, store, scheduler, clock, limits, access } = parts;
  const tokens = new PageTokens(store.tokenKey, () => clock.now());
  const machine = thisMachine();
  const backend = { store, scheduler, clock, tokens, limits, machine, version: VERSION };
  const batch = batchHandlers(backend);
  const lookups = { store, scheduler, tokens, machine };
  const app = createServer({
    batch: authorized("batch", BATCH_DEMANDS, batch),
    logs: authorized("logs", LOGS_DEMANDS, logsHandlers(parts, tokens)),
    ecs: authorized("ecs", ECS_DEMANDS, createEcsHandlers(lookups)),
    queryServices: [STS, ec2Service(lookups)],
    opened: parts.opened,
    health: () => Promise.resolve({ ready: true }),
    admission: access.admission,
    allowedHosts: options.allowedHosts ?? [],
    isOpen: isOpenServer(options),
    defaultRegion: parts.defaultRegion,
    version: VERSION,
    logger: parts.logger,
  });
  serveCredentials(app, access);
  serveAdmin(app, { backend, admission: access.admission, defaultRegion: parts.defaultRegion });
  serveContainerMetadata(app, store.jobs);
  return { app, batch };
}

function logsHandlers({ store, output, clock, logsRemoved }: ApiParts, tokens: PageTokens) {
  const { logGroups: groups, logStreams: streams, putEvents, tags } = store;
  return createLogsHandlers({ groups, streams, putEvents, tags, output, clock, tokens, removed: logsRemoved });
}
