import { randomUUID } from "node:crypto";
import type { LogStreams } from "../ports/log-streams.ts";
import type { EnvironmentSettings, QueueSettings, Store } from "../ports/store.ts";
import type { Database } from "./database.ts";
import { statement } from "./database.ts";
import { definitionTable } from "./definitions.ts";
import { jobTable } from "./jobs.ts";
import { logStreamTable } from "./log-streams.ts";
import { migrate } from "./migrations.ts";
import { resourceTable } from "./resources.ts";
import type { SchedulingOptions } from "./scheduling.ts";
import { schedulingStore } from "./scheduling.ts";

export interface OpenStore extends Store {
  readonly logStreams: LogStreams;
}

/** Opens a store on a database: brings the schema up to date and gives each aggregate its tables. */
export async function openStore(database: Database, now: number, options: SchedulingOptions): Promise<OpenStore> {
  await migrate(database, now);
  return {
    environments: resourceTable<EnvironmentSettings>(database, "compute-environment"),
    queues: resourceTable<QueueSettings>(database, "job-queue"),
    definitions: definitionTable(database),
    jobs: jobTable(database),
    scheduling: schedulingStore(database, options),
    logStreams: logStreamTable(database),
    clusterId: await clusterId(database),
    close: () => database.close(),
  };
}

async function clusterId(database: Database): Promise<string> {
  await database.write([
    statement(`INSERT INTO facts (name, value) VALUES ('cluster', ?) ON CONFLICT (name) DO NOTHING`, randomUUID()),
  ]);
  const [row] = await database.read(`SELECT value FROM facts WHERE name = 'cluster'`);
  return String(row!["value"]);
}
