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
/** Enough for as many jobs. */
const MEMORY_MIB = 4096;

/** Runs `task` with a server on `dataDir`, which goes on from what is there, and stops it. */
export async function withServer<T>(
  bench: Bench,
  dataDir: string,
  task: (server: BenchServer) => Promise<T>,
): Promise<T> {
  const server = await startServerProcess(bench, dataDir);
  const calls = await BatchCalls.open(server.url);
  try {
    return await task({ ...server, calls });
  } finally {
    calls.close();
    await server.stop();
  }
}

/** `longshore up` with the process driver, on any free port. */
export function startServerProcess(
  bench: Bench,
  dataDir: string,
  environment: Record<string, string> = {},
): Promise<ChildServer> {
  mkdirSync(dataDir, { recursive: true });
  const flags = ["--port", "0", "--data-dir", dataDir, "--driver", "process"];
  const size = ["--vcpus", String(VCPUS), "--memory-mib", String(MEMORY_MIB)];
  const profile = bench.profileDirectory;
  const nodeOptions = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  return startChild(MAIN, ["up", "--json", ...flags, ...size], { nodeOptions, environment });
}
