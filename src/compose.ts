import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { authorized } from "./api/access/authorized.ts";
import { rootCaller } from "./api/access/callers.ts";
import { serveCredentials } from "./api/access/credential-routes.ts";
import { everythingAllowed } from "./api/access/denial.ts";
import type { KeyRing } from "./api/access/key-ring.ts";
import { BATCH_DEMANDS } from "./api/batch/demands.ts";
import { batchHandlers } from "./api/batch/handlers.ts";
import { AWS_LIMITS, OWN_LIMITS } from "./api/batch/limits.ts";
import { LOGS_DEMANDS } from "./api/logs/demands.ts";
import { ec2Service } from "./api/ec2/service.ts";
import { ECS_DEMANDS } from "./api/ecs/demands.ts";
import { createEcsHandlers } from "./api/ecs/handlers.ts";
import { serveContainerMetadata } from "./api/ecs/metadata-routes.ts";
import { createLogsHandlers } from "./api/logs/handlers.ts";
import { createServer } from "./api/server.ts";
import { STS } from "./api/sts/service.ts";
import type { Call } from "./api/wire/operations.ts";
import { PageTokens } from "./api/wire/page-tokens.ts";
import { DEFAULT_ACCOUNT, openAccess } from "./compose/access.ts";
import { openDatabase, prepareDataDirectory } from "./compose/data-directory.ts";
import { thisMachine } from "./compose/machine.ts";
import type { ServerOptions } from "./compose/options.ts";
import { isOpenServer, validated } from "./compose/options.ts";
import { StartError } from "./compose/start-error.ts";
import { ServerSurroundings } from "./compose/surroundings.ts";
import { VERSION } from "./compose/version.ts";
import type { DriverName } from "./core/driver-name.ts";
import { dockerAnswers } from "./drivers/docker/probe.ts";
import { createProcessDriver } from "./drivers/process/driver.ts";
import { Engine } from "./engine/engine.ts";
import { createLogFiles } from "./logs/files.ts";
import { createLogKeeper } from "./logs/keeper.ts";
import type { Clock } from "./ports/clock.ts";
import type { Driver } from "./ports/driver.ts";
import type { LogSink } from "./ports/logs.ts";
import type { OpenStore } from "./store/store.ts";
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
    const store = await openStore(database, systemClock.now(), { defaultDriver });
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
    const drivers = await createDrivers(options, store, logs, notices);
    const surroundings = new ServerSurroundings(process.env, options.jobVariables);
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
    const tokens = new PageTokens(store.tokenKey, () => systemClock.now());
    const limits = options.strict === true ? AWS_LIMITS : OWN_LIMITS;
    const machine = thisMachine();
    const batch = batchHandlers({
      store,
      scheduler: engine,
      clock: systemClock,
      tokens,
      limits,
      machine,
      version: VERSION,
    });
    const machineBackend = { store, scheduler: engine, tokens, machine };
    const app = createServer({
      batch: authorized("batch", BATCH_DEMANDS, batch),
      logs: authorized(
        "logs",
        LOGS_DEMANDS,
        createLogsHandlers({
          ...{ groups: store.logGroups, streams: store.logStreams, putEvents: store.putEvents, tags: store.tags },
          ...{ output: logs, clock: systemClock, tokens, removed: () => keeper.nudge() },
        }),
      ),
      ecs: authorized("ecs", ECS_DEMANDS, createEcsHandlers(machineBackend)),
      queryServices: [STS, ec2Service(machineBackend)],
      opened: opened.promise,
      health: () => Promise.resolve({ ready: true }),
      admission: access.admission,
      allowedHosts: options.allowedHosts ?? [],
      isOpen,
      defaultRegion,
      version: VERSION,
      logger,
    });
    serveCredentials(app, access);
    serveContainerMetadata(app, store.jobs);
    // Before the engine starts: the first attempts that it starts must know where the server is.
    const url = await listen(app, options);
    closing.unshift(() => engine.stop());
    closing.unshift(() => app.close());
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

/** Plain processes always; containers when an engine is asked for, answers, or runs attempts of ours. */
async function createDrivers(
  { driver, dataDir }: ServerOptions,
  store: OpenStore,
  logs: LogSink,
  notices: string[],
): Promise<Map<DriverName, Driver>> {
  const clock = systemClock;
  const onNotice = (notice: string): void => void notices.push(notice);
  const drivers = new Map<DriverName, Driver>();
  drivers.set("process", createProcessDriver({ directory: join(dataDir, "attempts"), clock, logs, onNotice }));
  const answers = await dockerAnswers();
  if (driver === "docker" && !answers) {
    notices.push("No container engine answers yet: jobs start when one does.");
  }
  if (driver === "auto" && !answers) {
    notices.push("No container engine answers: jobs run as plain processes of this machine, whatever image they name.");
  }
  if (driver === "docker" || answers || (await store.scheduling.hasAttemptsOn("docker"))) {
    // The engine's client takes long to load; a machine without an engine need not wait for it.
    const { createDockerDriver } = await import("./drivers/docker/driver.ts");
    const directory = join(dataDir, "docker");
    drivers.set("docker", createDockerDriver({ directory, clock, logs, clusterId: store.clusterId, onNotice }));
  }
  return drivers;
}

function describeDriver(driver: ServerOptions["driver"], hasDocker: boolean): string {
  if (driver === "docker") return "containers";
  if (driver === "process" || !hasDocker) return "plain processes";
  return "containers; plain processes where a job names no image";
}

async function listen(app: FastifyInstance, { host, port }: ServerOptions): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw new StartError(
        "PORT_IN_USE",
        `Port ${port} on ${host} is in use. Name another with --port, or 0 for any free one.`,
      );
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(
      "BAD_OPTION",
      `The server cannot listen on ${host} (${why}). Name another address with --host.`,
    );
  }
  const address = app.server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  const reachable = WILDCARDS[host] ?? host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${actual}`;
}

/** Who listens everywhere is reached, from this machine, on its loopback address. */
const WILDCARDS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

async function closeAll(closing: readonly (() => unknown)[]): Promise<void> {
  for (const close of closing) await close();
}

function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= task());
}
