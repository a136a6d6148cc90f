import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import { withServer } from "./server.ts";

/** How many jobs a store holds, beside the one at the head of the queue, which fits no machine. */
export interface Holdings {
  readonly finished: number;
  readonly waiting: number;
}

/** Different names of the jobs. */
const NAMES = 500;

/** Ids of one job of each kind, which the server itself has run or has waiting; the others are copies of them. */
interface Samples {
  readonly succeeded: string;
  readonly failed: string;
  readonly array: string;
  readonly waiting: string;
}

/**
 * Fills a data directory with a history, as if its jobs had been submitted one after the other, a second apart: of ten one failed, one was an
 * array, eight succeeded. The last ones wait.
 */
export async function makeHistory(bench: Bench, dataDir: string, holdings: Holdings): Promise<void> {
  const samples = await makeSamples(bench, dataDir);
  const database = new DatabaseSync(join(dataDir, "longshore.db"));
  try {
    database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN IMMEDIATE");
    copyJobs(database, samples, holdings);
    database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    database.close();
  }
}

/** Ids of all jobs of a history, in the order in which they were submitted. */
export function jobIds(dataDir: string): string[] {
  const database = new DatabaseSync(join(dataDir, "longshore.db"), { readOnly: true });
  try {
    return database
      .prepare("SELECT id FROM jobs WHERE parent_id IS NULL ORDER BY seq")
      .all()
      .map(({ id }) => String(id));
  } finally {
    database.close();
  }
}

function makeSamples(bench: Bench, dataDir: string): Promise<Samples> {
  return withServer(bench, dataDir, async ({ calls }) => {
    const succeeded = await calls.submit(submission(["true"]));
    const failed = await calls.submit(submission(["false"]));
    const array = await calls.submit(submission(["true"], { arrayProperties: { size: 2 } }));
    for (const jobId of [succeeded, failed, array]) await calls.untilEnded(jobId);
    await calls.blockQueue();
    return { succeeded, failed, array, waiting: await calls.submit(submission(["true"])) };
  });
}

function copyJobs(database: DatabaseSync, samples: Samples, { finished, waiting }: Holdings): void {
  const kinds = ["succeeded", "failed", "array", "waiting"] as const;
  database.exec("CREATE TEMP TABLE samples AS SELECT '' AS kind, * FROM jobs WHERE false");
  const keep = database.prepare("INSERT INTO samples SELECT ?, * FROM jobs WHERE id = ?");
  for (const kind of kinds) keep.run(kind, samples[kind]);
  const names = database.prepare("SELECT name FROM pragma_table_info('jobs')").all();
  const columns = names.map(({ name }) => String(name)).filter((name) => name !== "seq");
  const own: Readonly<Record<string, string>> = {
    id: "printf('%08x-%04x-4%03x-8%03x-%012x', at >> 16, at & 65535, n & 4095, (n >> 12) & 4095, n)",
    name: `'job-' || (n % ${NAMES})`,
    created_at: "at",
  };
  database
    .prepare(
      `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count),
         timed AS (SELECT n, :start_at + 1000 * n AS at FROM numbers)
       INSERT INTO jobs (${columns.join(", ")})
       SELECT ${columns.map((column) => own[column] ?? `samples.${column}`).join(", ")}
       FROM timed CROSS JOIN samples ON samples.kind =
         CASE WHEN n >= :finished THEN 'waiting' WHEN n % 10 = 8 THEN 'failed' WHEN n % 10 = 9 THEN 'array' ELSE 'succeeded' END`,
    )
    .run({
      ":count": finished + waiting,
      ":finished": finished,
      ":start_at": Date.now() - 1000 * (finished + waiting),
    });
}
