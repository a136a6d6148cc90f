import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export interface ChildServer {
  readonly url: string;
  readonly pid: number;
  /** From the spawn to the line that says it is ready. */
  readonly readyMs: number;
  /** Ends it with SIGTERM and waits; rejects when it ended otherwise than with 0. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Starts a script that prints one line of JSON with its `url` when it is ready. */
export async function startChild(
  script: URL,
  args: readonly string[],
  options: { nodeOptions?: readonly string[]; environment?: Record<string, string> } = {},
): Promise<ChildServer> {
  const file = fileURLToPath(script);
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", ...(options.nodeOptions ?? []), file, ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...options.environment } },
  );
  running.add(child);
  const said = keepTail(child.stderr);
  const exited = once(child, "exit").finally(() => running.delete(child)) as Promise<[number | null, string | null]>;
  const url = await readyUrl(child, exited, () => `${file} ended before it was ready.\n${said()}`);
  return {
    url,
    pid: child.pid!,
    readyMs: performance.now() - startedAt,
    async stop() {
      child.kill("SIGTERM");
      const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      const [code, signal] = await exited;
      clearTimeout(deadline);
      if (code !== 0) throw new Error(`${file} ended with ${code ?? signal} instead of 0.\n${said()}`);
    },
  };
}

const TAIL_CHARACTERS = 2_000;

/** What a child says last on stderr, for when it ends badly. */
function keepTail(stderr: Readable): () => string {
  let tail = "";
  stderr.setEncoding("utf8");
  stderr.on("data", (text: string) => {
    tail = (tail + text).slice(-TAIL_CHARACTERS);
  });
  return () => tail;
}

async function readyUrl(child: ChildProcess, exited: Promise<unknown>, why: () => string): Promise<string> {
  const deadline = setTimeout(() => child.kill("SIGKILL"), READY_TIMEOUT_MS);
  try {
    const line = once(createInterface(child.stdout!), "line") as Promise<[string]>;
    const ended = exited.then(() => Promise.reject(new Error(why())));
    const [text] = await Promise.race([line, ended]);
    return (JSON.parse(text) as { url: string }).url;
  } finally {
    clearTimeout(deadline);
  }
}
