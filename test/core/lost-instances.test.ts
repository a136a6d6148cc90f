import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { activeAttempt } from "../../src/core/job.ts";
import { gang } from "../support/gang.ts";
import { LARGE, runInstances, withInstances } from "../support/instances.ts";
import { WorldBench } from "../support/world.ts";

const RETRY = { attempts: 2, evaluateOnExit: [] };

function lose(bench: WorldBench, instanceId: string): void {
  bench.world.apply({ kind: "instance-terminating", instanceId, isLost: true });
  bench.tick();
}

function reasonOf(instanceId: string | undefined): string {
  return `Host EC2 (instance ${instanceId}) terminated.`;
}

describe("an instance that is lost", () => {
  test("takes no jobs, has those it has told to end, and is forgotten when they are over", () => {
    const bench = new WorldBench({ environments: [withInstances()] });
    const [lost, other] = runInstances(bench.world, [LARGE, LARGE]);
    bench.submit("a", { retry: RETRY });
    bench.tick();
    bench.start("a");
    lose(bench, lost!);
    assert.deepEqual(activeAttempt(bench.state("a"))?.stopping, {
      reason: reasonOf(lost),
      at: bench.now,
      hostLost: true,
    });
    bench.submit("b");
    bench.tick();
    assert.deepEqual(bench.state("b").attempts[0]?.instanceIds, [other]);
    bench.end("a", {});
    bench.tick();
    assert.equal(bench.state("a").attempts[0]?.statusReason, reasonOf(lost));
    assert.deepEqual(bench.state("a").attempts[1]?.instanceIds, [other], "it is tried again elsewhere");
    assert.equal(bench.world.instances.get(lost!), undefined);
  });

  for (const node of [0, 1, 2]) {
    const isMain = node === 0;
    test(`of node ${node}, the main one being 0: ${isMain ? "the job ends with it" : "the others go on"}`, () => {
      const bench = new WorldBench({ environments: [withInstances()] });
      const ids = runInstances(bench.world, [LARGE, LARGE, LARGE]);
      bench.submit("a", { ...gang(3, 1), retry: RETRY });
      bench.tick();
      for (const unit of [0, 1, 2]) bench.startUnit("a", unit);
      lose(bench, ids[node]!);
      assert.equal(bench.units("a"), isMain ? "RRR" : ["rRr", "rrR"][node - 1]);
      bench.endUnit("a", node, {});
      if (isMain) {
        for (const unit of [1, 2]) bench.endUnit("a", unit, { exitCode: 143 });
        const { status, attempts } = bench.state("a");
        assert.deepEqual([status, attempts[0]?.statusReason], ["RUNNABLE", reasonOf(ids[0])]);
      } else {
        for (const unit of [0, 1, 2]) if (unit !== node) bench.endUnit("a", unit);
        assert.equal(bench.status("a"), "SUCCEEDED");
      }
      bench.tick();
      assert.equal(bench.world.instances.get(ids[node]!), undefined);
    });
  }

  test("of any node, before the job runs: the job ends, and is tried again whole", () => {
    const bench = new WorldBench({ environments: [withInstances()] });
    const ids = runInstances(bench.world, [LARGE, LARGE, LARGE]);
    bench.submit("a", { ...gang(2, 1), retry: RETRY });
    bench.tick();
    lose(bench, ids[1]!);
    assert.equal(bench.units("a"), "SE");
    bench.endUnit("a", 0, {});
    bench.tick();
    const { attempts } = bench.state("a");
    assert.deepEqual([attempts[0]?.statusReason, attempts[1]?.instanceIds], [reasonOf(ids[1]), [ids[0], ids[2]]]);
  });
});

test("an update that ends the jobs lets all instances of the environment go", () => {
  const bench = new WorldBench({ environments: [withInstances()] });
  const [first] = runInstances(bench.world, [LARGE]);
  bench.submit("a", { retry: RETRY });
  bench.tick();
  bench.start("a");
  const environment = withInstances({}, { status: "UPDATING", replacement: { at: bench.now, jobsEndAt: bench.now } });
  bench.world.apply({ kind: "environments", environments: [environment] });
  bench.reconcile();
  assert.equal(bench.world.instances.get(first!)?.status, "terminating");
  bench.end("a", {});
  assert.deepEqual([bench.status("a"), bench.state("a").attempts[0]?.statusReason], ["RUNNABLE", reasonOf(first)]);
  bench.reconcile();
  assert.equal(bench.status("a"), "RUNNABLE", "it waits for an instance that stays");
});

test("an environment that is deleted is gone when its last instance is", () => {
  const bench = new WorldBench({ environments: [withInstances({}, { status: "DELETING", enabled: false })] });
  const [only] = runInstances(bench.world, [LARGE]);
  bench.reconcile();
  assert.equal(bench.world.environments.size, 1);
  bench.world.apply({ kind: "instance-gone", instanceId: only!, at: bench.now });
  bench.reconcile();
  assert.equal(bench.world.environments.size, 0);
});
