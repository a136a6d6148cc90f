import type { Fact, InstanceChange } from "../core/changes.ts";
import type { Instance } from "../core/instances/instance.ts";
import type { Database, Statement } from "./database.ts";
import { statement } from "./database.ts";
import { LAST_INSTANCE_SEQ } from "./fact-names.ts";
import { parseStored } from "./stored-json.ts";

/** All instances there are, in order of launches. */
export async function readInstances(database: Database): Promise<Fact> {
  const rows = await database.read(`SELECT instance FROM instances WHERE seq > 0 ORDER BY seq`);
  const [last] = await database.read(`SELECT value FROM facts WHERE name = ?`, [LAST_INSTANCE_SEQ]);
  const instances = rows.map((row) => parseStored(row["instance"]) as Instance);
  return { kind: "instances", instances, lastSeq: Number(last?.["value"] ?? 0) };
}

/** The engine alone writes instances. */
export function instanceStatements(change: InstanceChange): Statement[] {
  switch (change.kind) {
    case "instance-launched":
      return launchStatements(change.instance);
    case "instance-running":
      return [changed(change.instanceId, { status: "running", runningAt: change.at })];
    case "instance-terminating":
      return [changed(change.instanceId, { status: "terminating", ...(change.isLost === true && { isLost: true }) })];
    case "instance-silent":
      return [changed(change.instanceId, { isSilent: change.isSilent ? true : null })];
    case "instance-idle":
      return [changed(change.instanceId, { lastUsedAt: change.since })];
    case "instance-gone":
      return [statement(`DELETE FROM instances WHERE id = ?`, change.instanceId)];
  }
}

function launchStatements(instance: Instance): Statement[] {
  return [
    statement(
      `INSERT INTO instances (id, seq, instance) VALUES (?, ?, ?)`,
      ...[instance.id, instance.seq, JSON.stringify(instance)],
    ),
    statement(
      `INSERT INTO facts (name, value) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET value = CAST(max(CAST(facts.value AS BIGINT), CAST(excluded.value AS BIGINT)) AS TEXT)`,
      ...[LAST_INSTANCE_SEQ, String(instance.seq)],
    ),
  ];
}

/** null: without that member. */
function changed(id: string, members: { [Name in keyof Instance]?: Instance[Name] | null }): Statement {
  return statement(`UPDATE instances SET instance = json_patch(instance, ?) WHERE id = ?`, JSON.stringify(members), id);
}
