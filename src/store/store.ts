import { randomBytes, randomUUID } from "node:crypto";
import type { History } from "../ports/history.ts";
import type { LogGroups } from "../ports/log-groups.ts";
import type { LogRemovals, LogStreams } from "../ports/log-streams.ts";
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
import { clientTokenTable } from "./client-tokens.ts";
import { consumableResourceTable } from "./consumable-resources.ts";
import type { Database } from "./database.ts";
import { statement } from "./database.ts";
import { definitionTable } from "./definitions.ts";
import { jobHistory } from "./job-history.ts";
import { jobTable } from "./jobs.ts";
import { logGroupTable } from "./log-groups.ts";
import { logRemovalTable } from "./log-removals.ts";
import { logStreamTable } from "./log-streams.ts";
import { migrate } from "./migrations.ts";
import { putEventTable } from "./put-events.ts";
import { resourceTable } from "./resources.ts";
import { RowCache } from "./row-cache.ts";
import type { SchedulingOptions } from "./scheduling.ts";
import { schedulingStore } from "./scheduling.ts";
import { tagTable } from "./tags.ts";

export interface OpenStore extends Store {
  readonly logGroups: LogGroups;
  readonly logStreams: LogStreams;
  readonly putEvents: PutEvents;
  readonly logRemovals: LogRemovals;
  readonly history: History;
}

export interface StoreOptions extends Omit<SchedulingOptions, "resourcesWritten"> {
  /** How many resources of each kind there may be in an account and region, or quota shares in a queue. */
  readonly quotas?: Readonly<Partial<Record<ResourceKind, number>>>;
}

/** Opens a store on a database: brings the schema up to date and gives each aggregate its tables. */
export async function openStore(
  database: Database,
  now: number,
  { quotas = {}, ...options }: StoreOptions,
): Promise<OpenStore> {
  await migrate(database, now);
  const environments = new RowCache<ResourceRecord<EnvironmentSettings>>();
  const queues = new RowCache<ResourceRecord<QueueSettings>>();
  const policies = new RowCache<ResourceRecord<SchedulingPolicySettings>>();
  const shares = new RowCache<ResourceRecord<QuotaShareSettings>>();
  const serviceEnvironments = new RowCache<ResourceRecord<ServiceEnvironmentSettings>>();
  const definitions = new RowCache<DefinitionRecord>();
  const resources = [environments, queues, policies, shares, serviceEnvironments];
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
    jobs: jobTable(database),
    tags: tagTable(database, tagsWritten),
    scheduling: schedulingStore(database, { ...options, resourcesWritten }),
    logGroups: logGroupTable(database),
    logStreams: logStreamTable(database),
    putEvents: putEventTable(database),
    logRemovals: logRemovalTable(database),
    history: jobHistory(database, () => definitions.forget()),
    clusterId: await lastingFact(database, "cluster", randomUUID()),
    tokenKey: await lastingFact(database, "token-key", randomBytes(32).toString("base64")),
    close: () => database.close(),
  };
}

/** What the first opening of the store wrote under this name. */
async function lastingFact(database: Database, name: string, first: string): Promise<string> {
  await database.write([
    statement(`INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, name, first),
  ]);
  const [row] = await database.read(`SELECT value FROM facts WHERE name = ?`, [name]);
  return String(row!["value"]);
}
