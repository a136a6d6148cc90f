import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { TestContext } from "node:test";
import { removeDataDir } from "../support/leftovers.ts";
import { until } from "../support/until.ts";

export const ROOT = join(import.meta.dirname, "../..");
export const LAUNCHER = join(ROOT, "longshore");

export interface Ended {
  /** The exit code; undefined if a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** All that has come so far. */
  readonly stdout: string;
  readonly stderr: string;
  readonly ended: Promise<Ended>;
}

/** The command line in a world of its own: its home and its data directory are new, no AWS settings reach it. */
export class Cli {
  readonly home: string;
  readonly dataDir: string;

  constructor(owner: TestContext | { after(task: () => unknown): void }) {
    this.home = mkdtempSync(join(tmpdir(), "longshore-cli-"));
    this.dataDir = join(this.home, "data");
    owner.after(() => removeDataDir(this.home));
  }

  /** Runs `longshore` with these arguments to its end. */
  async run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** What it prints on stdout; it has to end well. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    assert.equal(code, 0, `longshore ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** The id of a job that it submits. */
  async submitted(name: string, ...args: string[]): Promise<string> {
    return (await this.ok("submit", name, "--quiet", ...args)).trim();
  }

  start(...args: string[]): Started {
    return this.startProgram(LAUNCHER, args);
  }

  startProgram(
    program: string,
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ): Started {
    const child = spawn(program, args, {
      cwd: options.cwd ?? this.home,
      env: { ...this.#environment(), ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    const ended = once(child, "close").then(([code]) => ({
      code: typeof code === "number" ? code : undefined,
      stdout,
      stderr,
    }));
    return {
      process: child,
      ended,
      get stdout() {
        return stdout;
      },
      get stderr() {
        return stderr;
      },
    };
  }

  /** Starts `longshore up` on the data directory and waits until it is ready. */
  async up(...args: string[]): Promise<Started> {
    const server = this.start("up", "--port", "0", "--driver", "process", "--json", ...args);
    await until("the server is ready", () => server.stdout.includes("\n") || server.process.exitCode !== null);
    if (server.process.exitCode !== null) throw new Error(`The server ended: ${(await server.ended).stderr}`);
    return server;
  }

  #environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS_|LONGSHORE_|NODE_|npm_)/.test(name));
    return { ...Object.fromEntries(inherited), HOME: this.home, LONGSHORE_DATA_DIR: this.dataDir };
  }
}
