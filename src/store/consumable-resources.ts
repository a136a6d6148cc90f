import type { ConsumableRecord, ConsumableResourceTable, ConsumableSettings } from "../ports/store.ts";
import { writeOnce } from "./client-tokens.ts";
import type { Database, Row, Statement } from "./database.ts";
import { statement } from "./database.ts";
import { nameCondition } from "./name-pattern.ts";
import { resourceTable, toRecord } from "./resources.ts";
import { RowCache } from "./row-cache.ts";

const KIND = "consumable-resource";
const SELECT = `SELECT r.*, coalesce(u.quantity, 0) AS used_up
  FROM resources r LEFT JOIN consumables_used u ON u.arn = r.arn`;

/** Two writers: what was given is the API's, what was used up the engine's. */
export function consumableResourceTable(database: Database, quota?: number): ConsumableResourceTable {
  // The cache is never asked: what is read here changes with every job that uses something up.
  const table = resourceTable<ConsumableSettings>(database, KIND, new RowCache(), quota);
  return {
    insert: (record) => table.insert(record),
    async get(arn) {
      const [row] = await database.read(`${SELECT} WHERE r.arn = ? AND r.kind = ?`, [arn, KIND]);
      return row && toConsumable(row);
    },
    async list(scope, { after = "", limit, name = "*" }) {
      const condition = nameCondition("r.name", name);
      const rows = await database.read(
        `${SELECT} WHERE r.kind = ? AND r.scope = ? AND r.name > ? AND ${condition.sql} ORDER BY r.name LIMIT ?`,
        [KIND, scope, after, ...condition.values, limit],
      );
      return rows.map(toConsumable);
    },
    async remove(arn) {
      await database.write([
        statement(`DELETE FROM resources WHERE arn = ? AND kind = ?`, arn, KIND),
        statement(`DELETE FROM consumables_used WHERE arn = ?`, arn),
      ]);
    },
    async changeTotal(arn, change, token) {
      try {
        await writeOnce(database, token, [totalStatement(arn, change)], ([written]) =>
          written!.changes === 1 ? undefined : new OutOfRange(),
        );
        return true;
      } catch (error) {
        if (error instanceof OutOfRange) return false;
        throw error;
      }
    },
  };
}

class OutOfRange extends Error {}

type TotalChange = Parameters<ConsumableResourceTable["changeTotal"]>[1];

function totalStatement(arn: string, { operation, quantity }: TotalChange): Statement {
  const given = `CAST(settings ->> '$.totalQuantity' AS BIGINT)`;
  const usedUp = `coalesce((SELECT quantity FROM consumables_used u WHERE u.arn = resources.arn), 0)`;
  const total = {
    SET: `CAST(? AS BIGINT) + ${usedUp}`,
    ADD: `${given} + CAST(? AS BIGINT)`,
    REMOVE: `${given} - CAST(? AS BIGINT)`,
  }[operation];
  return statement(
    `UPDATE resources SET version = version + 1, settings = json_set(settings, '$.totalQuantity', ${total})
     WHERE arn = ? AND kind = ? AND ${total} BETWEEN ${usedUp} AND ?`,
    ...[quantity, arn, KIND, quantity, Number.MAX_SAFE_INTEGER],
  );
}

function toConsumable(row: Row): ConsumableRecord {
  return { ...toRecord<ConsumableSettings>(row), usedUp: Number(row["used_up"]) };
}
