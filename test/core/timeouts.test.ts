import assert from "node:assert/strict";
import { test } from "node:test";
import { WorldBench } from "../support/world.ts";

test("an attempt that runs out of time is told to stop, once; each attempt has its own time", () => {
  const bench = new WorldBench();
  bench.submit("a", { timeoutSeconds: 60, retry: { attempts: 2, evaluateOnExit: [] } });
  bench.tick();
  bench.now += 100_000; // the time before the program runs does not count
  bench.tick();
  bench.start("a");
  bench.now += 59_000;
  bench.end("a", { exitCode: 1 });
  bench.tick();
  bench.start("a");
  assert.equal(bench.world.deadlines.next()?.at, bench.now + 60_000);
  bench.now += 59_999;
  bench.tick();
  assert.equal(bench.state("a").attempts[1]?.stopping, undefined);
  bench.now += 1;
  bench.tick();
  const stopping = { reason: "Job attempt duration exceeded timeout", at: bench.now };
  assert.deepEqual(bench.state("a").attempts[1]?.stopping, stopping);
  bench.now += 5_000;
  bench.stop("a", "terminate");
  assert.deepEqual(bench.tick().changes, []);
  assert.deepEqual(bench.state("a").attempts[1]?.stopping, stopping);
  bench.end("a", { exitCode: 137 });
  assert.deepEqual([bench.status("a"), bench.state("a").statusReason], ["FAILED", stopping.reason]);
  assert.equal(bench.world.deadlines.next(), undefined);
});

test("deadlines of attempts that are over are not kept until they come", () => {
  const bench = new WorldBench();
  for (let n = 0; n < 5_000; n += 1) {
    bench.submit(`job-${n}`, { timeoutSeconds: 86_400 });
    bench.tick();
    bench.start(`job-${n}`);
    if (n !== 17) bench.end(`job-${n}`);
  }
  assert.ok(bench.world.deadlines.size < 2_000, `${bench.world.deadlines.size} are kept`);
  bench.now += 86_400_000;
  assert.deepEqual(bench.world.deadlines.takeDue(bench.now), ["job-17"]);
  assert.deepEqual(bench.world.deadlines.takeDue(bench.now), []);
});
