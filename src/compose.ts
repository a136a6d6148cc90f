import { accessSync, constants, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { batchHandlers } from "./api/batch/handlers.ts";
import { createLogsHandlers } from "./api/logs/handlers.ts";
import { createServer } from "./api/server.ts";
import type { DriverName } from "./core/driver-name.ts";
import type { Capacity } from "./core/resources.ts";
import { dockerAnswers } from "./drivers/docker/probe.ts";
import { createProcessDriver } from "./drivers/process/driver.ts";
import { Engine } from "./engine/engine.ts";
import { createLogFiles } from "./logs/files.ts";
import type { Clock } from "./ports/clock.ts";
import type { Driver } from "./ports/driver.ts";
import type { LogSink } from "./ports/logs.ts";
import { DatabaseInUse, SqliteDatabase } from "./store/sqlite.ts";
import type { OpenStore } from "./store/store.ts";
import { openStore } from "./store/store.ts";

/** The composition root: the only file that knows every implementation. */

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly dataDir: string;
  readonly driver: "auto" | "process" | "docker";
  /** What the machine is taken to have; by default what it has. */
  readonly vcpus?: number;
  readonly memoryMiB?: number;
  readonly logLevel?: string;
}

export interface RunningServer {
  readonly url: string;
  /** What the user should know: one sentence each. */
  readonly notices: readonly string[];
  readonly capacity: { readonly vcpus: number; readonly memoryMiB: number };
  /** For people: what becomes of a job. */
  readonly runsJobsAs: string;
  /** Finishes what was accepted and stops. Jobs that run go on. */
  close(): Promise<void>;
}

export type StartErrorCode = "DATA_DIR_IN_USE" | "DATA_DIR_UNWRITABLE" | "PORT_IN_USE" | "BAD_OPTION";

/** The server cannot start; the message says why and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly code: StartErrorCode;
  /** Of the server that has the data directory. */
  readonly url: string | undefined;
  readonly pid: number | undefined;

  constructor(code: StartErrorCode, message: string, other: { url?: string; pid?: number } = {}) {
    super(message);
    this.code = code;
    this.url = other.url;
    this.pid = other.pid;
  }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The account of all resources: the conventional one of examples and emulators. */
const ACCOUNT = "123456789012";
const CHECK_EVERY_TICKS = 1_000;
const TICK_INTERVAL_MS = 4;

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const capacity = validated(options);
  prepareDataDirectory(options.dataDir);
  const database = openDatabase(options.dataDir);
  const closing: (() => unknown)[] = [() => database.close()];
  try {
    const logger = pino({ level: options.logLevel ?? "warn" }, pino.destination(2));
    const onError = (what: string, error: unknown): void => logger.error({ err: error }, what);
    const defaultDriver = options.driver;
    const store = await openStore(database, systemClock.now(), { defaultDriver });
    const logs = createLogFiles({ directory: join(options.dataDir, "logs"), clock: systemClock });
    closing.unshift(() => logs.close());
    const notices: string[] = [];
    const drivers = await createDrivers(options, store, logs, notices);
    const engine = new Engine({
      store: store.scheduling,
      drivers,
      clock: systemClock,
      capacity,
      checkEveryTicks: CHECK_EVERY_TICKS,
      tickIntervalMs: TICK_INTERVAL_MS,
      onError,
    });
    closing.unshift(() => engine.stop());
    await engine.start();
    const defaultRegion = process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"] ?? "us-east-1";
    const batch = batchHandlers({ store, scheduler: engine, clock: systemClock, version: VERSION });
    await batch.DescribeJobQueues!({}, { requestId: "start", account: ACCOUNT, region: defaultRegion });
    const app = createServer({
      batch,
      logs: createLogsHandlers({ streams: store.logStreams, logs, clock: systemClock }),
      health: () => Promise.resolve({ ready: true }),
      account: ACCOUNT,
      defaultRegion,
      version: VERSION,
      logger,
    });
    const url = await listen(app, options);
    closing.unshift(() => app.close());
    const descriptor = join(options.dataDir, "server.json");
    const startedAt = systemClock.now();
    writeFileSync(descriptor, JSON.stringify({ pid: process.pid, url, startedAt, version: VERSION }));
    closing.unshift(() => rmSync(descriptor, { force: true }));
    return {
      url,
      notices,
      capacity: {
        vcpus: capacity.vcpuMilli / 1000,
        memoryMiB: capacity.memoryMiB,
      },
      runsJobsAs: describeDriver(options.driver, drivers.has("docker")),
      close: once(() => closeAll(closing)),
    };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

export const VERSION = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;

function validated({ host, port, vcpus, memoryMiB }: ServerOptions): Capacity {
  if (!isLoopback(host)) {
    const message = `Longshore ${VERSION} listens on this machine only (127.0.0.1, ::1 or localhost), not on ${host}: anybody who reaches it can run commands here. Use an SSH tunnel for access from elsewhere.`;
    throw new StartError("BAD_OPTION", message);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StartError("BAD_OPTION", `The port must be a whole number from 0 to 65535, not ${port}.`);
  }
  for (const [name, value] of [
    ["vcpus", vcpus],
    ["memory-mib", memoryMiB],
  ] as const) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1 || value > 1_000_000_000)) {
      throw new StartError("BAD_OPTION", `--${name} must be a whole number of at least 1, not ${value}.`);
    }
  }
  return {
    vcpuMilli: (vcpus ?? availableParallelism()) * 1000,
    memoryMiB: memoryMiB ?? Math.floor(totalmem() / 2 ** 20),
  };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function prepareDataDirectory(dataDir: string): void {
  try {
    makeDirectory(resolve(dataDir));
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `The data directory ${dataDir} cannot be written (${why}). Make it writable, or name another one with --data-dir.`;
    throw new StartError("DATA_DIR_UNWRITABLE", message);
  }
}

/** Step by step: where the kernel answers ENOENT although the parent is there (under /proc, say), Node's own recursive mkdir never returns. */
function makeDirectory(directory: string): void {
  if (isDirectory(directory)) return;
  if (dirname(directory) !== directory) makeDirectory(dirname(directory));
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if (!isDirectory(directory)) throw error; // else another process was faster
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function openDatabase(dataDir: string): SqliteDatabase {
  try {
    return new SqliteDatabase(join(dataDir, "longshore.db"));
  } catch (error) {
    if (error instanceof DatabaseInUse) throw inUse(dataDir);
    const why = error instanceof Error ? error.message : String(error);
    const message = `The database in ${dataDir} cannot be opened (${why}). Check the disk and the permissions, or name another directory with --data-dir.`;
    throw new StartError("DATA_DIR_UNWRITABLE", message);
  }
}

function inUse(dataDir: string): StartError {
  const other = readDescriptor(dataDir);
  const who = other === undefined ? "" : ` (process ${other.pid}, ${other.url})`;
  const message = `Another Longshore server${who} uses the data directory ${dataDir}. Use that one, stop it, or name another directory with --data-dir.`;
  return new StartError("DATA_DIR_IN_USE", message, other);
}

function readDescriptor(dataDir: string): { pid: number; url: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { pid: number; url: string };
  } catch {
    return undefined; // that server is just starting
  }
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
    throw error;
  }
  const address = app.server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}

async function closeAll(closing: readonly (() => unknown)[]): Promise<void> {
  for (const close of closing) await close();
}

function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= task());
}
