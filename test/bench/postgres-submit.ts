import { execFile } from "node:child_process";
import { globSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { execute, ownPostgres, postgresUnavailable } from "../support/postgres.ts";
import type { OwnPostgres } from "../support/postgres.ts";
import { Cleanups } from "../support/cleanups.ts";
import { SUBMIT_PATH, submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import type { Figure, Measure } from "./figure.ts";
import { compared, inTurns } from "./figure.ts";
import type { Load } from "./load.ts";
import { runLoad } from "./load.ts";
import { withServer } from "./server.ts";

const CONNECTIONS = 64;
const WARM_UP = 2_000;
const LIMIT_SECONDS = 3;

/** Figure 14: jobs that are accepted and durable in PostgreSQL, per second, beside pgbench that inserts the same rows. */
export const postgresSubmit: Figure = {
  number: 14,
  title: "SubmitJob on PostgreSQL, durable",
  unavailable: () =>
    Promise.resolve(postgresUnavailable() ?? (pgbench() === undefined ? "there is no pgbench" : undefined)),
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const cleanups = new Cleanups();
      try {
        const postgres = await ownPostgres(cleanups, { isDurable: true });
        return await measureOn(bench, directory, postgres, await postgres.createDatabase());
      } finally {
        await cleanups.run();
      }
    }),
};

function measureOn(bench: Bench, directory: string, postgres: OwnPostgres, url: string): Promise<Measure[]> {
  const body = submission(["echo", "hello"]);
  const task = async (server: Parameters<Parameters<typeof withServer>[2]>[0]): Promise<Measure[]> => {
    await server.calls.blockQueue();
    const load: Load = { path: SUBMIT_PATH, body, requests: bench.sizes.submitJobs, connections: CONNECTIONS };
    await runLoad(server.url, { ...load, requests: WARM_UP });
    const rowsPerCommit = await groupSize(url, () => runLoad(server.url, { ...load, requests: WARM_UP }));
    const script = await prepareLimit(directory, url, rowsPerCommit);
    const rounds = await inTurns(
      bench.sizes.rounds,
      {
        limit: async () => rowsPerCommit * (await transactionsPerSecond(postgres, url, script)),
        value: () => runLoad(server.url, load),
      },
      (round) => bench.progress(`round ${round} of ${bench.sizes.rounds}`),
    );
    return [compared("jobs accepted", "1/s", rounds, `pgbench, ${rowsPerCommit} such rows a commit`, { atLeast: 0.5 })];
  };
  return withServer(bench, join(directory, "data"), task, { more: ["--database-url", url] });
}

/** How many jobs one commit holds on average. */
async function groupSize(url: string, load: () => Promise<unknown>): Promise<number> {
  const before = await jobsAndCommits(url);
  await load();
  const after = await jobsAndCommits(url);
  return Math.max(1, Math.round((after.jobs - before.jobs) / (after.commits - before.commits)));
}

/** A row's `xmin` names the transaction that inserted it. Nothing in the queue runs, so nothing else is written to the rows. */
async function jobsAndCommits(url: string): Promise<{ readonly jobs: number; readonly commits: number }> {
  const { rows } = await execute(
    url,
    "SELECT count(*)::int AS jobs, count(DISTINCT xmin::text)::int AS commits FROM jobs WHERE name = 'bench'",
  );
  return rows[0] as { jobs: number; commits: number };
}

/** A table as that of jobs, with its indexes; each transaction sends so many rows as a server sends them, whole, and inserts them at once. Returns the script's path. */
async function prepareLimit(directory: string, url: string, rowsPerCommit: number): Promise<string> {
  await execute(url, "CREATE TABLE bench_jobs (LIKE jobs INCLUDING ALL)");
  await execute(url, "CREATE SEQUENCE bench_seq");
  const { rows } = await execute(url, "SELECT * FROM jobs WHERE name = 'bench' LIMIT 1");
  const { seq: _, id: __, ...columns } = rows[0] as Record<string, string | number | null>;
  const values = Object.values(columns).map((value) => (value === null ? "NULL" : pg.escapeLiteral(String(value))));
  const row = `(nextval('bench_seq'), gen_random_uuid()::text, ${values.join(", ")})`;
  const script = join(directory, "insert.sql");
  const all = Array.from({ length: rowsPerCommit }, () => row).join(", ");
  writeFileSync(script, `INSERT INTO bench_jobs (seq, id, ${Object.keys(columns).join(", ")}) VALUES ${all};`);
  return script;
}

function pgbench(): string | undefined {
  return globSync("/usr/lib/postgresql/*/bin/pgbench").toSorted().at(-1);
}

/** By one connection, as the server has one that writes. */
async function transactionsPerSecond(postgres: OwnPostgres, url: string, script: string): Promise<number> {
  const { username, pathname } = new URL(url);
  const where = ["-h", "127.0.0.1", "-p", String(postgres.port), "-U", username, pathname.slice(1)];
  const how = ["-n", "-M", "simple", "-c", "1", "-T", String(LIMIT_SECONDS), "-f", script];
  const { stdout } = await promisify(execFile)(pgbench()!, [...how, ...where], { cwd: dirname(script) });
  return Number(/tps = ([\d.]+)/.exec(stdout)![1]);
}
