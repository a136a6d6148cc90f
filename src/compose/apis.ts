import { join } from "node:path";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { serveBackups } from "../api/admin/backup.ts";
import { serveMetrics } from "../api/admin/metrics.ts";
import { serveAdmin } from "../api/admin/routes.ts";
import { authorized } from "../api/access/authorized.ts";
import { serveCredentials } from "../api/access/credential-routes.ts";
import { BATCH_DEMANDS } from "../api/batch/demands.ts";
import { batchHandlers } from "../api/batch/handlers.ts";
import type { Limits } from "../api/batch/limits.ts";
import { ec2Service } from "../api/ec2/service.ts";
import { serveEvents } from "../api/events/routes.ts";
import { serveEventTargets } from "../api/events/target-routes.ts";
import { ConsolePages } from "../api/console/pages.ts";
import { serveSessions } from "../api/console/session-routes.ts";
import { ECS_DEMANDS } from "../api/ecs/demands.ts";
import { serveRoleCredentials } from "../api/ecs/credentials-routes.ts";
import { createEcsHandlers } from "../api/ecs/handlers.ts";
import { serveContainerMetadata } from "../api/ecs/metadata-routes.ts";
import type { LoadLimits } from "../api/load/limits.ts";
import { DEFAULT_LOAD_LIMITS } from "../api/load/limits.ts";
import type { Backend } from "../api/batch/backend.ts";
import type { LogsBackend } from "../api/logs/backend.ts";
import { LOGS_DEMANDS } from "../api/logs/demands.ts";
import { createLogsHandlers } from "../api/logs/handlers.ts";
import type { ServersBackend } from "../api/admin/servers.ts";
import { serveServers } from "../api/admin/servers.ts";
import type { Forwarding } from "../api/servers/forwarding.ts";
import { createServer } from "../api/server.ts";
import { STS } from "../api/sts/service.ts";
import type { BatchHandlers } from "../api/wire/operations.ts";
import { PageTokens } from "../api/wire/page-tokens.ts";
import type { PriceBook } from "../core/cost/price.ts";
import type { Capacity } from "../core/resources.ts";
import type { Backups } from "../ports/backups.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventTargets } from "../ports/event-targets.ts";
import type { HostLinks } from "../ports/hosts.ts";
import type { Role } from "../ports/leadership.ts";
import type { LogReader } from "../ports/logs.ts";
import type { Present } from "../ports/present.ts";
import type { MetricsPage, RequestWatch } from "../ports/server-metrics.ts";
import type { RoleCredentials } from "../ports/role-credentials.ts";
import type { UsageSamples } from "../ports/usage-samples.ts";
import type { Scheduler } from "../ports/scheduler.ts";
import { simulatesInThreads } from "../what-if/threads.ts";
import type { OpenStore } from "../store/store.ts";
import type { Access } from "./access.ts";
import { launchingHere } from "./launching.ts";
import { thisMachine } from "./machine/this-machine.ts";
import { diskSpace } from "./machine/disk.ts";
import { openFileLimit } from "./machine/open-files.ts";
import type { HeapWatch } from "./machine/heap-watch.ts";
import type { ServerOptions } from "./options.ts";
import { isOpenServer } from "./options.ts";
import { VERSION } from "./version.ts";

/** Where `npm run console` builds it. */
const CONSOLE = join(import.meta.dirname, "..", "..", "console", "dist");

/** What the services that the server answers for work with. */
export interface ApiParts {
  readonly options: ServerOptions;
  /** What the machine is taken to have. */
  readonly capacity: Capacity;
  /** Of environments whose jobs run on other machines. */
  readonly runsElsewhere: Backend["runsElsewhere"];
  readonly store: OpenStore;
  readonly scheduler: Scheduler;
  readonly hosts: HostLinks;
  readonly output: LogReader;
  readonly targets: EventTargets;
  readonly usageSamples: UsageSamples;
  readonly present: Present;
  readonly metrics: MetricsPage & { readonly requests: RequestWatch };
  readonly metricsToken: string | undefined;
  readonly servers: ServersBackend;
  /** What this server is among them now. */
  readonly role: () => Role;
  /** To the server that leads, where there may be several. */
  readonly forwarding: Forwarding | undefined;
  readonly access: Access;
  readonly backups: Backups;
  readonly roles: RoleCredentials;
  readonly limits: Limits;
  readonly load: Partial<LoadLimits>;
  /** How many jobs that are not over there may be. */
  readonly maxJobs: number;
  readonly heap: HeapWatch;
  readonly prices: PriceBook;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  readonly defaultRegion: string;
  /** Requests wait for it. */
  readonly opened: Promise<void>;
  /** Streams were deleted: their logs can be removed. */
  logsRemoved(): void;
}

export interface ServedApis {
  readonly app: FastifyInstance;
  readonly batch: BatchHandlers;
  readonly console: ConsolePages;
}

/** Every service, behind one HTTP server that does not listen yet. `batch` is for calls that the server makes itself. */
export function serveApis(parts: ApiParts): ServedApis {
  const { options, store, scheduler, clock, limits, prices, access, forwarding, defaultRegion } = parts;
  const heapUsed = (): number => parts.heap.used;
  const tokens = new PageTokens(store.tokenKey, () => clock.now());
  const machine = thisMachine();
  const backend = {
    ...{ store, scheduler, clock, tokens, limits, prices, machine, version: VERSION },
    ...{
      capacity: parts.capacity,
      runsElsewhere: parts.runsElsewhere,
      oversizedJobs: options.oversizedJobs ?? "wait",
      maxJobs: parts.maxJobs,
      heapUsed,
    },
  };
  const batch = batchHandlers(backend);
  const logsBackend = logsBackendOf(parts, tokens);
  const lookups = { store, scheduler, tokens, machine };
  const pages = new ConsolePages(CONSOLE);
  const app = createServer({
    batch: authorized("batch", BATCH_DEMANDS, batch),
    logs: authorized("logs", LOGS_DEMANDS, createLogsHandlers(logsBackend)),
    ecs: authorized("ecs", ECS_DEMANDS, createEcsHandlers(lookups)),
    queryServices: [STS, ec2Service(lookups)],
    opened: parts.opened,
    health: () => Promise.resolve({ ready: true }),
    admission: access.admission,
    callerOf: (path) => access.jobKeys.callerOf(path),
    allowedHosts: options.allowedHosts ?? [],
    isOpen: isOpenServer(options),
    ...{ defaultRegion, forwarding },
    console: pages,
    sessions: access.sessions,
    version: VERSION,
    logger: parts.logger,
    clock,
    load: { ...parts.load, connections: connectionsOf(parts.load) },
    heapUsed,
    watch: parts.metrics.requests,
  });
  serveCredentials(app, access);
  serveSessions(app, {
    ...{ sessions: access.sessions, findKey: access.findKey, admission: access.admission, clock },
    server: { version: VERSION, isOpen: isOpenServer(options), defaultRegion },
    isStrict: options.strict === true,
    leadership: () => parts.role().kind,
  });
  serveServers(app, parts.servers, access.admission);
  serveMetrics(app, { page: parts.metrics, admission: access.admission, token: parts.metricsToken });
  serveBackups(app, parts.backups, access.admission);
  const hosts = { table: store.hosts, links: parts.hosts };
  const withHistory = { ...backend, chronicle: store.chronicle, present: parts.present };
  serveAdmin(app, {
    backend: withHistory,
    hosts,
    usageSamples: parts.usageSamples,
    disk: () => diskSpace(options.dataDir),
    targets: parts.targets,
    logs: logsBackend,
    whatIf: {
      simulator: simulatesInThreads(clock),
      launchingOf: (settings) => launchingHere(settings, parts.capacity, limits.extensions),
    },
    admission: access.admission,
    defaultRegion,
    forwarding,
  });
  serveEvents(app, {
    backend: { events: store.events, store, machine, clock },
    ...{ admission: access.admission, sessions: access.sessions, defaultRegion },
    watch: parts.metrics.requests,
    streams: parts.load.streams ?? DEFAULT_LOAD_LIMITS.streams,
    answerTimeoutMs: parts.load.answerTimeoutMs ?? DEFAULT_LOAD_LIMITS.answerTimeoutMs,
  });
  serveEventTargets(app, {
    ...{ targets: parts.targets, table: store.eventTargets, admission: access.admission, forwarding, defaultRegion },
  });
  serveContainerMetadata(app, store.jobs);
  const { tokenOf } = access.jobKeys;
  serveRoleCredentials(app, { jobs: store.jobs, roles: parts.roles, clock, tokenOf });
  return { app, batch, console: pages };
}

/** The store, logs and jobs need files, too: connections get at most half of what the process may have open. */
function connectionsOf({ connections = DEFAULT_LOAD_LIMITS.connections }: Partial<LoadLimits>): number {
  return Math.min(connections, Math.ceil((openFileLimit() ?? Infinity) / 2));
}

function logsBackendOf({ store, output, clock, logsRemoved }: ApiParts, tokens: PageTokens): LogsBackend {
  const { logGroups: groups, logStreams: streams, putEvents, tags } = store;
  return { groups, streams, putEvents, tags, output, clock, tokens, removed: logsRemoved };
}
