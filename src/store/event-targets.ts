import type { EventEnvelope } from "../ports/event-report.ts";
import type { DeadLetter, TargetTable } from "../ports/event-targets.ts";
import type { Database, Row, SqlValue } from "./database.ts";
import { statement } from "./database.ts";
import { NUMBERS } from "./conditions.ts";
import { parseStored } from "./stored-json.ts";

/** Of all targets together: the oldest go. */
export const MOST_DEAD_LETTERS = 10_000;

export function targetTable(database: Database): TargetTable {
  return {
    async cursor(target) {
      const [row] = await database.read(`SELECT cursor FROM event_targets WHERE name = ?`, [target]);
      return row && Number(row["cursor"]);
    },
    async settle(target, cursor, dead) {
      await database.write([
        statement(
          `INSERT INTO event_targets (name, cursor) VALUES (?, ?)
           ON CONFLICT (name) DO UPDATE SET cursor = max(event_targets.cursor, excluded.cursor)`,
          ...[target, cursor],
        ),
        ...dead.map(({ seq, event, error, attempts, at }) =>
          statement(
            `INSERT INTO dead_letters (target, seq, event, error, attempts, at) VALUES (?, ?, ?, ?, ?, ?)`,
            ...[target, seq, JSON.stringify(event), error, attempts, at],
          ),
        ),
        ...(dead.length === 0
          ? []
          : [
              statement(
                `DELETE FROM dead_letters WHERE id <= (SELECT max(id) FROM dead_letters) - ${MOST_DEAD_LETTERS}`,
              ),
            ]),
      ]);
    },
    async deadLetters({ target, ids, before, limit }) {
      const conditions: [string, SqlValue][] = [
        ...(target === undefined ? [] : [["target = ?", target] as [string, SqlValue]]),
        ...(ids === undefined ? [] : [[`id IN ${NUMBERS}`, JSON.stringify(ids)] as [string, SqlValue]]),
        ...(before === undefined ? [] : [["id < ?", before] as [string, SqlValue]]),
      ];
      const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(([sql]) => sql).join(" AND ")}`;
      const rows = await database.read(`SELECT * FROM dead_letters ${where} ORDER BY id DESC LIMIT ?`, [
        ...conditions.map(([, value]) => value),
        limit,
      ]);
      return rows.map(toDeadLetter);
    },
    async countDeadLetters() {
      const rows = await database.read(`SELECT target, count(*) AS count FROM dead_letters GROUP BY target`);
      return new Map(rows.map((row) => [String(row["target"]), Number(row["count"])]));
    },
    async removeDeadLetters(ids) {
      const [removed] = await database.write([
        statement(`DELETE FROM dead_letters WHERE id IN ${NUMBERS}`, JSON.stringify(ids)),
      ]);
      return removed!.changes;
    },
    async failedAgain(id, error) {
      await database.write([
        statement(`UPDATE dead_letters SET error = ?, attempts = attempts + 1 WHERE id = ?`, error, id),
      ]);
    },
  };
}

function toDeadLetter(row: Row): DeadLetter {
  return {
    id: Number(row["id"]),
    target: String(row["target"]),
    seq: Number(row["seq"]),
    event: parseStored(row["event"]) as EventEnvelope,
    error: String(row["error"]),
    attempts: Number(row["attempts"]),
    at: Number(row["at"]),
  };
}
