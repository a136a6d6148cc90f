import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptId } from "../../src/core/ids.ts";
import { adaptRestored } from "../../src/store/copies/restored.ts";
import { EngineBench } from "../support/engine-bench.ts";

test("after a restoration what the driver holds goes on, what it has forgotten is lost and never started, and a retry has an id that none had", async (t) => {
  const bench = await EngineBench.open({ behaviour: { startDelayMs: 50, runMs: 500 } });
  t.after(() => bench.close());
  await bench.submit("held");
  await bench.submit("lost");
  await bench.submit("retried", { retry: { attempts: 2, evaluateOnExit: [] } });
  for (const id of ["held", "lost", "retried"]) assert.equal((await bench.state(id)).status, "STARTING");
  const before = [...bench.claimed];
  await bench.server.engine.stop();
  bench.server.crash();
  await adaptRestored(bench.database, {
    ...{ now: bench.clock.now(), madeAt: undefined, era: "second", eraBefore: undefined, newClusterId: undefined },
    ...{ hasKey: true, waiting: "run", hasBegun: () => false },
  });
  // Since the backup these two have run to their ends, which were committed to the store that is gone.
  for (const seq of [2, 3]) bench.machine.forget(attemptId({ id: seq === 2 ? "lost" : "retried", seq }, 1));
  await bench.start();
  await bench.advance(1_000);
  assert.equal((await bench.state("held")).status, "SUCCEEDED");
  const lost = await bench.state("lost");
  assert.equal(lost.status, "FAILED");
  assert.match(lost.statusReason!, /^Host EC2 \(instance .*\) terminated\.$/);
  assert.match(lost.attempts[0]!.reason!, /^Longshore was restored from a backup/);
  const retried = await bench.state("retried");
  const second = attemptId({ id: "retried", seq: 3 }, 2, "second");
  assert.deepEqual(
    [retried.status, retried.attempts.map(({ id }) => id)],
    ["SUCCEEDED", [attemptId({ id: "retried", seq: 3 }, 1), second]],
  );
  assert.deepEqual(bench.claimed, [...before, second], "nothing began twice");
  assert.deepEqual(bench.errors, []);
});
