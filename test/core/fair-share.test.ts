import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shareTurns } from "../../src/core/explain/share-standings.ts";
import { waitingReason, waitingText } from "../../src/core/explain/waiting-reason.ts";
import { copyWorld } from "../../src/core/explain/copy-world.ts";
import { frontOf } from "../../src/core/front.ts";
import type { Scheduling } from "../../src/core/job.ts";
import { jobChange } from "../../src/core/job-change.ts";
import { ended } from "../../src/core/lifecycle.ts";
import { reservedVcpuMilli } from "../../src/core/order/reservation.ts";
import { ShareRecord, windowMs } from "../../src/core/order/share-ledger.ts";
import { UsageCurve } from "../../src/core/order/usage-curve.ts";
import { weightsOf } from "../../src/core/order/weights.ts";
import type { FairSharePolicy, ShareWeight } from "../../src/core/resources.ts";
import type { Plan } from "../../src/core/plan.ts";
import { schedule } from "../../src/core/schedule.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const POLICY: FairSharePolicy = {
  kind: "fair-share",
  arn: "policy",
  decaySeconds: 0,
  reservationPercent: 0,
  weights: [],
};

/** A machine of so many vCPUs, and one queue with a fair-share policy. */
function machine(vcpus: number, policy: Partial<FairSharePolicy> = {}, maxRunningJobs?: number): WorldBench {
  const queue = { ...QUEUE, policyArn: POLICY.arn, ...(maxRunningJobs !== undefined && { maxRunningJobs }) };
  const bench = new WorldBench({
    capacity: { vcpuMilli: vcpus * 1000, memoryMiB: 1_000_000 },
    queues: [queue],
    environments: [{ ...ENVIRONMENT, maxVcpuMilli: vcpus * 1000 }],
  });
  update(bench, policy);
  return bench;
}

function update(bench: WorldBench, policy: Partial<FairSharePolicy>): void {
  bench.world.apply({ kind: "scheduling-policies", policies: [{ ...POLICY, ...policy }] });
}

function of(share: string, more: { vcpus?: number; priority?: number } = {}): Partial<Scheduling> {
  const { vcpus = 1, priority } = more;
  const requirements = { vcpuMilli: vcpus * 1000, memoryMiB: 1, gpus: 0 };
  return { share, requirements, ...(priority !== undefined && { priority }) };
}

function submit(bench: WorldBench, share: string, count: number, more: Parameters<typeof of>[1] = {}): void {
  for (let nth = 1; nth <= count; nth += 1) bench.submit(`${share}${nth}`, of(share, more));
}

function placed(plan: Plan): string {
  return plan.changes.map((change) => ("jobId" in change ? change.jobId : "?")).join(" ");
}

/** Runs what was placed for so many seconds, and ends it. */
function run(bench: WorldBench, ids: readonly string[], seconds: number): void {
  for (const id of ids) bench.start(id);
  bench.now += seconds * 1000;
  for (const id of ids) bench.end(id);
}

function text(bench: WorldBench, plan: Plan, id: string): string | undefined {
  const job = bench.world.jobs.get(id)!;
  const reason = waitingReason(plan, job);
  return reason && waitingText(reason, job.scheduling.requirements);
}

describe("weights", () => {
  const weights: readonly ShareWeight[] = [
    { identifier: "red", weight: 0.5 },
    { identifier: "user*", weight: 2 },
    { identifier: "admin*", weight: 0.25 },
  ];
  const examples: readonly [active: readonly string[], expected: Record<string, number>][] = [
    [["red"], { red: 0.5 }],
    [["blue"], { blue: 1 }],
    [["userA"], { userA: 2 }],
    [["userA", "userB"], { userA: 4, userB: 4 }],
    [["userA", "userB", "userC", "red"], { userA: 6, userB: 6, userC: 6, red: 0.5 }],
    [["admin1", "admin2", "user"], { admin1: 0.5, admin2: 0.5, user: 2 }],
    [["redder"], { redder: 1 }],
  ];
  for (const [active, expected] of examples) {
    test(`${active.join(", ")}: ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(Object.fromEntries(weightsOf(weights, active)), expected);
    });
  }
});

describe("reservation: (percent / 100) ^ active shares of the maximum", () => {
  const examples: readonly [percent: number, active: number, maxVcpus: number, vcpus: number][] = [
    [50, 1, 256, 128],
    [50, 2, 256, 64],
    [50, 3, 256, 32],
    [25, 1, 256, 64],
    [25, 2, 256, 16],
    [25, 3, 256, 4],
    [0, 1, 256, 0],
    [99, 1, 100, 99],
    [50, 20, 256, 0],
  ];
  for (const [percent, active, max, vcpus] of examples) {
    test(`${percent} %, ${active} active, ${max} vCPU: ${vcpus} are kept free`, () => {
      assert.equal(Math.floor(reservedVcpuMilli(percent, active, max * 1000) / 1000), vcpus);
    });
  }
});

describe("usage over time", () => {
  test("what is used in a window, whatever the window", () => {
    const curve = new UsageCurve();
    curve.begin(2000, 100);
    curve.begin(1000, 200);
    curve.end(2000, 300);
    // 2 vCPU from 100 to 300, 1 vCPU from 200 on.
    const examples = [
      [0, 100, 0],
      [0, 200, 200_000],
      [100, 150, 100_000],
      [150, 250, 250_000],
      [200, 300, 300_000],
      [300, 1000, 700_000],
      [0, 1000, 1_200_000],
    ] as const;
    for (const [from, to, used] of examples) assert.equal(curve.between(from, to), used, `${from} to ${to}`);
  });

  test("what is told late counts from when it was", () => {
    const curve = new UsageCurve();
    curve.begin(1000, 500);
    curve.begin(3000, 100);
    curve.end(3000, 400);
    assert.equal(curve.between(0, 600), 900_000 + 100_000);
    assert.equal(curve.between(200, 300), 300_000);
  });

  test("it stays small, and right in all that is recent", () => {
    const curve = new UsageCurve();
    for (let at = 0; at < 100_000; at += 1) {
      curve.begin(1000, at * 10);
      curve.end(1000, at * 10 + 5);
    }
    assert.ok(Math.abs(curve.between(0, 1_000_000) - 500_000_000) < 10_000);
    assert.ok(Math.abs(curve.between(990_000, 1_000_000) - 5_000_000) < 10_000);
  });

  const VCPU_SECOND = 1_000_000;
  const at = (seconds: number): number => seconds * 1000;

  test("T: vCPUs times the seconds that attempts ran within the window of 600 s", () => {
    const share = new ShareRecord();
    share.attemptChanged("ended", 2000, { startedAt: at(0), stoppedAt: at(100) });
    share.attemptChanged("runs", 1000, { startedAt: at(200) });
    const examples = [
      [200 + 60, 200 + 60],
      [500, 200 + 300],
      [650, 100 + 450],
      [700, 0 + 500],
      [2000, 600],
    ] as const;
    for (const [now, expected] of examples) {
      assert.equal(share.usage(at(now), windowMs(0)) / VCPU_SECOND, expected, `after ${now} s`);
    }
  });

  test("an attempt counts from its placement as having run a tenth of the window, until it has", () => {
    const share = new ShareRecord();
    share.attemptChanged("a", 1000, {});
    assert.equal(share.usage(at(0), windowMs(0)) / VCPU_SECOND, 60);
    share.attemptChanged("a", 1000, { startedAt: at(10) });
    for (const [now, expected] of [
      [10, 60],
      [40, 60],
      [70, 60],
      [71, 61],
      [110, 100],
    ] as const) {
      assert.equal(share.usage(at(now), windowMs(0)) / VCPU_SECOND, expected, `after ${now} s`);
    }
    share.attemptChanged("a", 1000, { startedAt: at(10), stoppedAt: at(110) });
    assert.equal(share.usage(at(110), windowMs(0)) / VCPU_SECOND, 100);
  });

  test("one that is over before it counts in full counts what it ran", () => {
    const share = new ShareRecord();
    share.attemptChanged("a", 1000, { startedAt: at(0) });
    share.attemptChanged("a", 1000, { startedAt: at(0), stoppedAt: at(5) });
    assert.equal(share.usage(at(5), windowMs(0)) / VCPU_SECOND, 5);
    share.attemptChanged("a", 1000, { startedAt: at(0), stoppedAt: at(5) });
  });
});

describe("order", () => {
  test("equal shares take turns, the one that waits longest first", () => {
    const bench = machine(6);
    submit(bench, "a", 9);
    submit(bench, "b", 9);
    assert.equal(placed(bench.tick()), "a1 b1 a2 b2 a3 b3");
  });

  test("what waits for a consumable resource stands aside, and does not count for whose turn it is", () => {
    const bench = machine(1);
    const consumables = [{ arn: "licence", quantity: 1 }];
    bench.submit("runs", of("z"));
    bench.tick();
    bench.submit("a-licence", { ...of("a"), consumables });
    submit(bench, "b", 1);
    submit(bench, "a", 1);
    bench.tick();
    const before = shareTurns(bench.world, bench.world.jobs.get("a1")!)!.before.map(({ share }) => share);
    assert.deepEqual(before, ["b"], "and so it is explained");
    bench.end("runs");
    assert.equal(placed(bench.tick()), "b1");
  });

  test("a job of a share that nobody has yet is told the weight of that share", () => {
    const bench = machine(1, { weights: [{ identifier: "light", weight: 0.25 }] });
    bench.submit("runs", of("z"));
    bench.tick();
    submit(bench, "a", 3);
    bench.tick();
    const { scheduling, ...job } = bench.world.jobs.get("a3")!;
    const proposed = { ...job, id: "new", seq: 99, scheduling: { ...scheduling, ...of("light") } };
    assert.equal(shareTurns(bench.world, proposed)!.own.weight, 0.25);
  });

  test("half the weight is twice the share", () => {
    const bench = machine(6, { weights: [{ identifier: "b", weight: 0.5 }] });
    submit(bench, "a", 9);
    submit(bench, "b", 9);
    // a 60, b 30, b 60: equal, and a has waited longer; and so on.
    assert.equal(placed(bench.tick()), "a1 b1 b2 a2 b3 b4");
  });

  test("two identifiers of a prefix have its weight together", () => {
    const bench = machine(6, { weights: [{ identifier: "user*", weight: 1 }] });
    submit(bench, "userA", 9);
    submit(bench, "userB", 9);
    submit(bench, "z", 9);
    assert.equal(placed(bench.tick()).replaceAll("user", ""), "A1 B1 z1 z2 A2 B2");
  });

  test("who used less lately is served until it has used as much", () => {
    const bench = machine(2);
    submit(bench, "a", 2);
    bench.tick();
    run(bench, ["a1", "a2"], 100);
    for (const id of ["a3", "a4", "a5", "a6"]) bench.submit(id, of("a"));
    submit(bench, "b", 9);
    // T of a is 200 vCPU-seconds: b may have three charges of 60 before it is beyond that.
    assert.equal(placed(bench.tick()), "b1 b2");
    run(bench, ["b1", "b2"], 90);
    assert.equal(placed(bench.tick()), "b3 a3");
  });

  test("what was used before the window does not count", () => {
    const bench = machine(1, { decaySeconds: 1000 });
    bench.submit("a1", of("a"));
    bench.tick();
    run(bench, ["a1"], 500);
    bench.now += 999_000;
    bench.submit("a2", of("a"));
    bench.submit("b1", of("b"));
    assert.equal(placed(bench.tick()), "b1");
    run(bench, ["b1"], 2);
    assert.equal(placed(bench.tick()), "a2");
  });

  test("large jobs count by their vCPUs", () => {
    const bench = machine(8);
    submit(bench, "a", 9, { vcpus: 2 });
    submit(bench, "b", 9);
    assert.equal(placed(bench.tick()), "a1 b1 b2 a2 b3 b4");
  });

  test("priority counts within a share, and not between shares", () => {
    const bench = machine(3);
    bench.submit("a-low", of("a", { priority: 1 }));
    bench.submit("a-high", of("a", { priority: 5 }));
    bench.submit("b-highest", of("b", { priority: 9 }));
    assert.equal(placed(bench.tick()), "a-high b-highest a-low");
  });

  test("a priority that is changed changes the place", () => {
    const bench = machine(1);
    bench.submit("first", of("a", { priority: 3 }));
    bench.submit("second", of("a", { priority: 2 }));
    bench.world.apply({ kind: "job-priority", jobId: "second", priority: 4 });
    assert.equal(placed(bench.tick()), "second");
    bench.end("second");
    bench.world.apply({ kind: "job-priority", jobId: "first", priority: 1 });
    bench.world.apply({ kind: "job-priority", jobId: "first", priority: 3 });
    assert.equal(placed(bench.tick()), "first");
  });

  test("an updated policy counts at once", () => {
    const bench = machine(1);
    submit(bench, "a", 3);
    bench.tick();
    run(bench, ["a1"], 10);
    submit(bench, "b", 3);
    update(bench, {
      weights: [
        { identifier: "b", weight: 500 },
        { identifier: "a", weight: 0.001 },
      ],
    });
    bench.submit("a4", of("a"));
    assert.equal(placed(bench.tick()), "b1", "nothing used is nothing, whatever the weight");
    run(bench, ["b1"], 1);
    assert.equal(placed(bench.tick()), "a2");
  });

  test("the front of the queue is the order in which the jobs would be placed", () => {
    const bench = machine(1);
    bench.submit("runs", of("z"));
    bench.tick();
    bench.submit("array", { ...of("a"), arraySize: 3 });
    submit(bench, "b", 3);
    bench.tick();
    assert.deepEqual(frontOf(bench.world, "queue", 5), ["array:0", "b1", "array:1", "b2", "array:2"]);
  });

  test("the front of a queue of one place is what is placed when there is room, ties and weights included", () => {
    const submitted = (vcpus: number): WorldBench => {
      const bench = machine(vcpus, { weights: [{ identifier: "c", weight: 0.3 }] });
      for (const id of ["b1", "a1", "c1", "a2", "c2", "c3", "b2", "c4", "a3", "b3"]) bench.submit(id, of(id[0]!));
      return bench;
    };
    assert.equal(frontOf(submitted(1).world, "queue", 10).join(" "), placed(submitted(10).tick()));
  });

  test("a copy of the world has the same order, and goes its own way", () => {
    const bench = machine(2);
    submit(bench, "a", 2);
    bench.tick();
    run(bench, ["a1"], 100);
    bench.submit("runs", of("c"));
    bench.tick();
    for (const id of ["a3", "b1", "c1", "a4", "b2"]) bench.submit(id, of(id[0]!));
    bench.tick();
    const before = frontOf(bench.world, "queue", 9);
    const copy = copyWorld(bench.world);
    assert.deepEqual(frontOf(copy, "queue", 9), before);
    for (const id of ["a2", "runs"]) {
      const job = copy.jobs.get(id)!;
      copy.apply(jobChange(copy, job, ended(job, { at: bench.now + 50_000, exitCode: 0 })));
    }
    assert.equal(schedule(copy, bench.now + 50_000).changes.length, 2);
    assert.deepEqual(frontOf(bench.world, "queue", 9), before);
  });

  test("children that wait for their siblings are in the front too", () => {
    const bench = machine(4);
    bench.submit("array", { ...of("a"), arraySize: 3, maxActiveChildren: 1 });
    bench.tick();
    submit(bench, "b", 4);
    bench.tick();
    // a has used 60 and b 180: a has two more turns.
    assert.deepEqual(frontOf(bench.world, "queue", 9), ["array:1", "array:2", "b4"]);
  });
});

describe("blocking", () => {
  test("a large job of the neediest share is not starved by the small ones of others", () => {
    const bench = machine(4);
    submit(bench, "small", 4);
    bench.tick();
    bench.submit("large", of("big", { vcpus: 4 }));
    for (let nth = 5; nth < 12; nth += 1) bench.submit(`small${nth}`, of("small"));
    for (const id of ["small1", "small2", "small3"]) {
      bench.end(id);
      const plan = bench.tick();
      assert.equal(placed(plan), "");
      assert.equal(
        text(bench, plan, "small5"),
        "Waiting for job large, which is before it in the queue and does not fit yet.",
      );
    }
    bench.end("small4");
    assert.equal(placed(bench.tick()), "large");
  });

  test("a job that can never start holds up its own share only", () => {
    const bench = machine(2);
    bench.submit("impossible", of("a", { vcpus: 3 }));
    bench.submit("behind", of("a"));
    submit(bench, "b", 1);
    const plan = bench.tick();
    assert.equal(placed(plan), "b1");
    assert.match(text(bench, plan, "impossible")!, /^MISCONFIGURATION:/);
    assert.equal(
      text(bench, plan, "behind"),
      "Waiting for job impossible, which is before it in the queue and does not fit yet.",
    );
  });

  test("a reservation of 50 % with one, two and three active shares of 8 vCPUs", () => {
    const bench = machine(8, { reservationPercent: 50 });
    submit(bench, "a", 9);
    const plan = bench.tick();
    assert.equal(placed(plan), "a1 a2 a3 a4");
    assert.equal(
      text(bench, plan, "a5"),
      "Waiting for capacity: 4 vCPU are kept free for shares that are not active yet (computeReservation, with 1 active).",
    );
    submit(bench, "b", 9);
    assert.equal(placed(bench.tick()), "b1 b2");
    submit(bench, "c", 9);
    assert.equal(placed(bench.tick()), "c1");
  });

  test("the reservation does not hide that a job can never start", () => {
    const bench = machine(8, { reservationPercent: 50 });
    submit(bench, "a", 1);
    bench.submit("impossible", of("a", { vcpus: 9 }));
    assert.match(text(bench, bench.tick(), "impossible")!, /^MISCONFIGURATION:/);
  });

  test("nothing is reserved of a service environment, which counts instances", () => {
    const bench = machine(8, { reservationPercent: 50 });
    const maxInstances = new Map([["NUM_INSTANCES", 3]]);
    bench.world.apply({
      kind: "environments",
      environments: [{ ...ENVIRONMENT, maxVcpuMilli: Infinity, maxInstances }],
    });
    for (const id of ["a1", "a2", "a3", "a4"]) {
      bench.submit(id, { ...of("a"), instances: [{ type: "ml.g6.xlarge", count: 1 }] });
    }
    assert.equal(placed(bench.tick()), "a1 a2 a3");
  });

  test("a share without jobs stays active for the decay time, and its reservation with it", () => {
    const bench = machine(8, { reservationPercent: 50, decaySeconds: 1000 });
    bench.submit("b1", of("b"));
    bench.tick();
    run(bench, ["b1"], 1);
    submit(bench, "a", 9);
    assert.equal(placed(bench.tick()), "a1 a2 a3 a4 a5 a6", "two are active");
    for (const id of ["a1", "a2", "a3"]) bench.end(id);
    bench.now += 1_000_000;
    assert.equal(placed(bench.tick()), "a7", "one is active");
  });

  test("who holds nothing may start one job beyond the reservation: it would wait for ever", () => {
    const bench = machine(8, { reservationPercent: 50 });
    submit(bench, "a", 2, { vcpus: 6 });
    assert.equal(placed(bench.tick()), "a1");
    bench.end("a1");
    assert.equal(placed(bench.tick()), "a2");
  });

  test("backfill keeps to the maximum of running jobs, and a full queue rests", () => {
    const bench = machine(8, {}, 2);
    bench.world.apply({
      kind: "queues",
      queues: [{ ...QUEUE, policyArn: POLICY.arn, maxRunningJobs: 2, backfills: true }],
    });
    submit(bench, "a", 1, { vcpus: 8 });
    bench.tick();
    submit(bench, "b", 1, { vcpus: 2 });
    const full = bench.tick();
    assert.equal(placed(full), "");
    bench.end("a1");
    submit(bench, "c", 3);
    const plan = bench.tick();
    assert.equal(placed(plan), "b1 c1");
    assert.deepEqual([full.isPartial, plan.isPartial, bench.tick().isPartial], [false, false, false]);
  });

  test("a queue's maximum of running jobs", () => {
    const bench = machine(8, {}, 2);
    submit(bench, "a", 3);
    const plan = bench.tick();
    assert.equal(placed(plan), "a1 a2");
    assert.equal(
      text(bench, plan, "a3"),
      "Waiting for jobs of its queue to end: 2 of them run, and not more may at a time (tag longshore:max-running-jobs).",
    );
    bench.end("a1");
    assert.equal(placed(bench.tick()), "a3");
  });
});

test("time alone may give the turn to another share, and the plan says when", () => {
  const bench = machine(4);
  bench.submit("early", of("early", { vcpus: 2 }));
  bench.tick();
  run(bench, ["early"], 300); // 600 vCPU s
  bench.submit("late", of("late", { vcpus: 4 }));
  bench.tick();
  run(bench, ["late"], 100); // 400 vCPU s
  bench.submit("holder", of("other", { vcpus: 2 }));
  bench.tick();
  bench.start("holder");
  bench.submit("large", of("late", { vcpus: 4 }));
  bench.submit("small", of("early"));
  let plan = bench.tick();
  assert.equal(plan.blocked.get("queue")?.head?.jobId, "large", "400 are less than 600");
  const from = bench.now - 400_000;
  for (let ticks = 0; placed(plan) === "" && ticks < 10; ticks += 1) {
    bench.now = plan.wakeAt!;
    plan = bench.tick();
  }
  assert.equal(placed(plan), "small");
  // After 600 s it begins to leave the window, 2 vCPU s each second; 100 s later less than 400 are left of it.
  assert.equal(bench.now - from, 700_001);
});
