import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { RUNNER_SCRIPT } from "./script.ts";

/** What becomes of one attempt that a runner was given: `taken`, or `started` and `exited`, or at any point `lost`. */
export interface RunListener {
  /** Somebody else has claimed the attempt: this runner did nothing. */
  taken(): void;
  started(pid: number): void;
  exited(exitCode: number): void;
  /** The runner is gone, or there never was one; the attempt may run or not. `cause` says why there was none. */
  lost(cause: Error | undefined): void;
}

export interface RunnerPool {
  /** Gives the attempt, whose directory is prepared, to an idle runner or to a new one. */
  run(attemptId: string, listener: RunListener): void;
  /** Lets go of all runners. Each ends by itself after its attempt. Nobody is told anything afterwards. */
  close(): void;
}

export interface RunnerSettings {
  /** Absolute path of bash. */
  readonly bash: string;
  /** The directory of all attempts. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Enough for bursts of short jobs; each idle runner costs about 2 MB. */
const IDLE_RUNNERS_MAX = 16;

interface Runner {
  readonly process: ChildProcessByStdio<Writable, Readable, null>;
  listener: RunListener | undefined;
  unread: string;
}

/**
 * Persistent shells that start programs for us. Spawning from Node costs 1.4 ms of the main thread for each process; a line to
 * a shell costs almost nothing. Runners have a session of their own, so neither the server's end nor its terminal's ends them.
 */
export function createRunnerPool(settings: RunnerSettings): RunnerPool {
  const runners = new Set<Runner>();
  const idle: Runner[] = [];
  let closed = false;

  function spawnRunner(): Runner {
    const child = spawn(
      settings.bash,
      ["--noprofile", "--norc", "-c", RUNNER_SCRIPT, "longshore-runner", settings.directory],
      {
        detached: true,
        env: settings.environment,
        stdio: ["pipe", "pipe", "ignore"],
      },
    );
    const runner: Runner = { process: child, listener: undefined, unread: "" };
    runners.add(runner);
    child.stdout.setEncoding("latin1");
    child.stdout.on("data", (text: string) => receive(runner, text));
    child.stdin.on("error", () => {}); // The runner is gone: "close" follows.
    child.on("error", (error) => discard(runner, error));
    child.on("close", () => discard(runner, undefined));
    return runner;
  }

  function receive(runner: Runner, text: string): void {
    if (closed) return;
    const lines = (runner.unread + text).split("\n");
    runner.unread = lines.pop() ?? "";
    for (const line of lines) answer(runner, line);
  }

  function answer(runner: Runner, line: string): void {
    const [word, number] = line.split(" ");
    const listener = runner.listener;
    if (word === "started") return listener?.started(Number(number));
    runner.listener = undefined;
    release(runner);
    if (word === "taken") listener?.taken();
    else listener?.exited(Number(number));
  }

  function release(runner: Runner): void {
    if (idle.length < IDLE_RUNNERS_MAX) idle.push(runner);
    else runner.process.stdin.end();
  }

  function discard(runner: Runner, cause: Error | undefined): void {
    runners.delete(runner);
    const position = idle.indexOf(runner);
    if (position >= 0) idle.splice(position, 1);
    const listener = runner.listener;
    runner.listener = undefined;
    if (!closed) listener?.lost(cause);
  }

  return {
    run(attemptId, listener) {
      const runner = idle.pop() ?? spawnRunner();
      runner.listener = listener;
      runner.process.stdin.write(`${attemptId}\n`);
    },
    close() {
      closed = true;
      for (const { process } of runners) {
        process.stdin.end();
        process.stdout.destroy();
        process.unref();
      }
      runners.clear();
      idle.length = 0;
    },
  };
}
