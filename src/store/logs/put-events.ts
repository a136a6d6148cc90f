import { EVENT_OVERHEAD_BYTES, PAGE_BYTES } from "../../ports/logs.ts";
import type { LogEvent, LogLine, LogPage, LogPosition, LogQuery } from "../../ports/logs.ts";
import type { PutEvents } from "../../ports/put-events.ts";
import { Conditions } from "../conditions.ts";
import type { Database, Row, Statement } from "../database.ts";
import { statement } from "../database.ts";
import { NO_SPAN, SPAN_OF_ROW } from "./log-spans.ts";

/** A position is the event's time and, behind it, its number: events of one time stand in the order in which they came. */
const NUMBERS = 10n ** 13n;
const END: LogPosition = NUMBERS * NUMBERS - 1n;

/** Events as rows: they can come in any order of time, so that they are put in order when they are read. */
export function putEventTable(database: Database): PutEvents {
  return {
    async append(logId, events, now) {
      if (events.length === 0) return true;
      const [written] = await database.write(appendStatements(logId, events, now));
      return written!.changes === 1;
    },
    async read(logId, query) {
      const from = startOf(query);
      const wanted = wantedRows(logId, from, query);
      const count = await countThatFit(database, wanted, query);
      if (count === 0) return emptyPage(query, from);
      const events = (await selectRows(database, "*", wanted, query, count)).map(toEvent);
      if (query.direction === "backward") events.reverse();
      const [first, last] = [events[0]!, events.at(-1)!];
      return { events, forwardPosition: last.position + 1n, backwardPosition: first.position };
    },
    async changedAt(logId) {
      const [row] = await database.read(
        `SELECT last_event_at FROM log_streams WHERE log_id = ? AND span > ${NO_SPAN}`,
        [logId],
      );
      return row && Number(row["last_event_at"]);
    },
  };
}

/** The stream's bounds first: when it is gone nothing is added. */
function appendStatements(logId: string, events: readonly LogLine[], now: number): Statement[] {
  const first = events[0]!.timestamp;
  const last = events.at(-1)!.timestamp;
  const rows = events.map(({ timestamp, message }) => [
    timestamp,
    Buffer.byteLength(message),
    // Half a surrogate pair is no text to a database.
    message.toWellFormed(),
  ]);
  const isThere = `EXISTS (SELECT 1 FROM log_groups g WHERE g.id = log_streams.group_id AND g.deleted_at IS NULL)`;
  return [
    statement(
      `UPDATE log_streams SET
         first_event_at = CASE WHEN span = ${NO_SPAN} OR first_event_at > ? THEN ? ELSE first_event_at END,
         last_event_at = CASE WHEN span = ${NO_SPAN} OR last_event_at < ? THEN ? ELSE last_event_at END,
         last_ingested_at = ?
       WHERE log_id = ? AND origin = 'put' AND ${isThere}`,
      ...[first, first, last, last, now, logId],
    ),
    statement(`UPDATE log_streams SET span = ${SPAN_OF_ROW} WHERE log_id = ? AND origin = 'put' AND ${isThere}`, logId),
    statement(
      `INSERT INTO log_events (log_id, timestamp, ingested_at, bytes, message)
       SELECT s.log_id, CAST(e.value ->> 0 AS BIGINT), ?, CAST(e.value ->> 1 AS BIGINT), e.value ->> 2 FROM log_streams s, json_each(?) e
       WHERE s.log_id = ? AND s.origin = 'put'
         AND EXISTS (SELECT 1 FROM log_groups g WHERE g.id = s.group_id AND g.deleted_at IS NULL) ORDER BY CAST(e.key AS BIGINT)`,
      ...[now, JSON.stringify(rows), logId],
    ),
  ];
}

function startOf({ position, direction, startTime, endTime }: LogQuery): LogPosition {
  if (direction === "forward") {
    const earliest = startTime === undefined ? 0n : timePosition(startTime);
    if (position === "tail") return END;
    return position === "head" || position < earliest ? earliest : position;
  }
  const latest = endTime === undefined ? END : timePosition(endTime);
  if (position === "head") return 0n;
  return position === "tail" || position > latest ? latest : position;
}

/** Before all events of that time; a time may be later than all events can be. */
function timePosition(time: number): LogPosition {
  const position = positionOf(time, 0);
  return position < END ? position : END;
}

function wantedRows(logId: string, from: LogPosition, { direction, startTime, endTime }: LogQuery): Conditions {
  const isForward = direction === "forward";
  const conditions = new Conditions()
    .add(`log_id = ?`, logId)
    .add(`(timestamp, seq) ${isForward ? ">=" : "<"} (?, ?)`, Number(from / NUMBERS), Number(from % NUMBERS));
  if (isForward && endTime !== undefined) conditions.add(`timestamp < ?`, endTime);
  if (!isForward && startTime !== undefined) conditions.add(`timestamp >= ?`, startTime);
  return conditions;
}

/** How many of the wanted rows make a page: texts are read only of those. */
async function countThatFit(database: Database, wanted: Conditions, query: LogQuery): Promise<number> {
  const { limit, maxBytes = PAGE_BYTES } = query;
  const rows = await selectRows(database, "timestamp, seq, bytes", wanted, query, limit);
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += Number(row["bytes"]) + EVENT_OVERHEAD_BYTES;
    return index > 0 && bytes > maxBytes;
  });
  return end === -1 ? rows.length : end;
}

function selectRows(
  database: Database,
  columns: string,
  { text, values }: Conditions,
  { direction }: LogQuery,
  limit: number,
): Promise<Row[]> {
  const order = direction === "forward" ? "timestamp, seq" : "timestamp DESC, seq DESC";
  return database.read(`SELECT ${columns} FROM log_events WHERE ${text} ORDER BY ${order} LIMIT ?`, [...values, limit]);
}

/** Nothing there: a reader stays where it is. From the end, it goes on with what comes next. */
function emptyPage({ position, startTime = 0 }: LogQuery, from: LogPosition): LogPage {
  const stays = position === "tail" ? timePosition(startTime) : from;
  return { events: [], forwardPosition: stays, backwardPosition: stays };
}

function toEvent(row: Row): LogEvent {
  const timestamp = Number(row["timestamp"]);
  return {
    timestamp,
    message: String(row["message"]),
    ingestionTime: Number(row["ingested_at"]),
    position: positionOf(timestamp, Number(row["seq"])),
  };
}

function positionOf(timestamp: number, seq: number): LogPosition {
  return BigInt(timestamp) * NUMBERS + BigInt(seq);
}
