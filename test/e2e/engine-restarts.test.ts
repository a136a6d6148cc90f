import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { BatchClient, RetryStrategy } from "@aws-sdk/client-batch";
import { containerName } from "../../src/core/driver-name.ts";
import { batchClient } from "../support/clients.ts";
import { describeJob, ended, submitScript, untilStatus } from "../support/jobs.ts";
import type { OwnDockerd } from "../support/own-dockerd.ts";
import { ownDockerd, ownDockerdUnavailable } from "../support/own-dockerd.ts";
import type { Ledger } from "./ledger.ts";
import { note, openLedger, registerNoted, WAIT_FOR_GO } from "./ledger.ts";
import { spawnServer } from "./server.ts";

const skip = ownDockerdUnavailable() ?? false;

/** What AWS's guide recommends against the loss of hosts. */
const AFTER_LOSS: RetryStrategy = {
  attempts: 3,
  evaluateOnExit: [
    { onStatusReason: "Host EC2*", action: "RETRY" },
    { onReason: "*", action: "EXIT" },
  ],
};

async function open(t: TestContext, engine: OwnDockerd) {
  const ledger = openLedger(t);
  const server = await spawnServer(t, { driver: "docker", engineSocket: engine.socketPath });
  const batch = batchClient(t, server.url);
  await registerNoted(batch, "noted", engine.image, ledger);
  const submit = (script: string, retryStrategy: RetryStrategy = AFTER_LOSS) =>
    submitScript(batch, script, { jobDefinition: "noted", retryStrategy });
  return { server, batch, ledger, submit };
}

/** How each attempt ended: its exit code, and why. */
async function endsOf(batch: BatchClient, jobId: string): Promise<string[]> {
  const { attempts = [] } = await describeJob(batch, jobId);
  return attempts.map(({ container, statusReason }) => `${container?.exitCode} ${statusReason}`);
}

/** Goes on until it is told to end, and then ends as it likes. */
const POLITE = `trap 'exit 7' TERM; ${note("began")}; ${WAIT_FOR_GO}`;

test(
  "an engine that ends its containers, killed and then stopped: attempts end with their codes, none runs twice",
  { skip },
  async (t) => {
    const engine = await ownDockerd(t, { endsContainers: true });
    const { batch, ledger, submit } = await open(t, engine);
    for (const how of ["kill", "stop"] as const) {
      const [running, over] = await Promise.all([submit(POLITE), submit(`${note("began")}; exit 5`)]);
      await untilStatus(batch, running, "RUNNING");
      await ended(batch, over);
      await ledger.untilLines("it runs", (lines) => lines.includes(`began ${running} 1`));
      await engine[how]();
      const waiting = await submit(`${note("began")}; exit 0`);
      // A killed one tells nobody what becomes of them.
      if (how === "kill") assert.equal((await describeJob(batch, running)).status, "RUNNING");
      await engine.start();
      await Promise.all([running, waiting].map((id) => ended(batch, id)));
      assert.deepEqual(await endsOf(batch, running), ["7 Essential container in task exited"]);
      assert.deepEqual(await endsOf(batch, over), ["5 Essential container in task exited"]);
      assert.deepEqual(await endsOf(batch, waiting), ["0 Essential container in task exited"]);
    }
    ranOnce(ledger, 6);
  },
);

test(
  "an engine whose containers go on, and the server, both killed: jobs go on, have ended, or are lost and tried again",
  { skip },
  async (t) => {
    const engine = await ownDockerd(t);
    const { server, ledger, ...first } = await open(t, engine);
    const [ending, going, removed] = await Promise.all([
      first.submit(`${note("began")}; ${WAIT_FOR_GO}; ${note("done")}; exit 3`),
      first.submit(`${note("began")}; ${WAIT_FOR_GO}; until [ -e $LEDGER/later ]; do sleep 0.1; done; ${note("done")}`),
      first.submit(`${note("began")}; ${WAIT_FOR_GO}; exit $((6 + AWS_BATCH_JOB_ATTEMPT))`),
    ]);
    await Promise.all([ending, going, removed].map((id) => untilStatus(first.batch, id, "RUNNING")));
    await ledger.untilLines("all run", (lines) => lines.length === 3);
    const { container } = await describeJob(first.batch, removed);
    await server.kill();
    const name = containerName(container!.taskArn!.split("/").at(-1)!);
    await engine.docker.getContainer(name).remove({ force: true });
    await engine.kill();
    ledger.go();
    await ledger.untilLines("one ends", (lines) => lines.includes(`done ${ending} 1`));
    await server.start();
    const batch = batchClient(t, server.url);
    await engine.start();

    await ended(batch, ending);
    assert.deepEqual(await endsOf(batch, ending), ["3 Essential container in task exited"]);
    await ended(batch, removed);
    const [lost, last] = await endsOf(batch, removed);
    assert.match(lost!, /^undefined Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.$/);
    assert.equal(last, "8 Essential container in task exited");
    assert.equal((await describeJob(batch, going)).status, "RUNNING");

    await engine.stop();
    writeFileSync(join(ledger.directory, "later"), "");
    await ledger.untilLines("the other one ends", (lines) => lines.includes(`done ${going} 1`));
    await engine.start();
    assert.equal((await ended(batch, going)).status, "SUCCEEDED");
    ranOnce(ledger, 6);
  },
);

/** Every line tells of a job, an attempt, and something that it did. */
function ranOnce(ledger: Ledger, count: number): void {
  const lines = ledger.lines();
  assert.equal(new Set(lines).size, lines.length, lines.join("\n"));
  assert.equal(lines.length, count, lines.join("\n"));
}
