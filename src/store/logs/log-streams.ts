import type { LastEventQuery, LogStream, LogStreamQuery, LogStreams, SpanFilter } from "../../ports/log-streams.ts";
import { Conditions } from "../conditions.ts";
import type { Database, Row, SqlValue } from "../database.ts";
import { statement } from "../database.ts";
import { NO_SPAN, RUNNING, SPANS } from "./log-spans.ts";

/** Streams that were deleted wait here for the removal of their events, each under its log's id as its name. */
export const DELETED_GROUP = 0;

const HAS_EVENTS = `span > ${NO_SPAN}`;

/** Which log a CloudWatch log stream is. Rows of jobs come, and get their end, with the changes of the attempts that write them. */
export function logStreamTable(database: Database): LogStreams {
  const select = async ({ text, values }: Conditions, order: string, limit: number): Promise<LogStream[]> => {
    const rows = await database.read(`SELECT * FROM log_streams WHERE ${text} ORDER BY ${order} LIMIT ?`, [
      ...values,
      limit,
    ]);
    return rows.map(toStream);
  };
  return {
    async find(group, name) {
      const [stream] = await select(inGroup(group).add(`name = ?`, name), "name", 1);
      return stream;
    },
    list: (group, query) => select(namedConditions(group, query), query.descending ? "name DESC" : "name", query.limit),
    running: (group, limit) =>
      select(inGroup(group).add(`last_event_at = ?`, RUNNING), "last_event_at, created_at DESC", limit),
    byLastEvent(group, query) {
      const order = query.descending ? "last_event_at DESC, name DESC" : "last_event_at, name";
      return select(lastEventConditions(group, query), order, query.limit);
    },
    async around(group, time, filter) {
      const { text, values } = aroundQuery(group, time, filter);
      return (await database.read(text, values)).map(toStream);
    },
    beginningAfter(group, place, { prefix, limit }) {
      const conditions = inGroup(group).add(
        `${HAS_EVENTS} AND (first_event_at, name) > (?, ?)`,
        place.time,
        place.name,
      );
      return select(conditions.addPrefix(prefix), "first_event_at, name", limit);
    },
    endingBefore(group, place, { prefix, limit }) {
      const conditions = inGroup(group).add(`${HAS_EVENTS} AND (last_event_at, name) < (?, ?)`, place.time, place.name);
      return select(conditions.addPrefix(prefix), "last_event_at DESC, name DESC", limit);
    },
    async create(group, { name, logId, createdAt }) {
      const [written] = await database.write([
        statement(
          `INSERT INTO log_streams
             (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
           SELECT ?, id, ?, 'put', ?, ?, ?, ${NO_SPAN} FROM log_groups WHERE id = ? AND deleted_at IS NULL
           ON CONFLICT DO NOTHING`,
          ...[logId, name, createdAt, createdAt, createdAt, group],
        ),
      ]);
      return written!.changes === 1;
    },
    async remove(group, name) {
      const [written] = await database.write([
        statement(
          `UPDATE log_streams SET group_id = ${DELETED_GROUP}, name = log_id WHERE group_id = ? AND name = ?`,
          ...[group, name],
        ),
      ]);
      return written!.changes === 1;
    },
  };
}

function inGroup(group: number): Conditions {
  return new Conditions().add(`group_id = ?`, group);
}

/** Conditions on the name are ranges, which the index on names answers without looking at other streams. */
function namedConditions(group: number, { prefix, after, descending }: LogStreamQuery): Conditions {
  const conditions = inGroup(group).addPrefix(prefix);
  return after === undefined ? conditions : conditions.add(descending ? `name < ?` : `name > ?`, after);
}

function lastEventConditions(group: number, { descending, after }: LastEventQuery): Conditions {
  const conditions = inGroup(group).add(`last_event_at < ?`, RUNNING);
  if (after === undefined) return conditions;
  return conditions.add(`(last_event_at, name) ${descending ? "<" : ">"} (?, ?)`, after.time, after.name);
}

/** One range of the index for each span. */
function aroundQuery(
  group: number,
  { from, to }: { from: number; to: number },
  { prefix, limit }: SpanFilter,
): { text: string; values: SqlValue[] } {
  const parts = SPANS.map(({ span, lengthMs }) =>
    inGroup(group)
      .add(`span = ${span} AND first_event_at >= ? AND first_event_at <= ?`, from - lengthMs, to)
      .add(`last_event_at >= ?`, from)
      .addPrefix(prefix),
  );
  const selects = parts.map(({ text }) => `SELECT * FROM log_streams WHERE ${text}`);
  return {
    text: `${selects.join(" UNION ALL ")} LIMIT ?`,
    values: [...parts.flatMap(({ values }) => values), limit],
  };
}

function toStream(row: Row): LogStream {
  const lastEventAt = Number(row["last_event_at"]);
  const lastIngestedAt = row["last_ingested_at"];
  return {
    name: String(row["name"]),
    origin: row["origin"] as LogStream["origin"],
    logId: String(row["log_id"]),
    createdAt: Number(row["created_at"]),
    firstEventAt: Number(row["first_event_at"]),
    ...(lastEventAt < RUNNING && { lastEventAt }),
    isEmpty: Number(row["span"]) === NO_SPAN,
    ...(typeof lastIngestedAt === "number" && { lastIngestedAt }),
  };
}
