import type { History, Submitted } from "../../ports/history.ts";
import type { Database, Row } from "../database.ts";
import { IS_NEEDED, removeJobs } from "./removed-jobs.ts";
import { ENDED_AT, KEPT_DAYS } from "../migrations.ts";

/** So many entries of the index are counted at a time. */
const PAGE = 5_000;
const NEWEST: Submitted = { createdAt: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };

const of = (status: string): string => `parent_id IS NULL AND queue_arn = ? AND status = '${status}'`;

/** Of each queue the newest jobs, by the index of its lists: nothing is kept about their number. */
export function countedHistory(database: Database): Pick<History, "queuesOfEnded" | "nthNewest" | "removeOldest"> {
  return {
    async queuesOfEnded() {
      const next = (bound: string): string =>
        `SELECT queue_arn FROM jobs WHERE parent_id IS NULL AND queue_arn > ${bound} ORDER BY queue_arn LIMIT 1`;
      const rows = await database.read(
        `WITH RECURSIVE queues (arn) AS (
           SELECT (${next("''")}) UNION ALL SELECT (${next("queues.arn")}) FROM queues WHERE arn IS NOT NULL)
         SELECT arn FROM queues WHERE arn IS NOT NULL`,
      );
      return rows.map((row) => String(row["arn"]));
    },
    async nthNewest(queueArn, n) {
      let place: Submitted | undefined = NEWEST;
      for (let left = n; left > 0 && place !== undefined; left -= PAGE) {
        place = await further(database, queueArn, place, Math.min(left, PAGE));
      }
      return place;
    },
    async removeOldest({ queueArn, status, after, before, endedBefore, tagsCount, limit }) {
      const next = await database.read(
        `SELECT id, seq, created_at, scheduling, state, children, ${ENDED_AT} AS ended_at,
           ${KEPT_DAYS} IS NOT NULL AS is_tagged, ${IS_NEEDED} AS is_needed
         FROM jobs WHERE ${of(status)} AND (created_at, seq) > (?, ?)
         ORDER BY created_at, seq LIMIT ?`,
        [queueArn, after.createdAt, after.seq, limit],
      );
      // Of two bounds SQLite would search with the one, and look at everything up to the other.
      const rows = next.filter((row) => isBefore(toPlace(row), before));
      const last = rows.at(-1);
      if (last === undefined) return undefined;
      const going = rows.filter(
        (row) => Number(row["ended_at"]) < endedBefore && !row["is_needed"] && !(tagsCount && row["is_tagged"]),
      );
      const removed = going.length === 0 ? 0 : await removeJobs(database, going);
      return { removed, lookedTo: toPlace(last) };
    },
  };
}

/** The place of the count-th job before another one. */
async function further(
  database: Database,
  queueArn: string,
  place: Submitted,
  count: number,
): Promise<Submitted | undefined> {
  const newest = (status: string): string =>
    `SELECT * FROM (SELECT created_at, seq FROM jobs WHERE ${of(status)} AND (created_at, seq) < (?, ?)
       ORDER BY created_at DESC, seq DESC LIMIT ?) ${status.toLowerCase()}`;
  const values = [queueArn, place.createdAt, place.seq, count];
  const [row] = await database.read(
    `SELECT created_at, seq FROM (${newest("SUCCEEDED")} UNION ALL ${newest("FAILED")}) ended
     ORDER BY created_at DESC, seq DESC LIMIT 1 OFFSET ?`,
    [...values, ...values, count - 1],
  );
  return row && toPlace(row);
}

function isBefore(a: Submitted, b: Submitted): boolean {
  return a.createdAt === b.createdAt ? a.seq < b.seq : a.createdAt < b.createdAt;
}

function toPlace(row: Row): Submitted {
  return { createdAt: Number(row["created_at"]), seq: Number(row["seq"]) };
}
