import { randomBytes, randomUUID } from "node:crypto";
import type { Chronicle } from "../ports/chronicle.ts";
import type { EventLog } from "../ports/events.ts";
import type { TargetTable } from "../ports/event-targets.ts";
import type { HostTable } from "../ports/hosts.ts";
import type { History } from "../ports/history.ts";
import type { LogGroups } from "../ports/log-groups.ts";
import type { LogRemovals, LogStreams } from "../ports/log-streams.ts";
import type { ServerTable } from "../ports/servers.ts";
import type { UsageSampleTable } from "../ports/usage-samples.ts";
import type { PutEvents } from "../ports/put-events.ts";
import type {
  DefinitionRecord,
  EnvironmentSettings,
  QueueSettings,
  QuotaShareSettings,
  ResourceKind,
  ResourceRecord,
  SchedulingPolicySettings,
  ServiceEnvironmentSettings,
  Store,
} from "../ports/store.ts";
import { attemptUseTable } from "./jobs/attempt-uses.ts";
import { chronicleTable } from "./chronicle.ts";
import { clientTokenTable } from "./client-tokens.ts";
import { consumableResourceTable } from "./consumable-resources.ts";
import type { Database } from "./database.ts";
import { statement } from "./database.ts";
import { definitionTable } from "./definitions.ts";
import { EventSignal, eventLog } from "./events.ts";
import { targetTable } from "./event-targets.ts";
import { hostTable } from "./hosts.ts";
import { jobHistory } from "./jobs/job-history.ts";
import { jobTable } from "./jobs/jobs.ts";
import { jobSearch } from "./jobs/search/job-search.ts";
import { logGroupTable } from "./logs/log-groups.ts";
import { logRemovalTable } from "./logs/log-removals.ts";
import { logStreamTable } from "./logs/log-streams.ts";
import { migrate } from "./migrations.ts";
import { putEventTable } from "./logs/put-events.ts";
import { resourceTable } from "./resources.ts";
import { RowCache } from "./row-cache.ts";
import type { SchedulingOptions } from "./scheduling.ts";
import { schedulingStore } from "./scheduling.ts";
import { serverTable } from "./servers.ts";
import { tagTable } from "./tags.ts";
import { usageSampleTable } from "./jobs/usage-samples.ts";

export interface OpenStore extends Store {
  readonly hosts: HostTable;
  readonly logGroups: LogGroups;
  readonly logStreams: LogStreams;
  readonly putEvents: PutEvents;
  readonly logRemovals: LogRemovals;
  readonly history: History;
  readonly events: EventLog;
  readonly eventTargets: TargetTable;
  readonly servers: ServerTable;
  readonly usageSamples: UsageSampleTable;
  readonly chronicle: Chronicle;
}

export interface StoreOptions extends Omit<SchedulingOptions, "resourcesWritten" | "eventsWritten"> {
  /** How many resources of each kind there may be in an account and region, or quota shares in a queue. */
  readonly quotas?: Readonly<Partial<Record<ResourceKind, number>>>;
  /** Whether this server leads at this moment; by default there is no other one. */
  readonly leads?: () => boolean;
}

/** Opens a store on a database: brings the schema up to date and gives each aggregate its tables. */
export async function openStore(
  database: Database,
  now: number,
  { quotas = {}, leads, ...options }: StoreOptions,
): Promise<OpenStore> {
  await migrate(database, now);
  const environments = new RowCache<ResourceRecord<EnvironmentSettings>>();
  const queues = new RowCache<ResourceRecord<QueueSettings>>();
  const policies = new RowCache<ResourceRecord<SchedulingPolicySettings>>();
  const shares = new RowCache<ResourceRecord<QuotaShareSettings>>();
  const serviceEnvironments = new RowCache<ResourceRecord<ServiceEnvironmentSettings>>();
  const definitions = new RowCache<DefinitionRecord>();
  const signal = new EventSignal(database);
  const resources = [environments, queues, policies, shares, serviceEnvironments];
  hearOthers(database, { resources, definitions });
  const resourcesWritten = (): void => resources.forEach((cache) => cache.forget());
  const tagsWritten = (): void => [...resources, definitions].forEach((cache) => cache.forget());
  return {
    environments: resourceTable<EnvironmentSettings>(
      database,
      "compute-environment",
      environments,
      quotas["compute-environment"],
    ),
    queues: resourceTable<QueueSettings>(database, "job-queue", queues, quotas["job-queue"]),
    schedulingPolicies: resourceTable<SchedulingPolicySettings>(
      database,
      "scheduling-policy",
      policies,
      quotas["scheduling-policy"],
    ),
    quotaShares: resourceTable<QuotaShareSettings>(database, "quota-share", shares, quotas["quota-share"]),
    serviceEnvironments: resourceTable<ServiceEnvironmentSettings>(
      database,
      "service-environment",
      serviceEnvironments,
      quotas["service-environment"],
    ),
    consumableResources: consumableResourceTable(database, quotas["consumable-resource"]),
    clientTokens: clientTokenTable(database),
    definitions: definitionTable(database, definitions),
    jobs: jobTable(database, { leads, eventsWritten: signal.written }),
    jobSearch: jobSearch(database),
    hosts: hostTable(database),
    tags: tagTable(database, tagsWritten),
    scheduling: schedulingStore(database, { ...options, resourcesWritten, eventsWritten: signal.written }),
    events: eventLog(database, signal),
    eventTargets: targetTable(database),
    logGroups: logGroupTable(database),
    logStreams: logStreamTable(database),
    putEvents: putEventTable(database),
    logRemovals: logRemovalTable(database),
    servers: serverTable(database),
    uses: attemptUseTable(database),
    usageSamples: usageSampleTable(database),
    chronicle: chronicleTable(database),
    history: jobHistory(database, () => definitions.forget()),
    clusterId: await lastingFact(database, "cluster", randomUUID()),
    tokenKey: await lastingFact(database, "token-key", randomBytes(32).toString("base64")),
    close: () => database.close(),
  };
}

/** What other servers write is forgotten here too. */
function hearOthers(
  { signals }: Database,
  caches: { readonly resources: readonly RowCache<unknown>[]; readonly definitions: RowCache<unknown> },
): void {
  if (signals === undefined) return;
  const all = [...caches.resources, caches.definitions];
  all.forEach((cache) => cache.suspend());
  signals.listen((news) => {
    if (news === "resources") caches.resources.forEach((cache) => cache.forget());
    if (news === "definitions") caches.definitions.forget();
    if (news === "lost") all.forEach((cache) => cache.suspend());
    if (news === "reconnected") all.forEach((cache) => cache.resume());
  });
}

/** What the first opening of the store wrote under this name. */
async function lastingFact(database: Database, name: string, first: string): Promise<string> {
  await database.write([
    statement(`INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, name, first),
  ]);
  const [row] = await database.read(`SELECT value FROM facts WHERE name = ?`, [name]);
  return String(row!["value"]);
}
