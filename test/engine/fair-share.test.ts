import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Scheduling } from "../../src/core/job.ts";
import type { FakeBehaviour } from "../../src/drivers/fake/behaviour.ts";
import { EngineBench, ENVIRONMENT, QUEUE } from "../support/engine-bench.ts";
import { queueArn, queueSettings, SCOPE } from "../sim/workload.ts";

const FAIR = queueArn(2);
const POLICY = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair";

/** A machine of one vCPU, where attempts run for 100 s, with a queue with a fair-share policy. */
async function open(t: TestContext, behaviour: Partial<FakeBehaviour> = {}): Promise<EngineBench> {
  const capacity = { vcpuMilli: 1000, memoryMiB: 8192 };
  const bench = await EngineBench.open({ capacity, behaviour: { startDelayMs: 0, runMs: 100_000, ...behaviour } });
  t.after(() => bench.close());
  const record = { scope: SCOPE, createdAt: bench.clock.now(), statusReason: "" };
  const fairsharePolicy = { shareDecaySeconds: 0, computeReservation: 0, shareDistribution: [] };
  await bench.store.schedulingPolicies.insert({
    ...{ ...record, arn: POLICY, name: "fair", status: "VALID", settings: { fairsharePolicy, tags: {} } },
  });
  const settings = { ...queueSettings(1, [ENVIRONMENT]), schedulingPolicyArn: POLICY };
  await bench.store.queues.insert({ ...record, arn: FAIR, name: "fair", status: "CREATING", settings });
  await bench.server.until(bench.server.engine.nudgeResources());
  return bench;
}

function submit(bench: EngineBench, id: string, more: Partial<Scheduling> = {}): Promise<void> {
  return bench.submit(id, { share: id[0]!, ...more }, FAIR);
}

/** For 100 s the machine is full with a job of another queue. */
async function occupy(bench: EngineBench): Promise<void> {
  await bench.submit(`occupant-${bench.clock.now()}`, {}, QUEUE);
}

function front(bench: EngineBench): string[] {
  return bench.server.engine.snapshot(FAIR).front.map(({ jobId }) => jobId);
}

async function restart(bench: EngineBench): Promise<void> {
  bench.server.crash();
  await bench.start();
  await bench.tick();
}

const KINDS: readonly (readonly [what: string, of: Partial<Scheduling>, exitCode: number])[] = [
  ["a single job", {}, 0],
  ["the children of an array", { arraySize: 2 }, 0],
  ["a job that was tried twice", { retry: { attempts: 2, evaluateOnExit: [] } }, 1],
];

for (const [what, scheduling, exitCode] of KINDS) {
  test(`what ${what} used counts after a restart, until it leaves the window`, async (t) => {
    const bench = await open(t, { exitCode });
    await submit(bench, "a1", scheduling);
    await bench.advance(250_000);
    assert.match((await bench.state("a1")).status, /SUCCEEDED|FAILED/);
    await occupy(bench);
    await submit(bench, "a2");
    await submit(bench, "b1");
    assert.deepEqual(front(bench), ["b1", "a2"], "b has used nothing");
    await restart(bench);
    assert.deepEqual(front(bench), ["b1", "a2"], "and that is known after a restart");
    await bench.advance(1_000_000);
    await occupy(bench);
    await submit(bench, "a3");
    await submit(bench, "b2");
    await restart(bench);
    assert.deepEqual(front(bench), ["a3", "b2"], "nobody has used anything lately: the one that waits longest");
  });
}

test("what a job used in attempts before the present one counts after a restart", async (t) => {
  const bench = await open(t, { exitCode: 1 });
  await submit(bench, "a1", { retry: { attempts: 2, evaluateOnExit: [] } });
  await bench.advance(110_000);
  assert.equal((await bench.state("a1")).attempts.length, 2);
  await submit(bench, "b1");
  await submit(bench, "a2");
  await submit(bench, "b2");
  const expected = front(bench);
  assert.deepEqual(expected.slice(0, 2), ["b1", "b2"], "a has used 100 and 60 seconds, b is charged with 60 for b1");
  await restart(bench);
  assert.deepEqual(front(bench), expected);
});
