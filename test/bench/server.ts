import { mkdirSync } from "node:fs";
import type { ServerOptions } from "../../src/compose.ts";
import type { Bench } from "./bench.ts";
import { BatchCalls } from "./batch-calls.ts";
import type { ChildServer } from "./child.ts";
import { startChild } from "./child.ts";

export interface BenchServer extends ChildServer {
  readonly calls: BatchCalls;
}

/** Runs `task` with a server on `dataDir`, which goes on from what is there, and stops it. */
export async function withServer<T>(
  bench: Bench,
  dataDir: string,
  task: (server: BenchServer) => Promise<T>,
  options: Partial<ServerOptions> = {},
): Promise<T> {
  const server = await startServerProcess(bench, dataDir, options);
  const calls = await BatchCalls.open(server.url);
  try {
    return await task({ ...server, calls });
  } finally {
    calls.close();
    await server.stop();
  }
}

/** The server with the process driver, on any port, with 8 vCPUs and memory for as many jobs. */
export function startServerProcess(
  bench: Bench,
  dataDir: string,
  options: Partial<ServerOptions> = {},
  environment: Record<string, string> = {},
): Promise<ChildServer> {
  mkdirSync(dataDir, { recursive: true });
  const all: ServerOptions = {
    host: "127.0.0.1",
    port: 0,
    dataDir,
    driver: "process",
    vcpus: 8,
    memoryMiB: 4096,
    ...options,
  };
  const profile = bench.profileDirectory;
  const nodeOptions = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  return startChild("serve.ts", [JSON.stringify(all)], { nodeOptions, environment });
}
