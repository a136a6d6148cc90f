import type { LogStream, LogStreamQuery, LogStreams } from "../ports/log-streams.ts";
import type { Database, Row, SqlValue } from "./database.ts";

const ORDERS = {
  name: "name",
  nameDescending: "name DESC",
  newest: "created_at DESC, name",
} as const;

/** Which attempt's log a CloudWatch log stream is. Rows come with the change that makes an attempt RUNNING. */
export function logStreamTable(database: Database): LogStreams {
  return {
    async find(scope, group, stream) {
      const [row] = await database.read(`SELECT * FROM log_streams WHERE scope = ? AND group_name = ? AND name = ?`, [
        scope,
        group,
        stream,
      ]);
      return row && toStream(row);
    },
    async list(scope, query) {
      const { conditions, values } = streamConditions(query);
      const rows = await database.read(
        `SELECT * FROM log_streams WHERE scope = ? AND group_name = ? ${conditions}
         ORDER BY ${ORDERS[query.order ?? "name"]} LIMIT ?`,
        [scope, query.group, ...values, query.limit],
      );
      return rows.map(toStream);
    },
    async groups(scope) {
      const rows = await database.read(
        `SELECT group_name, min(created_at) AS created_at FROM log_streams WHERE scope = ? GROUP BY group_name ORDER BY group_name`,
        [scope],
      );
      return rows.map((row) => ({ group: String(row["group_name"]), createdAt: Number(row["created_at"]) }));
    },
  };
}

/** Conditions on the name are ranges, which the primary key answers without looking at other streams. */
function streamConditions({ prefix, names, after, order }: LogStreamQuery): { conditions: string; values: SqlValue[] } {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const add = (condition: string, ...more: SqlValue[]): void => {
    conditions.push(`AND ${condition}`);
    values.push(...more);
  };
  if (prefix) add(`name >= ? AND name < ?`, prefix, prefix + HIGHEST_CHARACTER);
  if (names !== undefined) add(`name IN (SELECT value FROM json_each(?))`, JSON.stringify(names));
  if (after !== undefined) add(order === "nameDescending" ? `name < ?` : `name > ?`, after);
  return { conditions: conditions.join(" "), values };
}

/** Sorts after every name that goes on from a prefix. */
const HIGHEST_CHARACTER = "\u{10FFFF}";

function toStream(row: Row): LogStream {
  return {
    group: String(row["group_name"]),
    stream: String(row["name"]),
    attemptId: String(row["attempt_id"]),
    createdAt: Number(row["created_at"]),
  };
}
