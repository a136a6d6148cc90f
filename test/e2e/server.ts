import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { removeDataDir } from "../support/leftovers.ts";

/** Who runs the clean-up: a test, or node:test's own `after` for a whole file. */
export type Owner = { readonly after: (task: () => unknown) => void } | TestContext;

export interface ServerFlags {
  readonly driver?: "process" | "docker";
  readonly vcpus?: number;
  readonly memoryMiB?: number;
  /** Default: any free one. */
  readonly port?: number;
  /** Other flags of `longshore up`. */
  readonly more?: readonly string[];
}

/** A server in a process of its own. */
export interface ServerProcess {
  readonly dataDir: string;
  /** Changes with each start. */
  readonly url: string;
  readonly pid: number;
  /** All that it has said about errors. */
  readonly stderr: string;
  /** SIGKILL: the process gets no chance to finish anything. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. Resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Starts it again on the same data directory. `clockAheadMs`: as if that much time had passed. */
  start(clockAheadMs?: number): Promise<void>;
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
  const start = async (clockAheadMs = 0): Promise<void> => {
    running = await launch(dataDir, flags, clockAheadMs, (text) => (said += text));
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const child = running!.child;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  owner.after(async () => {
    if (running !== undefined) await end("SIGKILL");
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
    get stderr() {
      return said;
    },
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    start,
  };
}

/** Runs a server that is expected not to start, to its end. */
export async function failingServer(
  dataDir: string,
  flags: ServerFlags = {},
): Promise<{ readonly exitCode: number | null; readonly stderr: string }> {
  const child = spawnChild(dataDir, flags, 0);
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout!.once("data", () => child.kill("SIGKILL"));
  const deadline = setTimeout(() => child.kill("SIGKILL"), START_DEADLINE_MS);
  await once(child, "close");
  clearTimeout(deadline);
  return { exitCode: child.exitCode, stderr };
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function launch(
  dataDir: string,
  flags: ServerFlags,
  clockAheadMs: number,
  onError: (text: string) => void,
): Promise<Running> {
  const child = spawnChild(dataDir, flags, clockAheadMs);
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
  throw new Error(`The server did not start: ${stderr}`);
}

/** As users start it. */
function spawnChild(dataDir: string, flags: ServerFlags, clockAheadMs: number): ChildProcess {
  const { driver = "process", vcpus = 16, memoryMiB = 4096, port = 0, more = [] } = flags;
  const where = ["--port", String(port), "--data-dir", dataDir];
  const capacity = ["--vcpus", String(vcpus), "--memory-mib", String(memoryMiB)];
  const ahead = { NODE_OPTIONS: `--import=${CLOCK_AHEAD}`, TEST_CLOCK_AHEAD_MS: String(clockAheadMs) };
  return spawn(LONGSHORE, ["up", ...where, "--driver", driver, ...capacity, ...more, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(clockAheadMs > 0 && ahead) },
  });
}
