import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import path from "node:path";
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

/** An attempt to run; its working directory is prepared. */
export interface RunTask {
  readonly attemptId: string;
  readonly memoryMiB: number;
  /** What the process that becomes the program does: see `attemptScript`. */
  readonly script: string;
}

export interface RunnerPool {
  /** Gives the attempt to an idle runner or to a new one. Throws when the disk does not take its script. */
  run(task: RunTask, listener: RunListener): void;
  /** Lets go of all runners. Each ends by itself after its attempt. Nobody is told anything afterwards. */
  close(): void;
}

export interface RunnerSettings {
  /** Absolute path of bash. */
  readonly bash: string;
  /** See Machine. */
  readonly batchPolicy: readonly string[];
  /** The directory of all attempts. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly now: number;
}

/** Enough for bursts of short jobs; each idle runner costs about 2 MB. */
const IDLE_RUNNERS_MAX = 16;

/** Scripts of dead servers' runners are removed; younger ones may still be about to be read. */
const SCRIPT_KEPT_MS = 60_000;
const SCRIPT_NAME = /^runner-.*\.run$/;

interface Runner {
  /** The file that it reads each attempt's script from: one for all, because making files is most of what a short job costs. */
  readonly script: ScriptFile;
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
  let spawned = 0;
  removeOldScripts(settings);

  function spawnRunner(): Runner {
    const script = openScriptFile(
      path.join(settings.directory, `runner-${process.pid}-${settings.now}-${(spawned += 1)}.run`),
    );
    const [program, ...args] = [
      ...settings.batchPolicy,
      ...[settings.bash, "--noprofile", "--norc", "-c", RUNNER_SCRIPT, "longshore-runner"],
      ...[settings.directory, script.path],
    ] as [string, ...string[]];
    const child = spawn(program, args, {
      detached: true,
      env: settings.environment,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const runner: Runner = { script, process: child, listener: undefined, unread: "" };
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
    runner.script.remove();
    const position = idle.indexOf(runner);
    if (position >= 0) idle.splice(position, 1);
    const listener = runner.listener;
    runner.listener = undefined;
    if (!closed) listener?.lost(cause);
  }

  return {
    run({ attemptId, memoryMiB, script }, listener) {
      const runner = idle.pop() ?? spawnRunner();
      try {
        runner.script.write(script);
      } catch (error) {
        release(runner);
        throw error;
      }
      runner.listener = listener;
      runner.process.stdin.write(`${attemptId} ${memoryMiB}\n`);
    },
    close() {
      closed = true;
      for (const { process, script } of runners) {
        process.stdin.end();
        process.stdout.destroy();
        process.unref();
        script.close();
      }
      runners.clear();
      idle.length = 0;
    },
  };
}

interface ScriptFile {
  readonly path: string;
  write(script: string): void;
  remove(): void;
  /** Leaves it to the runner, which may be about to read it. */
  close(): void;
}

/** Overwritten in place and padded with empty lines: a file that is cut short before each write makes some file systems flush it each time. */
function openScriptFile(file: string): ScriptFile {
  const descriptor = openSync(file, "w", 0o600);
  let longest = 0;
  let isOpen = true;
  function close(): void {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  }
  return {
    path: file,
    write(script) {
      const bytes = Buffer.from(script);
      longest = Math.max(longest, bytes.length);
      const padded = Buffer.alloc(longest, "\n");
      bytes.copy(padded);
      if (writeSync(descriptor, padded, 0, longest, 0) < longest) throw diskFull();
    },
    remove() {
      close();
      rmSync(file, { force: true });
    },
    close,
  };
}

function diskFull(): Error {
  return Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
}

function removeOldScripts({ directory, now }: RunnerSettings): void {
  for (const name of readdirSync(directory)) {
    const file = path.join(directory, name);
    if (!SCRIPT_NAME.test(name)) continue;
    const modifiedAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (modifiedAt < now - SCRIPT_KEPT_MS) rmSync(file, { force: true });
  }
}
