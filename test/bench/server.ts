import { mkdirSync } from "node:fs";
import type { Bench } from "./bench.ts";
import { BatchCalls } from "./batch-calls.ts";
import type { ChildServer } from "./child.ts";
import { startChild } from "./child.ts";

export interface BenchServer extends ChildServer {
  readonly calls: BatchCalls;
}

const MAIN = new URL("../../src/cli/main.ts", import.meta.url);

/** How many jobs run at a time in figure 2. */
export const VCPUS = 8;
/** What the server takes the machine to have. */
export interface MachineSize {
  readonly vcpus: number;
  readonly memoryMiB: number;
}

export interface ServerChoice extends MachineSize {
  /** Other flags. */
  readonly more?: readonly string[];
  readonly driver: "process" | "docker" | "kubernetes";
  readonly nodeOptions?: readonly string[];
}

/** Memory for far more jobs than vCPUs allow. */
const SIZE: MachineSize = { vcpus: VCPUS, memoryMiB: 4096 };

/** Runs `task` with a server on `dataDir`, which goes on from what is there, and stops it. */
export async function withServer<T>(
  bench: Bench,
  dataDir: string,
  task: (server: BenchServer) => Promise<T>,
  options: Partial<ServerChoice> = {},
): Promise<T> {
  const server = await startServerProcess(bench, dataDir, {}, options);
  const calls = await BatchCalls.open(server.url);
  try {
    return await task({ ...server, calls });
  } finally {
    calls.close();
    await server.stop();
  }
}

/** `longshore up` on any free port, with the process driver unless told otherwise. */
export function startServerProcess(
  bench: Bench,
  dataDir: string,
  environment: Record<string, string> = {},
  options: Partial<ServerChoice> = {},
): Promise<ChildServer> {
  const { vcpus, memoryMiB, driver, more = [], nodeOptions = [] } = { ...SIZE, driver: "process", ...options };
  mkdirSync(dataDir, { recursive: true });
  const flags = ["--port", "0", "--data-dir", dataDir, "--driver", driver];
  const size = ["--vcpus", String(vcpus), "--memory-mib", String(memoryMiB)];
  const profile = bench.profileDirectory;
  const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  return startChild(MAIN, ["up", "--json", ...flags, ...size, ...more], {
    nodeOptions: [...profiling, ...nodeOptions],
    environment,
  });
}
