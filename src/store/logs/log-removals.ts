import type { LogRemoval, LogRemovals, LogStream } from "../../ports/log-streams.ts";
import { Conditions } from "../conditions.ts";
import type { Database, Statement } from "../database.ts";
import { statement } from "../database.ts";
import { NO_SPAN, RUNNING, SPANS } from "./log-spans.ts";
import { DELETED_GROUP } from "./log-streams.ts";

const DELETED_GROUPS = `SELECT id FROM log_groups WHERE deleted_at IS NOT NULL`;
/** All but NO_SPAN, so that the index on spans is of use. */
const ANY_SPAN = `span IN (${SPANS.map(({ span }) => span).join(", ")})`;

/** What is deleted, or too old, is taken away bit by bit: there can be millions of it. */
export function logRemovalTable(database: Database): LogRemovals {
  const select = async ({ text, values }: Conditions, limit: number): Promise<LogRemoval[]> => {
    const rows = await database.read(`SELECT log_id, origin FROM log_streams WHERE ${text} LIMIT ?`, [
      ...values,
      limit,
    ]);
    return rows.map((row) => ({ logId: String(row["log_id"]), origin: row["origin"] as LogStream["origin"] }));
  };
  const remove = async (events: Conditions, limit: number): Promise<number> => {
    const [written] = await database.write([
      statement(
        `DELETE FROM log_events WHERE seq IN (SELECT seq FROM log_events WHERE ${events.text} LIMIT ?)`,
        ...[...events.values, limit],
      ),
    ]);
    return written!.changes;
  };
  return {
    deleted: (limit) =>
      select(
        new Conditions().add(
          `group_id IN (SELECT ${DELETED_GROUP} UNION ALL ${DELETED_GROUPS}) AND last_event_at < ?`,
          RUNNING,
        ),
        limit,
      ),
    expired: (group, time, limit) =>
      select(
        new Conditions()
          .add(`group_id = ? AND ${ANY_SPAN}`, group)
          .add(`first_event_at < ? AND last_event_at < ?`, time, time),
        limit,
      ),
    async removePutBefore(group, time, limit) {
      const begun = `group_id = ? AND origin = 'put' AND ${ANY_SPAN} AND first_event_at < ?`;
      const old = new Conditions()
        .add(`log_id IN (SELECT log_id FROM log_streams WHERE ${begun})`, group, time)
        .add(`timestamp < ?`, time);
      const removed = await remove(old, limit);
      if (removed === limit) return removed;
      // So that the next time looks only at streams that have grown old since.
      const begin = `UPDATE log_streams SET first_event_at = ? WHERE ${begun} AND last_event_at >= ?`;
      await database.write([statement(begin, time, group, time, time)]);
      return removed;
    },
    removePut: (logIds, limit) =>
      remove(new Conditions().add(`log_id IN (SELECT value FROM json_each(?))`, JSON.stringify(logIds)), limit),
    async done(logIds) {
      await database.write(doneStatements(logIds));
    },
    async forgetGroups() {
      await database.write([
        statement(
          `DELETE FROM log_groups WHERE deleted_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM log_streams s WHERE s.group_id = log_groups.id)`,
        ),
      ]);
    },
  };
}

/** A stream to which something was put meanwhile is not empty. */
function doneStatements(logIds: readonly string[]): Statement[] {
  const ids = JSON.stringify(logIds);
  const these = `log_id IN (SELECT value FROM json_each(?))`;
  return [
    statement(
      `DELETE FROM log_streams WHERE ${these} AND (group_id = ${DELETED_GROUP} OR group_id IN (${DELETED_GROUPS}))`,
      ids,
    ),
    statement(
      `UPDATE log_streams SET span = ${NO_SPAN} WHERE ${these}
       AND NOT EXISTS (SELECT 1 FROM log_events e WHERE e.log_id = log_streams.log_id)`,
      ids,
    ),
  ];
}
