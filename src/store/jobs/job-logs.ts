import type { EndedLog, NewLogStream } from "../../core/changes.ts";
import type { Statement } from "../database.ts";
import { statement } from "../database.ts";
import { RUNNING, SPAN_OF_ROW, UNBOUNDED_SPAN } from "../logs/log-spans.ts";

/** A stream appears with the attempt that writes it, and its group with its first stream. */
export function appearingStream(jobId: string, { group, name, attemptId, at }: NewLogStream): Statement[] {
  return [
    statement(
      `INSERT INTO log_groups (scope, name, created_at, settings) SELECT scope, ?, ?, '{}' FROM jobs WHERE id = ?
       ON CONFLICT DO NOTHING`,
      ...[group, at, jobId],
    ),
    statement(
      `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
       SELECT ?, g.id, ?, 'job', ?, ?, ${RUNNING}, ${UNBOUNDED_SPAN}
       FROM jobs j JOIN log_groups g ON g.scope = j.scope AND g.name = ? AND g.deleted_at IS NULL
       WHERE j.id = ? ON CONFLICT DO NOTHING`,
      ...[attemptId, name, at, at, group, jobId],
    ),
  ];
}

/** From now on the stream has a length. */
export function endedStream({ attemptId, at }: EndedLog): Statement[] {
  return [
    statement(
      `UPDATE log_streams SET last_event_at = CASE WHEN first_event_at > ? THEN first_event_at ELSE ? END WHERE log_id = ?`,
      ...[at, at, attemptId],
    ),
    statement(`UPDATE log_streams SET span = ${SPAN_OF_ROW} WHERE log_id = ?`, attemptId),
  ];
}
