import type { Host } from "../core/instances/host.ts";
import { hostId, hostNumber, hostType } from "../core/instances/host.ts";
import type { EngineFacts, EngineWay, HostRecord, HostTable } from "../ports/hosts.ts";
import type { Database, Row, Statement } from "./database.ts";
import { statement } from "./database.ts";
import { parseStored } from "./stored-json.ts";

export function hostTable(database: Database): HostTable {
  return {
    async all() {
      return (await database.read(`SELECT * FROM hosts ORDER BY number`)).map(toRecord);
    },
    async ofEnvironment(environmentArn) {
      const rows = await database.read(`SELECT * FROM hosts WHERE environment_arn = ? ORDER BY name`, [environmentArn]);
      return rows.map(toRecord);
    },
    async insert({ environmentArn, name, way, gpus, engine, createdAt }) {
      const settings = JSON.stringify({ way, ...(gpus !== undefined && { gpus }) });
      const [written] = await database.write([
        statement(
          `INSERT INTO hosts (environment_arn, name, created_at, settings, state, engine)
           SELECT arn, ?, ?, ?, 'active', ? FROM resources WHERE arn = ? AND kind = 'compute-environment'
             AND NOT EXISTS (SELECT 1 FROM hosts WHERE engine ->> '$.id' = ?)
           ON CONFLICT DO NOTHING RETURNING *`,
          ...[name, createdAt, settings, JSON.stringify(engine), environmentArn, engine.id],
        ),
      ]);
      return written!.rows.map(toRecord)[0];
    },
    async changeState(number, state, from) {
      const [written] = await database.write([
        statement(
          `UPDATE hosts SET state = ? WHERE number = ? AND state IN (SELECT value FROM json_each(?)) RETURNING *`,
          ...[state, number, JSON.stringify(from)],
        ),
      ]);
      return written!.rows.map(toRecord)[0];
    },
    async reported(number, engine) {
      await database.write([statement(`UPDATE hosts SET engine = ? WHERE number = ?`, JSON.stringify(engine), number)]);
    },
    async instances() {
      const rows = await database.read(
        `SELECT id, instance ->> '$.host' AS host FROM instances 
         WHERE instance ->> '$.host' IS NOT NULL AND instance ->> '$.status' <> 'launching'`,
      );
      return new Map(rows.map(({ id, host }) => [String(id), String(host)]));
    },
  };
}

/** By ARN of the environment, as the scheduler sees them. */
export async function readHosts(database: Database): Promise<Map<string, Host[]>> {
  const hosts = (await hostTable(database).all()).map((record) => [record.environmentArn, toHost(record)] as const);
  const byEnvironment = Map.groupBy(hosts, ([environmentArn]) => environmentArn);
  return new Map([...byEnvironment].map(([arn, entries]) => [arn, entries.map(([, host]) => host)]));
}

export function hostDeleted(id: string): Statement {
  return statement(`DELETE FROM hosts WHERE number = ?`, hostNumber(id));
}

function toHost({ name, number, state, engine, gpus = engine.gpus }: HostRecord): Host {
  return { id: hostId(name, number), state, type: hostType({ ...engine, gpus }) };
}

function toRecord(row: Row): HostRecord {
  const { way, gpus } = parseStored(row["settings"]) as { way: EngineWay; gpus?: number };
  return {
    number: Number(row["number"]),
    environmentArn: String(row["environment_arn"]),
    name: String(row["name"]),
    state: row["state"] as HostRecord["state"],
    way,
    ...(gpus !== undefined && { gpus }),
    engine: parseStored(row["engine"]) as EngineFacts,
    createdAt: Number(row["created_at"]),
  };
}
