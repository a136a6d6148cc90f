import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import path from "node:path";
import type { ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { FIRST_DESCRIPTOR, LEADER_SCRIPT } from "./script.ts";

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
  readonly kind: "task";
  readonly attemptId: string;
  readonly memoryMiB: number;
  /** What the journal is to say of its node, if it is on one. */
  readonly node?: string;
  /** Commands for bash; empty when it has none. They are written to no file. */
  readonly secrets: string;
  /** What the process that becomes the program does: see `attemptScript`. */
  readonly script: string;
}

export interface RunnerPool {
  /**
   * Gives the attempt to an idle runner or to a new one. Throws when the disk does not take its script.
   *
   * @param more how many others wait to be run: runners for some of them are started with this one's.
   */
  run(task: RunTask, listener: RunListener, more: number): void;
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
  /** What journals are to say of the machine's boot. */
  readonly bootId: string | undefined;
  /** Epoch ms. */
  readonly now: number;
}

/** Enough for bursts of short jobs; each idle runner costs about 2 MB. */
const IDLE_RUNNERS_MAX = 16;

/** The most that one leader has: they are started while the server waits. */
const RUNNERS_OF_A_LEADER_MAX = 8;

/** Scripts of dead servers' runners are removed; younger ones may still be about to be read. */
const SCRIPT_KEPT_MS = 60_000;
const SCRIPT_NAME = /^runner-.*\.run$/;

interface Runner {
  /** The file that it reads each attempt's script from: one for all, because making files is most of what a short job costs. */
  readonly script: ScriptFile;
  /** To the runner and from it. */
  readonly line: Socket;
  listener: RunListener | undefined;
  unread: string;
}

/**
 * Persistent shells that start programs for us. Spawning from Node costs 1.4 ms of the main thread for each process, and more on a busy machine; a line to
 * a shell costs almost nothing. Runners have a session of their own, so neither the server's end nor its terminal's ends them.
 */
export function createRunnerPool(settings: RunnerSettings): RunnerPool {
  const runners = new Set<Runner>();
  const idle: Runner[] = [];
  let closed = false;
  let spawned = 0;
  removeOldScripts(settings);

  function newScript(): ScriptFile {
    const name = `runner-${process.pid}-${settings.now}-${(spawned += 1)}.run`;
    return openScriptFile(path.join(settings.directory, name));
  }

  /** Starts so many under one leader, and returns one of them; the others are idle. */
  function startRunners(count: number): Runner {
    const scripts = Array.from({ length: count }, newScript);
    const [program, ...args] = [
      ...settings.batchPolicy,
      ...[
        settings.bash,
        "--noprofile",
        "--norc",
        "-c",
        LEADER_SCRIPT,
        "longshore-runner",
        settings.directory,
        settings.bootId ?? "",
      ],
      ...scripts.map((script) => script.path),
    ] as [string, ...string[]];
    const ownDescriptors = Array.from({ length: FIRST_DESCRIPTOR }, () => "ignore" as const);
    const leader = spawn(program, args, {
      detached: true,
      env: settings.environment,
      stdio: [...ownDescriptors, ...scripts.map(() => "pipe" as const)],
    });
    leader.unref();
    const lines = leader.stdio.slice(FIRST_DESCRIPTOR) as Socket[];
    const [first, ...others] = scripts.map((script, index) => startRunner(leader, script, lines[index]));
    idle.push(...others);
    return first!;
  }

  /** `line` is missing when the leader could not be started: its "error" follows. */
  function startRunner(leader: ChildProcess, script: ScriptFile, line = new Socket()): Runner {
    const runner: Runner = { script, line, listener: undefined, unread: "" };
    runners.add(runner);
    line.setEncoding("latin1");
    line.on("data", (text: string) => receive(runner, text));
    line.on("error", () => {}); // The runner is gone: "close" follows.
    line.on("close", () => discard(runner, undefined));
    leader.on("error", (error) => discard(runner, error));
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
    else runner.line.end();
  }

  function discard(runner: Runner, cause: Error | undefined): void {
    if (!runners.delete(runner)) return;
    runner.script.remove();
    const position = idle.indexOf(runner);
    if (position >= 0) idle.splice(position, 1);
    const listener = runner.listener;
    runner.listener = undefined;
    if (!closed) listener?.lost(cause);
  }

  return {
    run({ attemptId, memoryMiB, node = "", secrets, script }, listener, more) {
      const runner = idle.pop() ?? startRunners(1 + Math.min(more, RUNNERS_OF_A_LEADER_MAX - 1));
      try {
        runner.script.write(script);
      } catch (error) {
        release(runner);
        throw error;
      }
      runner.listener = listener;
      const [hasSecrets, commands] = secrets === "" ? ["no", ""] : ["yes", `${secrets}\0`];
      runner.line.write(`${attemptId} ${memoryMiB} ${hasSecrets} ${node}\n${commands}`);
    },
    close() {
      closed = true;
      for (const runner of runners) {
        runner.line.destroySoon();
        if (idle.includes(runner)) runner.script.remove();
        else runner.script.close();
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
