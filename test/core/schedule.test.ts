import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WaitingReason } from "../../src/core/explain/waiting-reason.ts";
import { waitingReason, waitingText } from "../../src/core/explain/waiting-reason.ts";
import type { Job, JobState, Scheduling } from "../../src/core/job.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { WorldOptions } from "../support/world.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const vcpus = (count: number, memoryMiB = 512, gpus = 0) => ({
  requirements: { vcpuMilli: count * 1000, memoryMiB, gpus },
});

function machine(count: number, more: WorldOptions = {}): WorldBench {
  return new WorldBench({ capacity: { vcpuMilli: count * 1000, memoryMiB: 100_000 }, ...more });
}

function placed(plan: Plan): string[] {
  return plan.changes.map(({ jobId }) => jobId);
}

function reasonOf(bench: WorldBench, plan: Plan, id: string): WaitingReason | undefined {
  const job = bench.world.jobs.get(id) ?? bench.world.jobs.get(id.slice(0, id.lastIndexOf(":")))!;
  return waitingReason(plan, { ...job, id });
}

function text(bench: WorldBench, plan: Plan, id: string): string | undefined {
  const job = bench.world.jobs.get(id) ?? bench.world.jobs.get(id.slice(0, id.lastIndexOf(":")))!;
  const reason = reasonOf(bench, plan, id);
  return reason && waitingText(reason, job.scheduling.requirements);
}

describe("order", () => {
  test("first come, first served, whatever the shapes", () => {
    const bench = machine(4);
    for (const [id, count] of [
      ["a", 1],
      ["b", 2],
      ["c", 1],
      ["d", 1],
    ] as const)
      bench.submit(id, vcpus(count));
    assert.deepEqual(placed(bench.tick()), ["a", "b", "c"]);
    bench.end("a");
    assert.deepEqual(placed(bench.tick()), ["d"]);
  });

  test("a head that does not fit holds up those behind it, though they would fit", () => {
    const bench = machine(4);
    bench.submit("a", vcpus(3));
    bench.submit("big", vcpus(2));
    bench.submit("small", vcpus(1));
    const plan = bench.tick();
    assert.deepEqual(placed(plan), ["a"]);
    assert.deepEqual(reasonOf(bench, plan, "small"), { kind: "behind", headJobId: "big" });
    bench.end("a");
    assert.deepEqual(placed(bench.tick()), ["big", "small"]);
  });

  test("retried jobs come first, among them the one that was submitted first", () => {
    const bench = machine(2);
    const retry = { attempts: 2, evaluateOnExit: [] };
    for (const id of ["a", "b", "c"]) bench.submit(id, { ...vcpus(1), retry });
    bench.tick();
    bench.end("b", { exitCode: 1 });
    bench.end("a", { exitCode: 1 });
    assert.deepEqual(placed(bench.tick()), ["a", "b"]);
    bench.end("b");
    assert.deepEqual(placed(bench.tick()), ["c"]);
  });

  test("children by index, in their parent's place", () => {
    const bench = machine(3);
    bench.submit("x", vcpus(1));
    bench.submit("a", { ...vcpus(1), arraySize: 3 });
    bench.submit("y", vcpus(1));
    assert.deepEqual(placed(bench.tick()), ["x", "a:0", "a:1"]);
    bench.end("a:0");
    bench.end("x");
    assert.deepEqual(placed(bench.tick()), ["a:2", "y"]);
  });

  test("a retried child comes before its array's waiting siblings", () => {
    const bench = machine(1);
    bench.submit("a", { ...vcpus(1), arraySize: 3, retry: { attempts: 2, evaluateOnExit: [] } });
    bench.tick();
    bench.end("a:0", { exitCode: 1 });
    assert.deepEqual(placed(bench.tick()), ["a:0"]);
    bench.end("a:0");
    assert.deepEqual(placed(bench.tick()), ["a:1"]);
  });

  test("children that become ready out of order go by index", () => {
    const bench = machine(3);
    bench.submit("a", { ...vcpus(1), arraySize: 3 });
    bench.submit("b", { ...vcpus(1), arraySize: 3, dependsOn: [{ jobId: "a", type: "N_TO_N" }] });
    bench.tick();
    for (const id of ["a:2", "a:1"]) bench.end(id);
    assert.deepEqual(placed(bench.tick()), ["b:1", "b:2"]);
  });
});

describe("queues", () => {
  const low = { ...QUEUE, arn: "low", priority: 1 };
  const high = { ...QUEUE, arn: "high", priority: 10 };

  test("the queue of higher priority goes first; of equal ones, that of the lower name", () => {
    const bench = machine(1, { queues: [low, { ...low, arn: "also-low" }, high] });
    bench.submit("l", vcpus(1), "low");
    bench.submit("m", vcpus(1), "also-low");
    bench.submit("h", vcpus(1), "high");
    assert.deepEqual(placed(bench.tick()), ["h"]);
    bench.end("h");
    assert.deepEqual(placed(bench.tick()), ["m"]);
    bench.end("m");
    assert.deepEqual(placed(bench.tick()), ["l"]);
  });

  test("a blocked head holds up its own queue only", () => {
    const bench = machine(4, { queues: [low, high] });
    bench.submit("runs", vcpus(2), "high");
    bench.submit("blocked", vcpus(4), "high");
    bench.submit("behind", vcpus(1), "high");
    bench.submit("l", vcpus(1), "low");
    assert.deepEqual(placed(bench.tick()), ["runs", "l"]);
  });

  test("a priority that changes counts from the next tick on", () => {
    const bench = machine(1, { queues: [low, high] });
    bench.submit("x", vcpus(1), "high");
    bench.tick();
    bench.submit("l", vcpus(1), "low");
    bench.submit("h", vcpus(1), "high");
    bench.world.apply({ kind: "queues", queues: [{ ...low, priority: 20 }, high] });
    bench.end("x");
    assert.deepEqual(placed(bench.tick()), ["l"]);
  });

  test("jobs whose queue is gone end", () => {
    const bench = machine(1);
    bench.submit("late", vcpus(1), "gone");
    bench.submit("array", { ...vcpus(1), arraySize: 2 }, "gone");
    bench.tick();
    assert.equal(bench.state("late").statusReason, "JobQueue deleted");
    assert.equal(bench.state("array").statusReason, "JobQueue deleted");
  });
});

describe("environments", () => {
  const first = { ...ENVIRONMENT, arn: "first", maxVcpuMilli: 2000 };
  const second = { ...ENVIRONMENT, arn: "second", maxVcpuMilli: 2000 };
  const queues = [{ ...QUEUE, environmentArns: ["first", "second"] }];

  function environmentOf(bench: WorldBench, id: string): string | undefined {
    return bench.state(id).attempts.at(-1)?.environmentArn;
  }

  test("in their order, each up to its maximum", () => {
    const bench = machine(64, { environments: [second, first], queues });
    for (const id of ["a", "b", "c", "d", "e"]) bench.submit(id, vcpus(1));
    assert.deepEqual(placed(bench.tick()), ["a", "b", "c", "d"]);
    assert.deepEqual(
      ["a", "b", "c", "d"].map((id) => environmentOf(bench, id)),
      ["first", "first", "second", "second"],
    );
    bench.end("a");
    bench.tick();
    assert.equal(environmentOf(bench, "e"), "first");
  });

  test("one that is full for a job leaves it to the next", () => {
    const bench = machine(64, { environments: [first, { ...second, maxVcpuMilli: 8000 }], queues });
    bench.submit("a", vcpus(1));
    bench.submit("b", vcpus(2));
    bench.submit("c", vcpus(1));
    bench.tick();
    assert.deepEqual(
      ["a", "b", "c"].map((id) => environmentOf(bench, id)),
      ["first", "second", "first"],
    );
  });

  test("environments of several queues share the machine, and their maximum", () => {
    const bench = machine(3, {
      environments: [first],
      queues: ["p", "q"].map((arn) => ({ ...QUEUE, arn, environmentArns: ["first"] })),
    });
    for (const queue of ["p", "q"]) for (const n of [1, 2]) bench.submit(`${queue}${n}`, vcpus(1), queue);
    assert.deepEqual(placed(bench.tick()), ["p1", "p2"]);
  });

  test("only enabled and valid ones are used", () => {
    for (const change of [{ enabled: false }, { status: "INVALID" as const }, { status: "DELETING" as const }]) {
      const bench = machine(8, { environments: [{ ...first, ...change }, second], queues });
      bench.submit("a", vcpus(1));
      bench.tick();
      assert.equal(environmentOf(bench, "a"), "second");
    }
  });

  test("what runs in a disabled one goes on", () => {
    const bench = machine(8, { environments: [first], queues });
    bench.submit("a", vcpus(1));
    bench.tick();
    bench.world.apply({ kind: "environments", environments: [{ ...first, enabled: false }] });
    bench.submit("b", vcpus(1));
    const plan = bench.tick();
    assert.equal(bench.status("a"), "STARTING");
    assert.match(text(bench, plan, "b")!, /^ACTION_REQUIRED - /);
  });

  test("a Fargate environment is a share of the machine like any other", () => {
    const bench = machine(8, { environments: [{ ...first, isFargate: true }], queues });
    bench.submit("a", vcpus(0.25));
    assert.deepEqual(placed(bench.tick()), ["a"]);
  });

  test("the driver: the environment's own, else by the image and what there is", () => {
    for (const [driver, hasDocker, needsImage, expected] of [
      ["auto", true, true, "docker"],
      ["auto", true, false, "process"],
      ["auto", false, true, "process"],
      ["process", true, true, "process"],
      ["docker", true, false, "docker"],
    ] as const) {
      const bench = machine(8, { environments: [{ ...ENVIRONMENT, driver }], hasDocker });
      bench.submit("a", { ...vcpus(1), needsImage });
      bench.tick();
      assert.equal(bench.state("a").attempts[0]?.driver, expected);
    }
  });

  test("environments for containers are no help without an engine, however large", () => {
    const process = { ...first, driver: "process" as const, maxVcpuMilli: 2000 };
    const docker = { ...second, driver: "docker" as const, maxVcpuMilli: 8000 };
    const bench = machine(8, { environments: [process, docker], queues });
    bench.submit("a", vcpus(4));
    assert.match(text(bench, bench.tick(), "a")!, /^MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - /);
    const only = machine(8, { environments: [docker], queues });
    only.submit("a", vcpus(4));
    assert.match(text(only, only.tick(), "a")!, /no container engine answered/);
  });
});

describe("capacity", () => {
  test("is never exceeded, in vCPU or memory", () => {
    const bench = new WorldBench({ capacity: { vcpuMilli: 10_000, memoryMiB: 1_024 } });
    for (let n = 0; n < 50; n += 1) bench.submit(`job-${n}`, vcpus(0.25, 300));
    assert.equal(placed(bench.tick()).length, 3);
    assert.deepEqual(bench.world.used, { vcpuMilli: 750, memoryMiB: 900, gpus: 0 });
  });

  test("a machine that has become smaller places nothing until enough has ended", () => {
    const bench = machine(8);
    for (const id of ["a", "b", "c"]) bench.submit(id, vcpus(2));
    bench.tick();
    const small = machine(4);
    for (const job of bench.world.jobs.values()) small.world.apply({ kind: "job-admitted", job });
    small.submit("d", vcpus(1));
    assert.match(text(small, small.tick(), "d")!, /0 vCPU and \d+ MiB are free/);
    small.end("a");
    assert.deepEqual(placed(small.tick()), []);
    small.end("b");
    assert.deepEqual(placed(small.tick()), ["d"]);
  });

  test("a tick places at most a thousand, and says that there is more", () => {
    const bench = machine(5_000);
    bench.submit("a", { ...vcpus(1, 1), arraySize: 2_500 });
    const plans = [bench.tick(), bench.tick(), bench.tick()];
    assert.deepEqual(
      plans.map((plan) => [plan.changes.length, plan.isPartial]),
      [
        [1_000, true],
        [1_000, true],
        [500, false],
      ],
    );
  });
});

describe("why a job waits", () => {
  test("AWS's texts, where AWS has one", () => {
    const environments = [{ ...ENVIRONMENT, maxVcpuMilli: 4000 }];
    const cases: [WorldBench, ReturnType<typeof vcpus>, RegExp][] = [
      [
        machine(8, { environments: [] }),
        vcpus(1),
        /^ACTION_REQUIRED - CE\(s\) associated with the job queue are invalid\.$/,
      ],
      [
        machine(8, { environments }),
        vcpus(5),
        /^MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE\(s\) associated with the job queue cannot meet the CPU requirement of the job\.$/,
      ],
      [
        machine(2, { environments }),
        vcpus(3),
        /^MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - .* It asks for 3 vCPU and 512 MiB; the largest that fits is 2 vCPU and 100000 MiB\.$/,
      ],
      [machine(2, { environments }), vcpus(1, 512, 1), /^MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - .* 1 GPU; /],
    ];
    for (const [bench, requirements, expected] of cases) {
      bench.submit("a", requirements);
      assert.match(text(bench, bench.tick(), "a")!, expected);
    }
  });

  test("what is free is what the job could have: of the machine, and of the environment's maximum", () => {
    const bench = machine(8, { environments: [{ ...ENVIRONMENT, maxVcpuMilli: 2000 }] });
    bench.submit("a", vcpus(1.5));
    bench.submit("b", vcpus(1));
    const plan = bench.tick();
    assert.equal(
      text(bench, plan, "b"),
      "Waiting for capacity: it asks for 1 vCPU and 512 MiB; 0.5 vCPU and 99488 MiB are free.",
    );
  });

  test("every job behind the head names it, children too", () => {
    const bench = machine(1);
    bench.submit("runs", vcpus(1));
    bench.submit("a", { ...vcpus(1), arraySize: 3 });
    const plan = bench.tick();
    assert.match(text(bench, plan, "a:0")!, /^Waiting for capacity/);
    assert.equal(
      text(bench, plan, "a:2"),
      "Waiting for job a:0, which is before it in the queue and does not fit yet.",
    );
  });

  test("a queue in which nothing waits has no reason", () => {
    const bench = machine(1);
    bench.submit("runs", vcpus(1));
    assert.equal(reasonOf(bench, bench.tick(), "runs"), undefined);
  });
});

describe("cost", () => {
  /** How often a tick asks whether an entry still waits: the measure of what it looks at. */
  function countLooks(bench: WorldBench): () => number {
    let looks = 0;
    const { stillWaits } = bench.world;
    bench.world.stillWaits = (entry) => {
      looks += 1;
      return stillWaits.call(bench.world, entry);
    };
    return () => looks;
  }

  test("a tick costs in shapes and placements, not in waiting jobs", () => {
    const looksAt = (waiting: number): number => {
      const bench = machine(1);
      for (let n = 0; n < waiting; n += 1) bench.submit(`job-${n}`, { ...vcpus(1, 100 + (n % 20)) });
      bench.tick();
      const looks = countLooks(bench);
      for (let n = 0; n < 10; n += 1) {
        bench.end(`job-${n}`);
        assert.equal(bench.tick().changes.length, 1);
      }
      return looks();
    };
    const few = looksAt(100);
    assert.equal(looksAt(20_000), few);
    assert.ok(few <= 10 * 25, `${few} looks for 10 ticks and 20 shapes`);
  });
});

describe("arrays of which so many children may run at a time", () => {
  const array = (size: number, maxActiveChildren: number, more: Partial<Scheduling> = {}) => ({
    ...{ ...vcpus(1), arraySize: size, maxActiveChildren },
    ...more,
  });

  test("so many start, the next one when one has ended; others go past them", () => {
    const bench = machine(10);
    bench.submit("a", array(5, 2));
    bench.submit("b", vcpus(1));
    assert.deepEqual(placed(bench.tick()), ["a:0", "a:1", "b"]);
    assert.equal(bench.world.crowding("a"), 2);
    bench.start("a:0");
    assert.deepEqual(placed(bench.tick()), [], "RUNNING or STARTING, it is the same");
    bench.end("a:0");
    assert.equal(bench.world.crowding("a"), undefined);
    assert.deepEqual(placed(bench.tick()), ["a:2"]);
    bench.end("a:1", { exitCode: 1 });
    bench.end("a:2");
    assert.deepEqual(placed(bench.tick()), ["a:3", "a:4"]);
    bench.end("a:3");
    bench.end("a:4");
    bench.tick();
    assert.equal(bench.status("a"), "FAILED");
  });

  test("a retried child takes a place too, and comes first", () => {
    const bench = machine(10);
    bench.submit("a", array(4, 2, { retry: { attempts: 2, evaluateOnExit: [] } }));
    bench.tick();
    bench.end("a:1", { exitCode: 1 });
    bench.end("a:0", { exitCode: 1 });
    assert.deepEqual(placed(bench.tick()), ["a:0", "a:1"]);
    bench.end("a:1");
    assert.deepEqual(placed(bench.tick()), ["a:2"]);
  });

  test("the places are taken before capacity is asked for, and lack of capacity holds up what comes behind", () => {
    const bench = machine(2);
    bench.submit("a", array(9, 3));
    bench.submit("b", vcpus(1));
    const plan = bench.tick();
    assert.deepEqual(placed(plan), ["a:0", "a:1"]);
    assert.equal(plan.blocked.get("queue")?.head?.jobId, "a:2");
  });

  test("children with dependencies of their own: each is looked at once, however often the places change", () => {
    const size = 400;
    const bench = machine(1_000);
    bench.submit("a", { ...vcpus(1, 1), arraySize: size });
    bench.submit("b", array(size, 1, { dependsOn: [{ jobId: "a", type: "N_TO_N" }] }));
    bench.tick();
    for (let index = 0; index < size; index += 1) bench.end(`a:${index}`);
    let looks = 0;
    const { crowding } = bench.world;
    bench.world.crowding = (id) => {
      looks += 1;
      return crowding.call(bench.world, id);
    };
    for (let index = 0; index < size; index += 1) {
      assert.deepEqual(placed(bench.tick()), [`b:${index}`]);
      bench.end(`b:${index}`);
    }
    bench.tick();
    assert.equal(bench.status("b"), "SUCCEEDED");
    assert.ok(looks < 5 * size, `${looks} looks`);
  });

  test("who is cancelled among those that wait leaves the place to the next one", () => {
    const bench = machine(10);
    bench.submit("a", array(6, 1));
    bench.tick();
    for (const index of [1, 2, 5]) bench.stop(`a:${index}`, "cancel");
    bench.tick();
    bench.end("a:0");
    assert.deepEqual(placed(bench.tick()), ["a:3"]);
    bench.stop("a", "terminate");
    bench.tick();
    bench.end("a:3", {});
    bench.tick();
    assert.equal(bench.status("a"), "FAILED");
    bench.submit("b", vcpus(1));
    assert.deepEqual(placed(bench.tick()), ["b"]);
  });

  test("a new world counts those that run", () => {
    const bench = machine(10);
    const scheduling = { retry: { attempts: 1, evaluateOnExit: [] }, dependsOn: [], needsImage: false, ...array(4, 2) };
    const rest = { status: "RUNNABLE" as const };
    const job = (id: string, more: Partial<Job>): Job => ({
      ...{ id, seq: 1, queueArn: "queue", createdAt: 0, scheduling, state: { status: "PENDING", attempts: [], rest } },
      ...more,
    });
    const running: JobState = {
      status: "STARTING",
      attempts: [{ id: "attempt", driver: "fake", environmentArn: "environment" }],
    };
    bench.world.apply({ kind: "job-admitted", job: job("a", {}) });
    bench.world.apply({ kind: "job-admitted", job: job("a:0", { state: running, parent: { id: "a", index: 0 } }) });
    assert.deepEqual(placed(bench.tick()), ["a:1"]);
  });
});
