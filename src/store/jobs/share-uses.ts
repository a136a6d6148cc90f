import type { JobState, Scheduling } from "../../core/job.ts";
import type { ShareUse } from "../../core/order/share-use.ts";
import type { Database, Row } from "../database.ts";
import { parseStored } from "../stored-json.ts";

const PAGE = 5_000;
/** Of more ended jobs the newest count; the others are the first to leave the window anyway. */
const MAX_JOBS = 500_000;

/** What the attempts of jobs that are over, arrays' children among them, have used of a queue since then. */
export async function readShareUses(database: Database, queueArn: string, since: number): Promise<ShareUse[]> {
  const uses: ShareUse[] = [];
  let before = { endedAt: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER };
  for (let read = 0; read < MAX_JOBS; read += PAGE) {
    const page = await database.read(
      `SELECT j.seq, j.share_identifier, j.state, CAST(j.state ->> '$.stoppedAt' AS BIGINT) AS ended_at,
         coalesce(j.scheduling, p.scheduling) AS scheduling
       FROM jobs j LEFT JOIN jobs p ON p.id = j.parent_id
       WHERE j.queue_arn = ? AND j.share_identifier IS NOT NULL AND j.status IN ('SUCCEEDED', 'FAILED')
         AND CAST(j.state ->> '$.stoppedAt' AS BIGINT) BETWEEN ? AND ? AND (CAST(j.state ->> '$.stoppedAt' AS BIGINT), j.seq) < (?, ?)
       ORDER BY CAST(j.state ->> '$.stoppedAt' AS BIGINT) DESC, j.seq DESC LIMIT ?`,
      [queueArn, since, before.endedAt, before.endedAt, before.seq, PAGE],
    );
    for (const row of page) uses.push(...usesOf(row, queueArn));
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) break;
    before = { endedAt: Number(last["ended_at"]), seq: Number(last["seq"]) };
  }
  // In the order in which it happened.
  return uses.sort((a, b) => a.startedAt - b.startedAt);
}

function usesOf(row: Row, queueArn: string): ShareUse[] {
  const state = parseStored(row["state"]) as JobState;
  // The array itself has no attempts; nor has a child whose parent was removed any requirements.
  if (state.attempts.length === 0 || row["scheduling"] === null) return [];
  const { vcpuMilli } = (parseStored(row["scheduling"]) as Scheduling).requirements;
  const share = String(row["share_identifier"]);
  return state.attempts.flatMap(({ id: attemptId, startedAt, stoppedAt }) =>
    startedAt === undefined || stoppedAt === undefined
      ? []
      : [{ queueArn, share, attemptId, vcpuMilli, startedAt, stoppedAt }],
  );
}
