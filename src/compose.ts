import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { rootCaller } from "./api/access/callers.ts";
import { everythingAllowed } from "./api/access/denial.ts";
import type { KeyRing } from "./api/access/key-ring.ts";
import { AWS_LIMITS, OWN_LIMITS } from "./api/batch/limits.ts";
import type { Call } from "./api/wire/operations.ts";
import { DEFAULT_ACCOUNT, openAccess } from "./compose/access.ts";
import { serveApis } from "./compose/apis.ts";
import { openDatabase, prepareDataDirectory } from "./compose/data-directory.ts";
import { createDrivers, describeDriver } from "./compose/drivers.ts";
import { ContainerDoor, listen, urlOf } from "./compose/listening.ts";
import type { ServerOptions } from "./compose/options.ts";
import { isOpenServer, validated } from "./compose/options.ts";
import { ServerSurroundings } from "./compose/surroundings.ts";
import { VERSION } from "./compose/version.ts";
import { Engine } from "./engine/engine.ts";
import { HistoryKeeper } from "./engine/history.ts";
import { createLogFiles } from "./logs/files.ts";
import { createLogKeeper } from "./logs/keeper.ts";
import type { Clock } from "./ports/clock.ts";
import { openStore } from "./store/store.ts";

/** The composition root: the only one (with its parts in compose/) that knows every implementation. */

export interface RunningServer {
  readonly url: string;
  /** Whether it serves requests without a known key. */
  readonly isOpen: boolean;
  /** What the user should know: one sentence each. */
  readonly notices: readonly string[];
  readonly capacity: { readonly vcpus: number; readonly memoryMiB: number };
  /** For people: what becomes of a job. */
  readonly runsJobsAs: string;
  /** Finishes what was accepted and stops. Jobs that run go on. */
  close(): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

const CHECK_EVERY_TICKS = 1_000;
const TICK_INTERVAL_MS = 4;

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const capacity = validated(options);
  prepareDataDirectory(options.dataDir);
  const database = openDatabase(options.dataDir);
  const closing: (() => unknown)[] = [() => database.close()];
  const opened = Promise.withResolvers<void>();
  opened.promise.catch(() => {}); // heard by the requests that wait, if any
  try {
    const logger = pino({ level: options.logLevel ?? "warn" }, pino.destination(2));
    const onError = (what: string, error: unknown): void => logger.error({ err: error }, what);
    const defaultDriver = options.driver;
    const limits = options.strict === true ? AWS_LIMITS : OWN_LIMITS;
    const store = await openStore(database, systemClock.now(), {
      ...{ defaultDriver, extensions: limits.extensions },
      quotas: limits.resources,
    });
    const isOpen = isOpenServer(options);
    const { dataDir } = options;
    const access = await openAccess({ database, dataDir, jobs: store.jobs, clock: systemClock, isOpen });
    const logs = createLogFiles({ directory: join(options.dataDir, "logs"), clock: systemClock });
    closing.unshift(() => logs.close());
    const keeper = createLogKeeper({
      ...{ groups: store.logGroups, removals: store.logRemovals, files: logs, clock: systemClock, onError },
    });
    closing.unshift(() => keeper.close());
    const notices: string[] = [];
    const surroundings = new ServerSurroundings(process.env, options.jobVariables);
    const listening = Promise.withResolvers<ContainerDoor>();
    const drivers = await createDrivers({
      ...{ options, store, logs, clock: systemClock },
      onNotice: (notice) => void notices.push(notice),
      onSighted: async (gateway) => {
        try {
          const reachable = await (await listening.promise).urlFor(gateway);
          if (reachable !== undefined) surroundings.reachable("docker", reachable);
        } catch (error) {
          onError("jobs in containers cannot call this server", error);
        }
      },
    });
    const engine = new Engine({
      store: store.scheduling,
      drivers,
      clock: systemClock,
      capacity,
      callingBack: { surroundings, credentials: access.jobCredentials },
      checkEveryTicks: CHECK_EVERY_TICKS,
      tickIntervalMs: TICK_INTERVAL_MS,
      onError,
    });
    const defaultRegion = process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"] ?? "us-east-1";
    const history = new HistoryKeeper({
      ...{ history: store.history, clock: systemClock, onError },
      times: { ...limits.history, ...(options.historyDays !== undefined && { jobDays: options.historyDays }) },
      removed: () => keeper.nudge(),
    });
    closing.unshift(() => history.close());
    const { app, batch } = serveApis({
      ...{ options, store, scheduler: engine, output: logs, access, limits, clock: systemClock, logger, defaultRegion },
      opened: opened.promise,
      logsRemoved: () => keeper.nudge(),
    });
    // Before the engine starts: the first attempts that it starts must know where the server is.
    const address = await listen(app, options);
    const url = urlOf(address);
    const door = new ContainerDoor(app, address);
    closing.unshift(() => engine.stop());
    closing.unshift(() => Promise.all([app.close(), door.close()]));
    listening.resolve(door);
    surroundings.reachable("process", url);
    await engine.start();
    await batch.DescribeJobQueues!({}, ownCall(defaultRegion));
    opened.resolve();
    const descriptor = join(options.dataDir, "server.json");
    const startedAt = systemClock.now();
    writeFileSync(descriptor, JSON.stringify({ pid: process.pid, url, isOpen, startedAt, version: VERSION }));
    closing.unshift(() => rmSync(descriptor, { force: true }));
    notices.push(...accessNotices(options, access.ring));
    return {
      url,
      isOpen,
      notices,
      capacity: {
        vcpus: capacity.vcpuMilli / 1000,
        memoryMiB: capacity.memoryMiB,
      },
      runsJobsAs: describeDriver(options.driver, drivers.has("docker")),
      close: once(() => closeAll(closing)),
    };
  } catch (error) {
    opened.reject(error);
    await closeAll(closing);
    throw error;
  }
}

function accessNotices(options: ServerOptions, ring: KeyRing): string[] {
  if (isOpenServer(options)) return [];
  if (ring.isUsable) return ["Only requests that are signed with a known access key are served."];
  const command = `longshore credentials create --data-dir ${options.dataDir}`;
  return [
    `Only requests that are signed with a known access key are served, and there is none yet. Make one: ${command}`,
  ];
}

/** A call that the server makes itself. */
function ownCall(region: string): Call {
  const caller = rootCaller(DEFAULT_ACCOUNT);
  return { requestId: "start", account: caller.account, region, caller, denial: everythingAllowed };
}

async function closeAll(closing: readonly (() => unknown)[]): Promise<void> {
  for (const close of closing) await close();
}

function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= task());
}
