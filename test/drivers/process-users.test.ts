import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { openSession, until } from "../conformance/driver/events.ts";
import type { Exited, Session } from "../conformance/driver/events.ts";
import { attempt } from "../conformance/driver/suite.ts";
import { makeProcessHarness } from "../support/process-harness.ts";
import type { ProcessHarness } from "../support/process-harness.ts";

const ROOT_ONLY = process.getuid?.() === 0 ? false : "only root may become another user";

interface Bench {
  readonly session: Session;
  readonly harness: ProcessHarness;
  readonly run: (script: string, more: ContainerProperties) => Promise<{ exited: Exited; log: string }>;
}

function driverTest(name: string, run: (bench: Bench) => Promise<void>, skip: string | false = false): void {
  test(name, { skip }, async () => {
    const harness = await makeProcessHarness();
    const session = await openSession(harness.createDriver());
    try {
      await run({
        ...{ session, harness },
        async run(script, more) {
          const spec = attempt({ command: ["sh", "-c", script], ...more }, { environment: { "ODD-NAME": "x" } });
          await session.driver.start(spec);
          const exited = await session.exited(spec.attemptId);
          return { exited, log: await harness.readLog(spec.attemptId) };
        },
      });
    } finally {
      await session.close();
      await harness.dispose();
    }
  });
}

driverTest(
  "a program runs as the user that it names, in a directory of its own that it can get to",
  async ({ run, session }) => {
    const script = `id -u; id -g; id -G; touch "$PWD/file" && pwd && echo "$HOME"; tr '\\0' '\\n' < /proc/$$/environ | grep ODD; exit 3`;
    const { exited, log } = await run(script, { user: "65534:65533" });
    const [uid, gid, groups, directory, home, odd] = log.split("\n");
    assert.deepEqual([exited.exitCode, uid, gid, groups, odd], [3, "65534", "65533", "65533", "ODD-NAME=x"], log);
    const entry = /^[^:]*:[^:]*:65534:.*$/m.exec(readFileSync("/etc/passwd", "utf8"))?.[0];
    assert.equal(home, entry?.split(":")[5] ?? "/");
    assert.equal(statSync(join(directory!, "file")).uid, 65_534);
    await session.driver.forget(exited.attemptId);
    assert.ok(!existsSync(directory!) && !existsSync(join(directory!, "..")));
  },
  ROOT_ONLY,
);

driverTest("a program that may not gain privileges cannot", async ({ session, harness }) => {
  const spec = attempt({ command: ["grep", "NoNewPrivs", "/proc/self/status"] }, { noNewPrivileges: true });
  await session.driver.start(spec);
  await session.exited(spec.attemptId);
  assert.equal(await harness.readLog(spec.attemptId), "NoNewPrivs:\t1\n");
});

driverTest(
  "a program of another user is ended like any other",
  async ({ session, harness }) => {
    const script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done";
    const spec = attempt({ command: ["sh", "-c", script], user: "65534" });
    await session.driver.start(spec);
    await until("it is ready", async () => (await harness.readLog(spec.attemptId)) !== "");
    await session.driver.stop(spec.attemptId, Date.now() + 30_000);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 5);
  },
  ROOT_ONLY,
);

driverTest("ulimits hold, and one that cannot be set is a reason", async ({ run }) => {
  const ulimits = [
    { name: "nofile", softLimit: 77, hardLimit: 88 },
    { name: "core", softLimit: 0, hardLimit: 0 },
    { name: "stack", softLimit: 4_194_304, hardLimit: -1 },
  ];
  const { log } = await run("ulimit -S -n; ulimit -H -n; ulimit -c; ulimit -s; ulimit -H -s", { ulimits });
  assert.deepEqual(log.trim().split("\n"), ["77", "88", "0", "4096", "unlimited"]);
  const beyond = { name: "nofile", softLimit: 2 ** 40, hardLimit: 2 ** 40 };
  const { exited } = await run("echo never", { ulimits: [beyond] });
  assert.deepEqual(
    [exited.reason, exited.exitCode],
    ["ResourceInitializationError: cannot set the ulimit nofile", undefined],
  );
});

driverTest("a host volume where it is on the machine is there already, and made where it is not", async ({ run }) => {
  const parent = mkdtempSync(join(tmpdir(), "longshore-volume-"));
  const data = join(parent, "data");
  try {
    const { exited } = await run(`echo x > ${data}/file`, {
      volumes: [{ name: "v", host: { sourcePath: data } }],
      mountPoints: [{ sourceVolume: "v", containerPath: data }],
    });
    assert.equal(exited.exitCode, 0);
    assert.equal(readFileSync(join(data, "file"), "utf8"), "x\n");
  } finally {
    rmSync(parent, { recursive: true });
  }
});
