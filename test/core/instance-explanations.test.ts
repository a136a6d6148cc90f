import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explain } from "../../src/core/explain/explain.ts";
import type { Obstacle } from "../../src/core/explain/obstacles.ts";
import { verdicts } from "../../src/core/explain/obstacles.ts";
import { launch } from "../../src/core/instances/launch.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { Environment } from "../../src/core/resources.ts";
import { Random } from "../sim/random.ts";
import { gang } from "../support/gang.ts";
import { instanceType, LARGE, runInstances, withInstances, XLARGE } from "../support/instances.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const SEEDS = 200;
const ARM = instanceType("a.large", 2, { architecture: "ARM64" });

function asks(vcpus: number, memoryMiB = 512, gpus = 0): Pick<Scheduling, "requirements"> {
  return { requirements: { vcpuMilli: vcpus * 1000, memoryMiB, gpus } };
}

function obstaclesOf(bench: WorldBench, id: string): readonly Obstacle[] {
  return verdicts(bench.world, bench.world.jobs.get(id)!, QUEUE)[0]!.obstacles;
}

describe("what is in the way on instances, and what would end it", () => {
  const never: [Obstacle["kind"], Environment, Partial<Scheduling>, Environment][] = [
    ["needs-fargate", withInstances(), { needsFargate: true }, ENVIRONMENT],
    [
      "no-such-architecture",
      withInstances({ types: [LARGE] }),
      { architecture: "ARM64" },
      withInstances({ types: [LARGE, ARM] }),
    ],
    [
      "above-environment-maximum",
      withInstances({}, { maxVcpuMilli: 4000 }),
      gang(3, 2),
      withInstances({}, { maxVcpuMilli: 6000 }),
    ],
    ["above-instance-types", withInstances({ types: [LARGE] }), asks(4), withInstances({ types: [LARGE, XLARGE] })],
  ];
  for (const [kind, environment, scheduling, repaired] of never) {
    test(kind, () => {
      const bench = new WorldBench({ environments: [environment] });
      bench.submit("a", scheduling);
      const plan = bench.tick();
      assert.deepEqual(
        obstaclesOf(bench, "a").map((one) => one.kind),
        [kind],
      );
      const answer = explain(bench.world, plan, "a", bench.now);
      assert.ok(answer?.blockers.length, "the job as a whole says so too");
      bench.world.apply({ kind: "environments", environments: [repaired] });
      assert.notDeepEqual(obstaclesOf(bench, "a")[0]?.kind, kind);
    });
  }

  test("no room yet: the instances that come are told, and so are launches that failed", () => {
    const bench = new WorldBench({ environments: [withInstances()] });
    bench.submit("a", asks(1));
    const first = launch(bench.world, "environment", LARGE, 0);
    bench.world.apply(first);
    bench.tick();
    const free = { vcpuMilli: 0, memoryMiB: 0 };
    assert.deepEqual(obstaclesOf(bench, "a"), [{ kind: "instance-room", free, toFree: [], launching: 1 }]);
    bench.world.apply({ kind: "instance-gone", instanceId: first.instanceId, at: 1, launchFailure: "none left" });
    assert.deepEqual(obstaclesOf(bench, "a"), [{ kind: "instance-room", free, toFree: [], failed: ["m.large"] }]);
  });
});

test("who would have to end on instances: without them the job starts, and without one fewer it does not", () => {
  let tried = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = new Random(seed);
    const bench = new WorldBench({ environments: [withInstances()] });
    runInstances(
      bench.world,
      Array.from({ length: random.int(2, 6) }, () => random.pick([LARGE, XLARGE])),
    );
    for (let n = 0; n < 12; n += 1) {
      bench.submit(`job-${n}`, random.chance(0.2) ? gang(random.int(2, 3), 1) : asks(random.int(1, 4)));
    }
    bench.tick();
    const head = [...bench.world.jobs.values()].find(({ state }) => state.status === "RUNNABLE");
    const obstacle = head && obstaclesOf(bench, head.id)[0];
    if (head === undefined || obstacle?.kind !== "instance-room" || obstacle.toFree.length === 0) continue;
    tried += 1;
    const ids = obstacle.toFree.map(({ jobId }) => jobId!);
    for (const [nth, id] of ids.entries()) {
      assert.ok(obstaclesOf(bench, head.id).length > 0, `seed ${seed}: it fits after ${nth} of ${ids.length} ends`);
      const { units } = bench.world.jobs.get(id)!.scheduling;
      if (units === undefined) bench.end(id);
      else for (const unit of units.keys()) if (bench.world.jobs.has(id)) bench.endUnit(id, unit);
    }
    assert.deepEqual(obstaclesOf(bench, head.id), [], `seed ${seed}`);
    bench.tick();
    assert.equal(bench.status(head.id), "STARTING", `seed ${seed}`);
  }
  assert.ok(tried > SEEDS / 4, `${tried} worlds had something to try`);
});
