import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StaleEpoch } from "../../src/ports/store.ts";
import { openSession } from "../conformance/driver/events.ts";
import { attempt } from "../conformance/driver/suite.ts";
import { systemClock } from "../support/clock.ts";
import { endingTerm } from "../support/ending-term.ts";
import { makeProcessHarness } from "../support/process-harness.ts";

test("a driver whose server does not lead any more starts, stops and removes nothing; the next leader's does", async (t) => {
  const harness = await makeProcessHarness();
  const term = endingTerm();
  const stale = await openSession(harness.createDriver("auto", systemClock, undefined, undefined, term));
  t.after(async () => {
    await stale.close();
    await harness.dispose();
  });
  const [running, over, late] = [attempt(sh("exec sleep 600")), attempt(sh("exit 3")), attempt(sh("exit 0"))];
  await stale.driver.start(running);
  await stale.driver.start(over);
  await stale.started(running.attemptId);
  await stale.exited(over.attemptId);
  term.end();
  await assert.rejects(stale.driver.start(late), StaleEpoch);
  await assert.rejects(stale.driver.stop(running.attemptId, 0), StaleEpoch);
  await assert.rejects(stale.driver.forget(over.attemptId), StaleEpoch);
  assert.equal(existsSync(join(harness.attempts, `${late.attemptId}.journal`)), false);
  assert.ok(harness.journal(over.attemptId).includes("exit 3"));

  const next = await openSession(harness.createDriver());
  t.after(() => next.close());
  await next.started(running.attemptId);
  assert.equal((await next.exited(over.attemptId)).exitCode, 3);
  await next.driver.stop(running.attemptId, 0);
  assert.equal((await next.exited(running.attemptId)).exitCode, 137);
  for (const { attemptId } of [running, over]) await next.driver.forget(attemptId);
});

const sh = (script: string) => ({ command: ["sh", "-c", script] });
