import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import type { ServersAnswer } from "../../src/ports/servers.ts";
import { Cleanups } from "../support/cleanups.ts";
import { ownPostgres, postgresUnavailable } from "../support/postgres.ts";
import { BatchCalls, submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import type { ChildServer } from "./child.ts";
import type { Figure, Measure } from "./figure.ts";
import { startServerProcess } from "./server.ts";

const LOOK_EVERY_MS = 20;

/** What happens to the leader. A frozen one goes on when another one leads; for one that was killed another server is started. */
const LOSSES = { "kill -9": "SIGKILL", SIGSTOP: "SIGSTOP" } as const;

/** Figure 15: from the loss of the server that leads until a job that was submitted meanwhile has run, by another server on the same PostgreSQL. */
export const failover: Figure = {
  number: 15,
  title: "failover of two servers on PostgreSQL",
  unavailable: () => Promise.resolve(postgresUnavailable()),
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const cleanups = new Cleanups();
      try {
        const postgres = await ownPostgres(cleanups, { isDurable: true });
        return await measureOn(bench, join(directory, "data"), await postgres.createDatabase());
      } finally {
        await cleanups.run();
      }
    }),
};

async function measureOn(bench: Bench, dataDir: string, url: string): Promise<Measure[]> {
  const pids = new Set<number>();
  const start = async (): Promise<ChildServer> => {
    const server = await startServerProcess(bench, dataDir, {}, { more: ["--database-url", url] });
    pids.add(server.pid);
    return server;
  };
  try {
    return await measureLosses(bench, start);
  } finally {
    for (const pid of pids) kill(pid, "SIGKILL");
  }
}

/** One that is gone stays so. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function measureLosses(bench: Bench, start: () => Promise<ChildServer>): Promise<Measure[]> {
  let servers = [await start(), await start()];
  const measures: Measure[] = [];
  for (const [what, signal] of Object.entries(LOSSES)) {
    const times: number[] = [];
    for (let round = 1; round <= bench.sizes.failovers; round += 1) {
      bench.progress(`${what}, ${round} of ${bench.sizes.failovers}`);
      const [leader, other] = await inOrder(servers);
      times.push(await takeover(leader, other, signal));
      if (signal === "SIGSTOP") process.kill(leader.pid, "SIGCONT");
      servers = [other, signal === "SIGSTOP" ? leader : await start()];
    }
    const longest = `the leader is lost by ${what}: until a job runs, the longest of ${times.length}`;
    measures.push({ what: longest, unit: "ms", value: Math.max(...times), target: { atMost: 5_000 } });
  }
  return measures;
}

/** The one that leads first. Both are there, and know it. */
async function inOrder([one, other]: readonly ChildServer[]): Promise<[ChildServer, ChildServer]> {
  for (;;) {
    const statuses = await Promise.all([one!, other!].map(statusOf));
    if (statuses[0] === "leads" && statuses[1] === "stands by") return [one!, other!];
    if (statuses[1] === "leads" && statuses[0] === "stands by") return [other!, one!];
    await delay(LOOK_EVERY_MS);
  }
}

async function statusOf({ url }: ChildServer): Promise<string | undefined> {
  const answer = await fetch(`${url}/longshore/servers`);
  if (!answer.ok) return undefined;
  return ((await answer.json()) as ServersAnswer).servers.find(({ isThis }) => isThis)?.status;
}

async function takeover(leader: ChildServer, other: ChildServer, signal: NodeJS.Signals): Promise<number> {
  const calls = await BatchCalls.open(other.url);
  try {
    // The first request of an account has the leader make what it has by default.
    await calls.untilEnded(await calls.submit(submission(["true"])));
    const lostAt = performance.now();
    process.kill(leader.pid, signal);
    await calls.untilEnded(await calls.submit(submission(["true"])));
    return performance.now() - lostAt;
  } finally {
    calls.close();
  }
}
