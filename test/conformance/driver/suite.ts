import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { UsedSoFar } from "../../../src/core/usage.ts";
import { OUT_OF_MEMORY } from "../../../src/ports/driver.ts";
import type { AttemptSpec, Driver } from "../../../src/ports/driver.ts";
import { openSession, until } from "./events.ts";
import type { Session } from "./events.ts";

/** What one kind of driver brings to the suite. Made anew for every case, so that cases do not see each other. */
export interface DriverHarness {
  /** A new driver over the harness's state: what one of them started, the next one finds. The suite opens and closes it. */
  createDriver(): Driver;
  /** Everything that the attempt has written so far, stdout and stderr, as UTF-8. */
  readLog(attemptId: string): Promise<string>;
  /** Container properties that run this argv; where the driver needs an image, one that has a POSIX `sh`, `sleep`, `tail` and `env`. */
  command(argv: readonly string[]): ContainerProperties;
  /** Removes everything that the drivers made: processes, containers, directories. */
  dispose(): Promise<void>;
}

/** The cases of the suite, by name: a harness that cannot pass one says why. */
export type DriverCase = keyof typeof cases;

export interface DriverConformance {
  /** The driver's name in test reports. */
  readonly name: string;
  readonly makeHarness: () => Promise<DriverHarness>;
  /** Cases that do not apply to this driver, each with the reason. They are no tests of it. */
  readonly inapplicable?: Partial<Record<DriverCase, string>>;
  /** Why this driver cannot run on this machine at all (its engine does not answer): every case is skipped for this reason. */
  readonly unavailable?: string | undefined;
}

/** Registers the tests that every driver must pass. */
export function driverConformance(conformance: DriverConformance): void {
  describe(`driver conformance: ${conformance.name}`, () => {
    const inapplicable = new Set(Object.keys(conformance.inapplicable ?? {}));
    const skip = conformance.unavailable ?? false;
    for (const [name, run] of Object.entries(cases)) {
      if (inapplicable.has(name)) continue;
      test(name, { skip }, () => withBench(conformance.makeHarness, run));
    }
  });
}

/** A harness at work: sessions that are closed whatever happens, and attempts in one line. */
interface Bench extends Pick<DriverHarness, "readLog" | "command"> {
  open(): Promise<Session>;
  /** Container properties that run a POSIX sh script. */
  sh(script: string): ContainerProperties;
}

async function withBench(
  makeHarness: () => Promise<DriverHarness>,
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const harness = await makeHarness();
  const sessions: Session[] = [];
  try {
    await run({
      readLog: (id) => harness.readLog(id),
      command: (argv) => harness.command(argv),
      sh: (script) => harness.command(["sh", "-c", script]),
      async open() {
        const session = await openSession(harness.createDriver());
        sessions.push(session);
        await session.inventory();
        return session;
      },
    });
  } finally {
    for (const session of sessions) await session.close();
    await harness.dispose();
  }
}

/** An attempt with an id of its own. */
export function attempt(container: ContainerProperties, more: Partial<AttemptSpec> = {}): AttemptSpec {
  return {
    attemptId: randomBytes(16).toString("hex"),
    jobId: randomBytes(16).toString("hex"),
    container,
    environment: {},
    vcpuMilli: 250,
    memoryMiB: 128,
    ...more,
  };
}

/** Waits for signals. A driver may signal the whole process group: then a shell tells on stderr that its `sleep` was terminated. */
const WAIT = "while :; do sleep 0.1; done 2>/dev/null";

function lines(log: string): string[] {
  return log.split("\n").filter((line) => line !== "");
}

/** Keeps a processor busy and holds 50 MiB, until it is told to end. */
export const BUSY = "while :; do :; done & head -c 52428800 /dev/zero | tail -c 52428800 | sleep 60";

/** Waits until the driver says that the attempt, a BUSY one, uses what it does. */
export async function untilSeenBusy({ driver }: Session, attemptId: string): Promise<void> {
  let used: UsedSoFar | undefined;
  await until("it is seen to be busy", async () => {
    const before = used;
    used = (await driver.usedSoFar!([attemptId, "f".repeat(32)])).get(attemptId);
    return before !== undefined && used !== undefined && used.cpuMs > 100 && used.memoryMiB >= 50;
  });
  assert.ok(used!.memoryMiB < 80, `${used!.memoryMiB} MiB`);
}

const cases = {
  async "tells what an attempt uses while it runs"(bench: Bench) {
    const session = await bench.open();
    const { driver } = session;
    const spec = attempt(bench.sh(BUSY));
    assert.deepEqual(await driver.usedSoFar!([spec.attemptId]), new Map());
    await driver.start(spec);
    await untilSeenBusy(session, spec.attemptId);
    const next = await bench.open();
    await next.started(spec.attemptId);
    await untilSeenBusy(next, spec.attemptId);
    await driver.stop(spec.attemptId, Date.now());
    await session.exited(spec.attemptId);
    assert.deepEqual(await driver.usedSoFar!([spec.attemptId]), new Map());
  },
  async "reports the start and the exit code 0"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("exit 0"));
    const before = Date.now();
    await session.driver.start(spec);
    const exited = await session.exited(spec.attemptId);
    const started = await session.started(spec.attemptId);
    assert.equal(exited.exitCode, 0);
    assert.equal(exited.reason, undefined);
    assert.equal(exited.startedAt, started.at);
    assert.ok(started.at >= before - 1000 && started.at <= exited.at && exited.at <= Date.now() + 1000);
    assert.ok(session.events.indexOf(started) < session.events.indexOf(exited));
  },

  async "tells where other attempts reach it while it runs, also after close and open"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("sleep 2"));
    await session.driver.start(spec);
    const { address } = await session.started(spec.attemptId);
    assert.match(address ?? "", /^\d{1,3}(\.\d{1,3}){3}$/);
    await session.close();
    const next = await bench.open();
    assert.equal((await next.started(spec.attemptId)).address, address);
    await next.exited(spec.attemptId);
  },

  async "reports the program's own exit codes"(bench: Bench) {
    const session = await bench.open();
    const codes = [1, 2, 125, 126, 127, 137, 255];
    const specs = codes.map((code) => attempt(bench.sh(`exit ${code}`)));
    await Promise.all(specs.map((spec) => session.driver.start(spec)));
    for (const [index, spec] of specs.entries()) {
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.exitCode, exited.reason], [codes[index], undefined]);
      assert.ok(exited.startedAt !== undefined);
    }
  },

  async "reports death by signal n as 128 + n"(bench: Bench) {
    const session = await bench.open();
    // A child dies: where the program itself is process 1 of a container, the kernel spares it from signals it does not handle.
    const spec = attempt(bench.sh("sh -c 'kill -USR1 $$'; exit $?"));
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 128 + 10);
  },

  async "gives the attempt's environment unharmed"(bench: Bench) {
    const session = await bench.open();
    const environment = {
      PLAIN: "one two  three",
      QUOTES: `'single' "double" \`back\` $HOME \\n`,
      UNICODE: "héllo 😀",
      NEWLINES: "first\nsecond",
      EMPTY: "",
      "dotted.name-with:colons": "kept",
      UID: "4711",
      RANDOM: "not random",
    };
    const spec = attempt(bench.command(["env"]), { environment });
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 0);
    const log = await bench.readLog(spec.attemptId);
    for (const [name, value] of Object.entries(environment)) {
      assert.ok(`\n${log}`.includes(`\n${name}=${value}\n`), `${name} in ${log}`);
    }
  },

  async "gives the arguments unharmed"(bench: Bench) {
    const session = await bench.open();
    const words = ["a b", "it's", '"q"', "$HOME", "`x`", "\\", "*", "", "😀", "-n", "two\nlines", "tab\there"];
    const spec = attempt(
      bench.command(["sh", "-c", `for a in "$@"; do printf '<%s>' "$a"; done; echo`, "sh", ...words]),
    );
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 0);
    assert.equal((await bench.readLog(spec.attemptId)).trimEnd(), words.map((word) => `<${word}>`).join(""));
  },

  async "runs an entrypoint with the command as its arguments"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.command(["a b", "c"]), { entrypoint: ["sh", "-c", 'echo "$0|$1"'] });
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 0);
    assert.deepEqual(lines(await bench.readLog(spec.attemptId)), ["a b|c"]);
  },

  async "gives an empty standard input"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("cat; echo end"));
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 0);
    assert.deepEqual(lines(await bench.readLog(spec.attemptId)), ["end"]);
  },

  async "keeps stdout and stderr in one log, and nothing else"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("echo out; echo err >&2; printf 'no end of line'"));
    await session.driver.start(spec);
    await session.exited(spec.attemptId);
    assert.deepEqual(lines(await bench.readLog(spec.attemptId)).sort(), ["err", "no end of line", "out"]);
  },

  async "has the whole log of many lines when the exit is reported"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done"));
    await session.driver.start(spec);
    await session.exited(spec.attemptId);
    const log = lines(await bench.readLog(spec.attemptId));
    assert.equal(log.length, 5000);
    assert.equal(log[4999], "line 4999");
  },

  async "says which command was not found, without a start"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.command(["no-such-program", "x"]));
    await session.driver.start(spec);
    const exited = await session.exited(spec.attemptId);
    assert.match(
      exited.reason ?? "",
      /^CannotStartContainerError: .*exec: "no-such-program": executable file not found in \$PATH/,
    );
    assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
    assert.ok(!session.events.some((event) => event.kind === "started"));
  },

  async "says that a directory is no program"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.command(["/"]));
    await session.driver.start(spec);
    const exited = await session.exited(spec.attemptId);
    assert.match(exited.reason ?? "", /^CannotStartContainerError: /);
    assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
  },

  async "runs an attempt once however often it is started"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("echo ran"));
    await Promise.all([session.driver.start(spec), session.driver.start(spec), session.driver.start(spec)]);
    await session.exited(spec.attemptId);
    await session.driver.start(spec);
    await session.close();
    const next = await bench.open();
    await next.driver.start(spec);
    assert.equal((await next.exited(spec.attemptId)).exitCode, 0);
    assert.deepEqual(lines(await bench.readLog(spec.attemptId)), ["ran"]);
  },

  async "stops with SIGTERM"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh(`trap 'echo bye; exit 3' TERM; echo ready; ${WAIT}`));
    await session.driver.start(spec);
    await until("the program is ready", async () => (await bench.readLog(spec.attemptId)).includes("ready"));
    await session.driver.stop(spec.attemptId, Date.now() + 30_000);
    const exited = await session.exited(spec.attemptId);
    assert.equal(exited.exitCode, 3);
    assert.deepEqual(lines(await bench.readLog(spec.attemptId)), ["ready", "bye"]);
  },

  async "sends SIGKILL at the given time, and SIGTERM only once"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh(`trap 'echo term' TERM; echo ready; ${WAIT}`));
    await session.driver.start(spec);
    await until("the program is ready", async () => (await bench.readLog(spec.attemptId)).includes("ready"));
    const killAt = Date.now() + 1500;
    await session.driver.stop(spec.attemptId, killAt);
    await session.driver.stop(spec.attemptId, killAt);
    const exited = await session.exited(spec.attemptId);
    assert.equal(exited.exitCode, 137);
    assert.equal(exited.reason, undefined);
    assert.ok(exited.at >= killAt - 50, `killed ${killAt - exited.at} ms early`);
    assert.deepEqual(lines(await bench.readLog(spec.attemptId)), ["ready", "term"]);
  },

  async "kills at once when the time to kill has passed"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh(`trap '' TERM; echo ready; ${WAIT}`));
    await session.driver.start(spec);
    await until("the program is ready", async () => (await bench.readLog(spec.attemptId)).includes("ready"));
    await session.driver.stop(spec.attemptId, Date.now() - 1000);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 137);
  },

  async "stops an attempt that is only starting"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.command(["sleep", "600"]));
    const starting = session.driver.start(spec);
    await session.driver.stop(spec.attemptId, Date.now() + 1000);
    await starting;
    const exited = await session.exited(spec.attemptId);
    if (exited.startedAt === undefined) assert.equal(exited.exitCode, undefined);
    else assert.ok([143, 137].includes(exited.exitCode ?? -1), JSON.stringify(exited));
  },

  async "does nothing for attempts it does not know"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("exit 4"));
    await session.driver.stop(spec.attemptId, Date.now());
    await session.driver.forget(spec.attemptId);
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 4);
    await session.driver.stop(spec.attemptId, Date.now());
  },

  async "kills what exceeds its memory and says so"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.command(["tail", "/dev/zero"]), { memoryMiB: 32 });
    await session.driver.start(spec);
    const exited = await session.exited(spec.attemptId);
    assert.equal(exited.exitCode, 137);
    assert.equal(exited.reason, OUT_OF_MEMORY);
  },

  async "opens with an empty inventory"(bench: Bench) {
    const session = await bench.open();
    assert.deepEqual(session.events, [{ kind: "inventory", attemptIds: [] }]);
  },

  async "finds running and ended attempts again after close and open"(bench: Bench) {
    const session = await bench.open();
    const running = attempt(bench.sh("echo ran; sleep 2; exit 7"));
    const ended = attempt(bench.sh("echo ran; exit 9"));
    const failed = attempt(bench.command(["no-such-program"]));
    for (const spec of [running, ended, failed]) await session.driver.start(spec);
    const startedAt = (await session.started(running.attemptId)).at;
    await session.exited(ended.attemptId);
    const failure = await session.exited(failed.attemptId);
    await session.close();

    const next = await bench.open();
    const [inventory] = next.events;
    assert.ok(inventory?.kind === "inventory");
    const expected = [running.attemptId, ended.attemptId, failed.attemptId];
    assert.deepEqual([...inventory.attemptIds].sort(), expected.sort());
    assert.equal((await next.exited(ended.attemptId)).exitCode, 9);
    assert.equal((await next.exited(failed.attemptId)).reason, failure.reason);
    assert.ok(Math.abs((await next.started(running.attemptId)).at - startedAt) < 1500);
    assert.equal((await next.exited(running.attemptId)).exitCode, 7);
    for (const spec of [running, ended]) {
      assert.deepEqual(lines(await bench.readLog(spec.attemptId)), ["ran"]);
    }
  },

  async "reports nothing after close"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("sleep 1"));
    await session.driver.start(spec);
    await session.started(spec.attemptId);
    await session.close();
    const reported = session.events.length;
    const next = await bench.open();
    await next.exited(spec.attemptId);
    assert.equal(session.events.length, reported);
  },

  async "stops an attempt that an earlier driver started"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh(`trap 'exit 5' TERM; echo ready; ${WAIT}`));
    await session.driver.start(spec);
    await until("the program is ready", async () => (await bench.readLog(spec.attemptId)).includes("ready"));
    await session.close();
    const next = await bench.open();
    await next.driver.stop(spec.attemptId, Date.now() + 30_000);
    assert.equal((await next.exited(spec.attemptId)).exitCode, 5);
  },

  async "kills in time what an earlier driver was stopping"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh(`trap 'echo term' TERM; echo ready; ${WAIT}`));
    await session.driver.start(spec);
    await until("the program is ready", async () => (await bench.readLog(spec.attemptId)).includes("ready"));
    const killAt = Date.now() + 1500;
    await session.driver.stop(spec.attemptId, killAt);
    await session.close();
    const next = await bench.open();
    await next.driver.stop(spec.attemptId, killAt);
    assert.equal((await next.exited(spec.attemptId)).exitCode, 137);
  },

  async "forgets an ended attempt but not its log"(bench: Bench) {
    const session = await bench.open();
    const spec = attempt(bench.sh("echo kept"));
    await session.driver.start(spec);
    await session.exited(spec.attemptId);
    await session.driver.forget(spec.attemptId);
    await session.driver.forget(spec.attemptId);
    await session.close();
    const next = await bench.open();
    assert.deepEqual(next.events, [{ kind: "inventory", attemptIds: [] }]);
    assert.deepEqual(lines(await bench.readLog(spec.attemptId)), ["kept"]);
  },
};
