import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { ProcessDriverUnavailable } from "../../src/drivers/process/host.ts";
import { OUT_OF_MEMORY } from "../../src/ports/driver.ts";
import { openSession, until } from "../conformance/driver/events.ts";
import type { Exited, Session } from "../conformance/driver/events.ts";
import { attempt } from "../conformance/driver/suite.ts";
import { makeProcessHarness } from "../support/process-harness.ts";
import type { ProcessHarness } from "../support/process-harness.ts";

type LimitsBy = "auto" | "watch";

function processTest(
  name: string,
  run: (session: Session, harness: ProcessHarness) => Promise<void>,
  limits?: LimitsBy,
) {
  test(name, async () => {
    const harness = await makeProcessHarness();
    const session = await openSession(harness.createDriver(limits));
    try {
      await run(session, harness);
    } finally {
      await session.close();
      await harness.dispose();
    }
  });
}

const sh = (script: string): ContainerProperties => ({ command: ["sh", "-c", script] });

async function result(session: Session, container: ContainerProperties, environment: Record<string, string> = {}) {
  const spec = attempt(container, { environment });
  await session.driver.start(spec);
  return session.exited(spec.attemptId);
}

function assertRefused(exited: Exited, reason: RegExp): void {
  assert.match(exited.reason ?? "", reason);
  assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`);
}

processTest("200 attempts at once each report their own exit code", async (session) => {
  const specs = Array.from({ length: 200 }, (_, index) => attempt(sh(`exit ${index}`)));
  await Promise.all(specs.map((spec) => session.driver.start(spec)));
  for (const [index, spec] of specs.entries()) assert.equal((await session.exited(spec.attemptId)).exitCode, index);
});

processTest("what a program leaves in the background ends with it", async (session, harness) => {
  const exited = await result(session, sh("sleep 600 & echo $!; exit 3"));
  assert.equal(exited.exitCode, 3);
  const pid = Number(await harness.readLog(exited.attemptId));
  assert.ok(pid > 1);
  await until("the background process is gone", () => !isRunning(pid));
});

processTest("a program that closes its output still reports its exit code", async (session) => {
  assert.equal((await result(session, sh("exec >&- 2>&-; sleep 0.1; exit 4"))).exitCode, 4);
});

processTest("50 MB of output arrive", async (session, harness) => {
  const exited = await result(session, { command: ["head", "-c", "52428800", "/dev/zero"] });
  assert.equal(exited.exitCode, 0);
  assert.equal(harness.logs.read(exited.attemptId).length, 52_428_800);
});

processTest("output is kept byte for byte", async (session, harness) => {
  const octal = Array.from({ length: 256 }, (_, byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  const exited = await result(session, { command: ["printf", octal] });
  assert.deepEqual(harness.logs.read(exited.attemptId), Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
});

processTest("arguments may contain every character but NUL", async (session, harness) => {
  const text = Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)).join("");
  const exited = await result(session, { command: ["printf", "%s", text] });
  assert.equal(await harness.readLog(exited.attemptId), text);
  assertRefused(await result(session, { command: ["printf", "a\0b"] }), /^CannotStartContainerError: .*NUL/);
});

processTest("a program that kills itself was not out of memory", async (session) => {
  const exited = await result(session, sh("kill -9 $$"));
  assert.deepEqual([exited.exitCode, exited.reason], [137, undefined]);
});

processTest("a suspended program is not over", async (session, harness) => {
  const spec = attempt(sh("(sleep 0.3; kill -CONT $$) & echo before; kill -STOP $$; echo after; exit 6"));
  await session.driver.start(spec);
  assert.equal((await session.exited(spec.attemptId)).exitCode, 6);
  assert.equal(await harness.readLog(spec.attemptId), "before\nafter\n");
});

processTest("programs see of the server's variables only the harmless ones", async (session, harness) => {
  process.env["LONGSHORE_TEST_SECRET"] = "secret";
  try {
    const exited = await result(session, { command: ["env"] }, { MINE: "1", HOME: "/mine" });
    const log = (await harness.readLog(exited.attemptId)).split("\n");
    const names = log.map((line) => line.split("=")[0]);
    assert.ok(log.includes("MINE=1") && log.includes("HOME=/mine") && log.includes(`PATH=${process.env["PATH"]}`));
    const harmless =
      /^(|PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|MINE|LONGSHORE_ATTEMPT_ID|PWD|OLDPWD|SHLVL|_)$/;
    assert.deepEqual(
      names.filter((name) => !harmless.test(name ?? "")),
      [],
    );
  } finally {
    delete process.env["LONGSHORE_TEST_SECRET"];
  }
});

processTest("each attempt works in an empty directory of its own", async (session, harness) => {
  const first = await result(session, sh("pwd; ls -A; touch left"));
  const second = await result(session, sh("pwd; ls -A"));
  const logs = [await harness.readLog(first.attemptId), await harness.readLog(second.attemptId)];
  assert.deepEqual(
    logs,
    [first, second].map(({ attemptId }) => `${path.join(harness.attempts, attemptId)}\n`),
  );
});

processTest(
  "a program is looked for in the attempt's own PATH, and called as it was written",
  async (session, harness) => {
    const program = path.join(harness.attempts, "greet");
    writeFileSync(program, '#!/bin/sh\necho "$0 $1"\n', { mode: 0o755 });
    const exited = await result(session, { command: ["greet", "x"] }, { PATH: harness.attempts });
    assert.equal(await harness.readLog(exited.attemptId), `${program} x\n`);
    const dispatch = await result(session, {
      command: ["bash", "-c", 'exec -a seen sh -c \'tr "\\0" " " < /proc/$$/cmdline\''],
    });
    assert.match(await harness.readLog(dispatch.attemptId), /^seen -c /);
  },
);

processTest("says why a program cannot be started", async (session, harness) => {
  const plain = path.join(harness.attempts, "plain");
  const orphan = path.join(harness.attempts, "orphan");
  writeFileSync(plain, "text");
  chmodSync(plain, 0o644);
  writeFileSync(orphan, "#!/no/such/interpreter\n", { mode: 0o755 });
  assertRefused(await result(session, {}), /^CannotStartContainerError: no command specified/);
  assertRefused(await result(session, { command: [] }), /^CannotStartContainerError: no command specified/);
  assertRefused(await result(session, { command: [""] }), /^CannotStartContainerError: no command specified/);
  assertRefused(await result(session, { command: [plain] }), /: permission denied$/);
  assertRefused(await result(session, { command: ["./x"] }), /exec: ".\/x": stat .\/x: no such file or directory$/);
  assertRefused(await result(session, { command: ["sh"] }, { PATH: "" }), /executable file not found in \$PATH$/);
  assertRefused(
    await result(session, { command: [orphan] }),
    /^CannotStartContainerError: exec: .*its interpreter \/no\/such\/interpreter: no such file or directory$/,
  );
  assertRefused(await result(session, { command: ["true", "x".repeat(140_000)] }), /argument list too long/);
  assertRefused(
    await result(session, { command: ["true"] }, { "a=b": "c" }),
    /invalid environment variable name: "a=b"/,
  );
});

processTest("a disk that fails is the attempt's failure, with a reason", async (session, harness) => {
  rmSync(harness.attempts, { recursive: true });
  writeFileSync(harness.attempts, "not a directory");
  const exited = await result(session, { command: ["true"] });
  rmSync(harness.attempts);
  mkdirSync(harness.attempts);
  assertRefused(exited, /^ResourceInitializationError: cannot prepare the attempt: ENOTDIR/);
  assert.equal((await result(session, { command: ["true"] })).exitCode, 0);
});

processTest("the server's own user may be named", async (session) => {
  const uid = process.getuid?.() ?? 0;
  assert.equal((await result(session, { command: ["true"], user: String(uid) })).exitCode, 0);
  assert.equal((await result(session, { command: ["true"], user: `${uid}:${process.getgid?.() ?? 0}` })).exitCode, 0);
});

processTest("an argument of the largest size passes", async (session, harness) => {
  const exited = await result(session, { command: ["printf", "%s", "x".repeat(131_071)] });
  assert.equal(exited.exitCode, 0);
  assert.equal(harness.logs.read(exited.attemptId).length, 131_071);
});

processTest("forgetting removes all but the log, whatever the program left", async (session, harness) => {
  const exited = await result(session, sh("mkdir -p a/b; echo x > a/b/c; ln -s / root; echo kept"));
  await session.driver.forget(exited.attemptId);
  const left = readdirSync(harness.attempts).filter((name) => !/^(runner-.*\.run|spare-\d+)$/.test(name));
  assert.deepEqual(left, []);
  assert.equal(await harness.readLog(exited.attemptId), "kept\n");
  assert.deepEqual(harness.notices, []);
});

processTest("a running attempt is not forgotten", async (session) => {
  const spec = attempt(sh("sleep 0.2; exit 8"));
  await session.driver.start(spec);
  await session.started(spec.attemptId);
  await session.driver.forget(spec.attemptId);
  assert.equal((await session.exited(spec.attemptId)).exitCode, 8);
});

processTest("a log is followed while its attempt is there, and no longer", async (session, harness) => {
  const spec = attempt(sh("sleep 0.2"));
  await session.driver.start(spec);
  await session.started(spec.attemptId);
  assert.deepEqual([...harness.logs.followed], [spec.attemptId]);
  await session.exited(spec.attemptId);
  assert.deepEqual([...harness.logs.followed], []);
});

for (const limits of ["auto", "watch"] as const) {
  processTest(
    `memory beyond the limit is fatal for a child too, and the next driver knows (${limits})`,
    async (session, harness) => {
      const spec = attempt(sh("tail /dev/zero; echo survived; exit 1"), { memoryMiB: 48 });
      await session.driver.start(spec);
      const exited = await session.exited(spec.attemptId);
      assert.equal(exited.reason, OUT_OF_MEMORY);
      assert.ok(exited.exitCode === 1 || exited.exitCode === 137);
      await session.close();
      const next = await openSession(harness.createDriver(limits));
      assert.equal((await next.exited(spec.attemptId)).reason, OUT_OF_MEMORY);
      await next.close();
    },
    limits,
  );

  processTest(
    `memory below the limit is free (${limits})`,
    async (session) => {
      const spec = attempt(sh("x=$(head -c 20000000 /dev/zero | tr '\\0' x); sleep 0.3; echo ${#x}"), {
        memoryMiB: 128,
      });
      await session.driver.start(spec);
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.exitCode, exited.reason], [0, undefined]);
    },
    limits,
  );
}

test("a machine without bash is told what to install", async () => {
  const harness = await makeProcessHarness();
  const searchPath = process.env["PATH"];
  process.env["PATH"] = harness.attempts;
  try {
    await assert.rejects(
      harness.createDriver().open(() => {}),
      (error) => error instanceof ProcessDriverUnavailable && /needs bash.*apt-get install bash/.test(error.message),
    );
  } finally {
    process.env["PATH"] = searchPath;
    await harness.dispose();
  }
});
