import type { LogStream, LogStreams } from "../ports/log-streams.ts";
import type { Database, Row } from "./database.ts";

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
    async list(scope, { group, prefix = "", names, after, limit, order = "name" }) {
      const rows = await database.read(
        `SELECT * FROM log_streams WHERE scope = ? AND group_name = ? AND substr(name, 1, ?) = ?
           AND (? IS NULL OR name ${order === "nameDescending" ? "<" : ">"} ?)
           AND (? IS NULL OR name IN (SELECT value FROM json_each(?)))
         ORDER BY ${ORDERS[order]} LIMIT ?`,
        [
          ...[scope, group, [...prefix].length, prefix, after ?? null, after ?? null],
          ...[names === undefined ? null : 1, JSON.stringify(names ?? []), limit],
        ],
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

function toStream(row: Row): LogStream {
  return {
    group: String(row["group_name"]),
    stream: String(row["name"]),
    attemptId: String(row["attempt_id"]),
    createdAt: Number(row["created_at"]),
  };
}
