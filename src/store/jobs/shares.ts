import type { Database } from "../database.ts";

/** Jobs that are not over. The index of open jobs by share has the same list. */
export const OPEN = `('SUBMITTED', 'PENDING', 'RUNNABLE', 'SCHEDULED', 'STARTING', 'RUNNING')`;

/**
 * Whether a share of a queue has a job that is not over, and how many shares have. Each share costs one look into the index, however many jobs
 * it has.
 */
export async function activeShares(
  database: Database,
  queueArn: string,
  share: string,
  limit: number,
): Promise<{ isActive: boolean; count: number }> {
  const open = `queue_arn = ? AND share_identifier IS NOT NULL AND status IN ${OPEN}`;
  const own = await database.read(`SELECT 1 FROM jobs WHERE ${open} AND share_identifier = ? LIMIT 1`, [
    queueArn,
    share,
  ]);
  if (own.length > 0) return { isActive: true, count: 1 };
  const [row] = await database.read(
    `WITH RECURSIVE shares (name, number) AS (
       SELECT min(share_identifier), 1 FROM jobs WHERE ${open}
       UNION ALL
       SELECT (SELECT min(share_identifier) FROM jobs WHERE ${open} AND share_identifier > shares.name), number + 1
       FROM shares WHERE name IS NOT NULL AND number < ?)
     SELECT count(name) AS count FROM shares`,
    [queueArn, queueArn, limit],
  );
  return { isActive: false, count: Number(row!["count"]) };
}
