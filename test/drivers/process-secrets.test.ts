import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Secret } from "@aws-sdk/client-batch";
import { SecretUnavailable } from "../../src/ports/secrets.ts";
import type { Secrets } from "../../src/ports/secrets.ts";
import { systemClock } from "../support/clock.ts";
import { openSession, until } from "../conformance/driver/events.ts";
import type { Session } from "../conformance/driver/events.ts";
import { attempt } from "../conformance/driver/suite.ts";
import { makeProcessHarness } from "../support/process-harness.ts";
import type { ProcessHarness } from "../support/process-harness.ts";

/** Everything that a shell could mistake for something else. */
const VALUE = "p'a\"s$s\\w`o`rd\nsecond line\t*; exit 9 # ä";

function secretTest(
  name: string,
  values: Secrets["valueOf"],
  run: (session: Session, harness: ProcessHarness) => Promise<void>,
) {
  test(name, async () => {
    const harness = await makeProcessHarness();
    const session = await openSession(harness.createDriver("auto", systemClock, { valueOf: values }));
    try {
      await run(session, harness);
    } finally {
      await session.close();
      await harness.dispose();
    }
  });
}

const wanting = (script: string, ...secrets: Secret[]) => attempt({ command: ["sh", "-c", script], secrets });

/** The files of the driver in which the text is. */
function filesWith(harness: ProcessHarness, text: string): string[] {
  return readdirSync(harness.attempts, { recursive: true, encoding: "utf8" }).filter((name) => {
    const file = join(harness.attempts, name);
    return statSync(file).isFile() && readFileSync(file, "utf8").includes(text);
  });
}

secretTest(
  "secrets are variables, and are in no file, no argument and no journal",
  async (reference) => `${reference}=${VALUE}`,
  async (session, harness) => {
    const names = [
      { name: "DB_PASSWORD", valueFrom: "db" },
      { name: "secrets", valueFrom: "own" },
    ];
    const spec = wanting(
      'printf "%s|%s" "$DB_PASSWORD" "$secrets" >&2; until [ -e go ]; do sleep 0.02; done',
      ...names,
    );
    await session.driver.start(spec);
    await until("it has told them", async () => (await harness.readLog(spec.attemptId)).includes("own="));
    assert.equal(await harness.readLog(spec.attemptId), `db=${VALUE}|own=${VALUE}`);
    assert.deepEqual(filesWith(harness, "second line"), []);
    const pid = /^program (\d+) /m.exec(harness.journal(spec.attemptId))![1];
    const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];
    for (const one of [pid, parent]) assert.ok(!readFileSync(`/proc/${one}/cmdline`, "utf8").includes("second"));
    assert.ok(!readFileSync(`/proc/${parent}/environ`, "utf8").includes("second"), "the shell has passed them on");
    await session.driver.stop(spec.attemptId, 0);
    await session.exited(spec.attemptId);
    const next = wanting('echo "${DB_PASSWORD-none}"');
    await session.driver.start(next);
    await session.exited(next.attemptId);
    assert.equal(await harness.readLog(next.attemptId), "none\n", "the shell's next attempt has none of them");
  },
);

secretTest(
  "a secret without a value fails the attempt before it starts",
  (reference) => Promise.reject(new SecretUnavailable(`there is no value for the secret ${reference}`)),
  async (session) => {
    const spec = wanting("echo never", { name: "A", valueFrom: "missing" });
    await session.driver.start(spec);
    const exited = await session.exited(spec.attemptId);
    assert.deepEqual(
      [exited.reason, exited.startedAt, exited.exitCode],
      [
        "ResourceInitializationError: unable to pull secrets or registry auth: there is no value for the secret missing",
        undefined,
        undefined,
      ],
    );
  },
);

secretTest(
  "a name that a shell cannot export would be seen in the list of processes: it is refused",
  async () => VALUE,
  async (session) => {
    for (const name of ["my-secret", "BASH_ENV"]) {
      const spec = wanting("echo never", { name, valueFrom: "x" });
      await session.driver.start(spec);
      const { reason } = await session.exited(spec.attemptId);
      assert.equal(
        reason,
        `ResourceInitializationError: unable to pull secrets or registry auth: a plain process cannot have a secret as the variable "${name}"`,
      );
    }
  },
);

test("an attempt that is stopped while its secrets are read never starts", async () => {
  const harness = await makeProcessHarness();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const valueOf = (): Promise<string> => {
    asked.resolve();
    return answer.promise;
  };
  const session = await openSession(harness.createDriver("auto", systemClock, { valueOf }));
  try {
    const spec = wanting("echo never", { name: "A", valueFrom: "slow" });
    const starting = session.driver.start(spec);
    await asked.promise;
    await session.driver.stop(spec.attemptId, Date.now() + 1000);
    const exited = await session.exited(spec.attemptId);
    answer.resolve("late");
    await starting;
    assert.deepEqual([exited.reason, exited.exitCode], ["Stopped before the program was started", undefined]);
    assert.equal(await harness.readLog(spec.attemptId), "");
  } finally {
    await session.close();
    await harness.dispose();
  }
});
