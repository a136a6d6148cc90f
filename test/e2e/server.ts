import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { findSocket } from "../../src/drivers/docker/engine/probe.ts";
import { CRASH_AT } from "../../src/ports/crash-points.ts";
import { clusterIdOf, removeCluster } from "../support/cluster-parts.ts";
import { testEngine } from "../support/docker-image.ts";
import { removeDataDir } from "../support/leftovers.ts";

/** Who runs the clean-up: a test, or node:test's own `after` for a whole file. */
export type Owner = { readonly after: (task: () => unknown) => void } | TestContext;

export interface ServerFlags {
  readonly driver?: "process" | "docker" | "kubernetes";
  readonly vcpus?: number;
  readonly memoryMiB?: number;
  /** Default: any free one. */
  readonly port?: number;
  /** Other flags of `longshore up`. */
  readonly more?: readonly string[];
  /** Variables of its own. */
  readonly variables?: Readonly<Record<string, string>>;
  /** A file that it sees, when that is there, in the place of the kernel's boot_id. */
  readonly boot?: string;
  /** The container engine that it uses, where that is not this machine's. */
  readonly engineSocket?: string;
  /** The launcher that starts it, where that is not this repository's. */
  readonly launcher?: string;
}

/** A server in a process of its own. */
export interface ServerProcess {
  readonly dataDir: string;
  /** Changes with each start. */
  readonly url: string;
  readonly pid: number;
  readonly isRunning: boolean;
  /** All that it has said about errors. */
  readonly stderr: string;
  /** SIGKILL: the process gets no chance to finish anything. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. Resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Resolves when the process is gone, with the signal that ended it. */
  gone(): Promise<NodeJS.Signals | null>;
  /**
   * Starts it again on the same data directory. `clockAheadMs`: as if that much time had passed. `crashAt`: where it is to die, see ports/crash-points.ts.
   * Rejects with ServerFailed when it ends before it is ready.
   */
  start(clockAheadMs?: number, crashAt?: string): Promise<void>;
}

const START_DEADLINE_MS = 30_000;
const LONGSHORE = join(import.meta.dirname, "..", "..", "longshore");
const CLOCK_AHEAD = pathToFileURL(join(import.meta.dirname, "clock-ahead.ts")).href;

export function newDataDir(): string {
  return mkdtempSync(join(tmpdir(), "longshore-e2e-"));
}

/** Starts a server on a fresh data directory and leaves nothing of it behind. */
export async function spawnServer(
  owner: Owner,
  flags: ServerFlags = {},
  dataDir = newDataDir(),
): Promise<ServerProcess> {
  let running: Running | undefined;
  let said = "";
  const start = async (clockAheadMs = 0, crashAt?: string): Promise<void> => {
    running = await launch(dataDir, flags, { clockAheadMs, crashAt }, (text) => (said += text));
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const child = running!.child;
    child.kill(signal);
    await untilGone(child);
    return child.exitCode;
  };
  owner.after(async () => {
    if (running !== undefined) await end("SIGKILL");
    if (flags.driver === "docker" && flags.engineSocket === undefined) await removeContainersOf(dataDir);
    removeDataDir(dataDir);
  });
  await start();
  return {
    dataDir,
    get url() {
      return running!.url;
    },
    get pid() {
      return running!.child.pid!;
    },
    get isRunning() {
      return running!.child.exitCode === null && running!.child.signalCode === null;
    },
    get stderr() {
      return said;
    },
    gone: () => untilGone(running!.child),
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    start,
  };
}

/** Runs a server that is expected not to start, to its end. */
export async function failingServer(
  dataDir: string,
  flags: ServerFlags = {},
  crashAt?: string,
): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  const child = spawnChild(dataDir, flags, { clockAheadMs: 0, crashAt });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout!.once("data", () => child.kill("SIGKILL"));
  const deadline = setTimeout(() => child.kill("SIGKILL"), START_DEADLINE_MS);
  await once(child, "close");
  clearTimeout(deadline);
  return { exitCode: child.exitCode, stderr };
}

/** Those that the server left where they are, as its jobs outlive it. Without an engine there are none. */
async function removeContainersOf(dataDir: string): Promise<void> {
  const clusterId = clusterIdOf(dataDir);
  if (clusterId === undefined || (await findSocket()) === undefined) return;
  await removeCluster(await testEngine(), clusterId);
}

export class ServerFailed extends Error {
  readonly signal: NodeJS.Signals | null;

  constructor(stderr: string, signal: NodeJS.Signals | null) {
    super(`The server did not start: ${stderr}`);
    this.signal = signal;
  }
}

async function untilGone(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.signalCode;
}

/** How it is started. */
interface Manner {
  readonly clockAheadMs: number;
  readonly crashAt?: string | undefined;
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function launch(
  dataDir: string,
  flags: ServerFlags,
  how: Manner,
  onError: (text: string) => void,
): Promise<Running> {
  const child = spawnChild(dataDir, flags, how);
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    onError(text);
  });
  const deadline = setTimeout(() => child.kill("SIGKILL"), START_DEADLINE_MS);
  // Its first line of output is the news that it is ready; the end of the output without one, that it failed.
  for await (const line of createInterface({ input: child.stdout! })) {
    clearTimeout(deadline);
    return { child, url: (JSON.parse(line) as { url: string }).url };
  }
  throw new ServerFailed(stderr, await untilGone(child));
}

/** As users start it. */
function spawnChild(dataDir: string, flags: ServerFlags, { clockAheadMs, crashAt }: Manner): ChildProcess {
  const {
    driver = "process",
    vcpus = 16,
    memoryMiB = 65_536,
    port = 0,
    more = [],
    variables,
    boot,
    engineSocket,
    launcher = LONGSHORE,
  } = flags;
  const where = ["--port", String(port), "--data-dir", dataDir];
  const capacity = ["--vcpus", String(vcpus), "--memory-mib", String(memoryMiB)];
  const ahead = { NODE_OPTIONS: `--import=${CLOCK_AHEAD}`, TEST_CLOCK_AHEAD_MS: String(clockAheadMs) };
  const [program = launcher, ...args] = boot === undefined ? [] : [...inBoot(boot), launcher];
  return spawn(program, [...args, "up", ...where, "--driver", driver, ...capacity, ...more, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...(engineSocket !== undefined && { DOCKER_HOST: `unix://${engineSocket}` }),
      ...variables,
      ...(clockAheadMs > 0 && ahead),
      ...(crashAt !== undefined && { [CRASH_AT]: crashAt }),
    },
  });
}

/** What comes before a program that is to see this file as the kernel's boot_id. */
function inBoot(file: string): string[] {
  const script = '[ ! -e "$0" ] || mount --bind "$0" /proc/sys/kernel/random/boot_id || exit; exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, file];
}
