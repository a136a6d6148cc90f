import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { ContainerLog } from "./container-log.ts";
import type { ContainerRun, Exit } from "./container-run.ts";
import { StartError } from "./container-run.ts";
import { processTree, residentBytes } from "./process-tree.ts";

export interface ProcessRequest {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  readonly memoryBytes: number | undefined;
}

/** How long the last output of an ended container may take to arrive: a process that left its group may hold the pipe. */
const LAST_OUTPUT_MS = 2000;
const LOOK_AT_MEMORY_EVERY_MS = 25;
const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/**
 * A container as processes of this machine, in a process group of their own. Simplified: no namespaces, so it sees this machine's files and processes, volumes
 * are not mounted, and its first process, which is not process 1, dies of signals that it does not handle.
 */
export async function startProcess(request: ProcessRequest): Promise<ContainerRun & { readonly pid: number }> {
  const [program, ...args] = request.argv;
  const file = findProgram(program ?? "", request.environment["PATH"] ?? "");
  const child = spawn(file, args, {
    argv0: program!,
    cwd: request.directory,
    env: request.environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) =>
      reject(new StartError(runtimeText(`exec: ${JSON.stringify(program)}: ${error.message}`))),
    );
  });
  return new ProcessRun(child, request.memoryBytes);
}

function runtimeText(cause: string): string {
  return (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: " +
    `error during container init: ${cause}`
  );
}

function findProgram(program: string, searchPath: string): string {
  const quoted = JSON.stringify(program);
  if (program.includes("/")) {
    const stat = statSync(program, { throwIfNoEntry: false });
    if (stat === undefined)
      throw new StartError(runtimeText(`exec: ${quoted}: stat ${program}: no such file or directory`));
    if (stat.isDirectory()) throw new StartError(runtimeText(`exec: ${quoted}: is a directory`));
    if (!isExecutable(program)) throw new StartError(runtimeText(`exec: ${quoted}: permission denied`));
    return program;
  }
  const found = searchPath
    .split(":")
    .map((directory) => path.join(directory, program))
    .find(isExecutable);
  if (program === "" || found === undefined)
    throw new StartError(runtimeText(`exec: ${quoted}: executable file not found in $PATH`));
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The groups that run, for a test that ends before it has disposed of its double. */
const groups = new Set<number>();
process.once("exit", () => {
  for (const pid of groups) send(-pid, "SIGKILL");
});

class ProcessRun implements ContainerRun {
  readonly log = new ContainerLog();
  readonly exited: Promise<Exit>;
  readonly pid: number;
  #oom = false;
  #isOver = false;

  constructor(child: ChildProcess, memoryBytes: number | undefined) {
    this.pid = child.pid!;
    groups.add(this.pid);
    const timer =
      memoryBytes === undefined ? undefined : setInterval(() => this.#look(memoryBytes), LOOK_AT_MEMORY_EVERY_MS);
    for (const output of [child.stdout!, child.stderr!]) {
      const stream = this.log.stream();
      output.on("data", (chunk: Buffer) => stream.write(chunk));
      output.once("close", () => stream.end());
    }
    this.exited = new Promise((resolve) => {
      let lastOutput: NodeJS.Timeout | undefined;
      child.once("exit", () => {
        clearInterval(timer);
        this.#killGroup();
        groups.delete(this.pid);
        this.#isOver = true;
        lastOutput = setTimeout(() => {
          child.stdout!.destroy();
          child.stderr!.destroy();
        }, LAST_OUTPUT_MS);
      });
      child.once("close", (code, signal) => {
        clearTimeout(lastOutput);
        this.log.complete();
        resolve({ exitCode: code ?? 128 + (SIGNALS[signal ?? "SIGKILL"] ?? 9), oom: this.#oom });
      });
    });
  }

  signal(name: "SIGTERM" | "SIGKILL"): void {
    if (this.#isOver) return;
    if (name === "SIGTERM") send(this.pid, name);
    else this.#killAll();
  }

  /** With its children, also those that made a group of their own. */
  #killAll(): void {
    for (const pid of processTree(this.pid)) send(pid, "SIGKILL");
    this.#killGroup();
  }

  #killGroup(): void {
    send(-this.pid, "SIGKILL");
  }

  #look(memoryBytes: number): void {
    const held = processTree(this.pid).reduce((sum, pid) => sum + residentBytes(pid), 0);
    if (held <= memoryBytes || this.#isOver) return;
    this.#oom = true;
    this.#killAll();
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is over.
  }
}
