import type { DriverBoot } from "../core/changes.ts";
import type { DriverName } from "../core/driver-name.ts";
import { HIGHEST_CHARACTER } from "./conditions.ts";
import type { Database, Statement } from "./database.ts";
import { statement } from "./database.ts";

const PREFIX = "boot:";

export function bootStatement({ driver, bootId }: DriverBoot): Statement {
  return statement(
    `INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    ...[PREFIX + driver, bootId],
  );
}

export async function readBoots(database: Database): Promise<DriverBoot[]> {
  const rows = await database.read(`SELECT name, value FROM facts WHERE name >= ? AND name < ?`, [
    PREFIX,
    PREFIX + HIGHEST_CHARACTER,
  ]);
  return rows.map((row) => ({
    kind: "driver-boot",
    driver: String(row["name"]).slice(PREFIX.length) as DriverName,
    bootId: String(row["value"]),
  }));
}
