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
    [
      "no-such-type",
      withInstances({ types: [LARGE] }),
      { ...gang(2, 1), instanceType: "m.xlarge" },
      withInstances({ types: [LARGE, XLARGE] }),
    ],
    ["no-nodes", withInstances({}, { takesNoNodes: true }), gang(2, 1), withInstances()],
    ["no-nodes", { ...ENVIRONMENT, takesNoNodes: true }, gang(2, 1), ENVIRONMENT],
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

describe("a machine that instances are parts of", () => {
  const MACHINE = { vcpuMilli: 4_000, memoryMiB: 16_384 };
  const slices = (arn: string) => withInstances({ types: [LARGE], areSlices: true }, { arn });
  const environments = [
    slices("a:b:c:d:e:x/pool"),
    slices("a:b:c:d:e:x/other"),
    { ...ENVIRONMENT, arn: "a:b:c:d:e:x/share" },
  ];
  const queues = environments.map(({ arn }) => ({
    ...{ ...QUEUE, arn: arn.replace(":x/", ":queue/"), environmentArns: [arn] },
  }));
  const queueOf = (name: string) => `a:b:c:d:e:queue/${name}`;

  function sentencesOf(bench: WorldBench, id: string): string[] {
    const [blocker] = explain(bench.world, bench.tick(), id, bench.now)!.blockers;
    assert.ok(blocker?.kind === "placement");
    const [verdict] = blocker.environments;
    return [blocker.text, ...verdict!.obstacles.flatMap(({ text, fix }) => [text, fix])];
  }

  /** An instance with a job takes one half of the machine, a job in a share a quarter. */
  function full(): WorldBench {
    const bench = new WorldBench({ capacity: MACHINE, environments, queues });
    runInstances(bench.world, [LARGE], environments[0]!.arn);
    bench.submit("in share", asks(1), queueOf("share"));
    bench.submit("on instance", asks(2), queueOf("pool"));
    bench.tick();
    return bench;
  }

  const HELD = "The machine is held by 1 instance of pool 2 vCPU and 8192 MiB, jobs in share 1 vCPU and 512 MiB.";
  const LEFT = "1 vCPU and 7680 MiB";

  test("who has no room for an instance is told who holds the machine", () => {
    const bench = full();
    bench.submit("late", asks(1), queueOf("other"));
    assert.deepEqual(sentencesOf(bench, "late"), [
      `Waiting for capacity: it asks for 1 vCPU and 512 MiB; 0 vCPU and 0 MiB are free, and ${LEFT} of this machine are left for another instance.`,
      `It asks for 1 vCPU and 512 MiB, and no instance has any room. Of the machine ${LEFT} are left for other instances. ${HELD}`,
      "It starts when there is room on the machine for an instance: one without jobs makes room for another one.",
    ]);
  });

  test("so is a job of a share, whom instances have left too little", () => {
    const bench = full();
    bench.submit("late", asks(3), queueOf("share"));
    assert.deepEqual(sentencesOf(bench, "late").slice(1), [
      `It asks for 3 vCPU and 512 MiB, and ${LEFT} are free. ${HELD}`,
      "It starts when instances have made room: one without jobs does so at once; or ask for no more than is free.",
    ]);
    bench.end("in share");
    bench.end("on instance");
    for (let ticks = 0; ticks < 2; ticks += 1) bench.tick();
    assert.equal(bench.status("late"), "STARTING");
  });

  test("what is larger than the machine is told so, whatever types are allowed", () => {
    const bench = full();
    bench.submit("late", asks(5), queueOf("pool"));
    const [, text, fix] = sentencesOf(bench, "late");
    assert.match(text!, /^It asks for 5 vCPU and 512 MiB, and the machine has 4 vCPU and 16384 MiB in all\.$/);
    assert.match(fix!, /start the server with more \(--vcpus, --memory-mib\)/);
  });

  test("environments of others are not named", () => {
    const bench = full();
    const theirs = { ...QUEUE, arn: "a:b:c:d:f:queue/theirs", environmentArns: ["a:b:c:d:e:x/other"] };
    bench.world.apply({ kind: "queues", queues: [...queues, theirs] });
    bench.submit("late", asks(1), theirs.arn);
    const [, text] = sentencesOf(bench, "late");
    assert.match(text!, /held by 1 instance of an environment of another account or region 2 vCPU/);
    assert.doesNotMatch(text!, /pool|share/);
  });
});
