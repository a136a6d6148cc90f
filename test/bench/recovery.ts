import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Figure } from "./figure.ts";
import { makeHistory } from "./history.ts";
import { withServer } from "./server.ts";

/** Figure 13: from the start of a server, with many jobs that wait, until it has placed one of them. */
export const recovery: Figure = {
  number: 13,
  title: "recovery with many waiting jobs, SQLite",
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const { recoveredJobs: waiting } = bench.sizes;
      const dataDir = join(directory, "data");
      bench.progress(`${waiting} waiting jobs are made`);
      await makeHistory(bench, dataDir, { finished: 0, waiting });
      const { blocker, next } = frontOf(dataDir);
      bench.progress("a server starts");
      const startedAt = performance.now();
      const ms = await withServer(bench, dataDir, async ({ calls }) => {
        // It holds the others back.
        await calls.terminate(blocker, "let the others go");
        await calls.until(next, ({ status }) => status !== "RUNNABLE");
        return performance.now() - startedAt;
      });
      const what = `from its start until the first of ${waiting} is placed`;
      return [{ what, unit: "ms", value: ms, target: { atMost: 10_000 } }];
    }),
};

/** The job that holds the queue, and the one behind it. */
function frontOf(dataDir: string): { readonly blocker: string; readonly next: string } {
  const database = new DatabaseSync(join(dataDir, "longshore.db"), { readOnly: true });
  try {
    const [blocker, next] = database
      .prepare("SELECT id FROM jobs WHERE status = 'RUNNABLE' ORDER BY seq LIMIT 2")
      .all()
      .map(({ id }) => String(id));
    return { blocker: blocker!, next: next! };
  } finally {
    database.close();
  }
}
