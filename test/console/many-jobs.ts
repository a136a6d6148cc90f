import { join } from "node:path";
import { statement } from "../../src/store/database.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";
import { openStore } from "../../src/store/store.ts";
import { newJob } from "../store/harness.ts";

const ARN = "arn:aws:batch:us-east-1:123456789012:";

/** Names that would do something, were they not shown as text. */
export const HOSTILE_TAG = "/img src=x onerror=alert@1:";

/**
 * Writes so many jobs that are over into the store of a server that does not run: `old-1` and so on, a tenth of them failed, one second apart up to
 * `before` (epoch ms).
 */
export async function writeManyJobs(dataDir: string, count: number, before: number): Promise<void> {
  const database = new SqliteDatabase(join(dataDir, "longshore.db"));
  const store = await openStore(database, Date.now(), { defaultDriver: "process" });
  const first = newJob("00000000-0000-4000-8000-000000000000", {
    ...{ name: "old-0", createdAt: before - count * 1_000 },
    ...{ queueArn: `${ARN}job-queue/default`, definitionArn: `${ARN}job-definition/default:1` },
  });
  await store.jobs.insert({ ...first, spec: { ...first.spec, tags: { note: HOSTILE_TAG } } });
  const epoch = await store.scheduling.lead();
  const attempts = [{ id: "0", driver: "process" as const, environmentArn: "e", exitCode: 0 }];
  const state = { status: "SUCCEEDED" as const, startedAt: 1, stoppedAt: 2, attempts };
  await store.scheduling.commit(epoch, [{ kind: "job-changed", jobId: first.id, state }]);
  await database.write([
    statement(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
       INSERT INTO jobs (id, scope, queue_arn, name, definition_arn, created_at, scheduling, spec, status, state)
       SELECT printf('00000000-0000-4000-8000-%012d', n), scope, queue_arn, 'old-' || n, definition_arn, created_at + n * 1000,
         scheduling, spec, CASE n % 10 WHEN 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
         json_set(state, '$.status', CASE n % 10 WHEN 0 THEN 'FAILED' ELSE 'SUCCEEDED' END, '$.startedAt', created_at + n * 1000,
           '$.stoppedAt', created_at + n * 1000 + 500, '$.attempts[0].exitCode', CASE n % 10 WHEN 0 THEN 3 ELSE 0 END)
       FROM numbers, jobs WHERE id = ?`,
      ...[count - 1, first.id],
    ),
  ]);
  await store.close();
}
