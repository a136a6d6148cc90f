import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LOOK_BEHIND } from "../../src/core/backfill/gap-filler.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { InstanceType } from "../../src/core/instances/instance.ts";
import type { Plan } from "../../src/core/plan.ts";
import { instanceType, runInstances, withInstances } from "../support/instances.ts";
import type { WorldOptions } from "../support/world.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const BACKFILLING = { ...QUEUE, backfills: true };

/** So many vCPU, and for how many seconds an attempt is expected to run; without them nobody knows. */
function job(vcpus: number, expectedSeconds?: number, more: Partial<Scheduling> = {}): Partial<Scheduling> {
  const requirements = { vcpuMilli: vcpus * 1000, memoryMiB: 10, gpus: 0 };
  return { requirements, ...(expectedSeconds !== undefined && { expectedSeconds }), ...more };
}

function machine(vcpus: number, more: WorldOptions = {}): WorldBench {
  return new WorldBench({ capacity: { vcpuMilli: vcpus * 1000, memoryMiB: 1000 }, queues: [BACKFILLING], ...more });
}

function placed(plan: Plan): string[] {
  return plan.changes.map(({ jobId }) => jobId);
}

/** What a tick places, begun at once. */
function run(bench: WorldBench): string[] {
  const ids = placed(bench.tick());
  for (const id of ids) bench.start(id);
  return ids;
}

/** 4 of 10 vCPU are held for 100 s from now; the head asks for 8. */
function blocked(head = job(8), holder = job(4, 100)): WorldBench {
  const bench = machine(10);
  bench.submit("holder", holder);
  run(bench);
  bench.submit("head", head);
  return bench;
}

describe("beside a head that waits for 4 of 10 vCPU for 100 s", () => {
  for (const [what, behind, starts] of [
    ["a job that is over by then", job(6, 100), true],
    ["one that may be over too late", job(6, 101), false],
    ["one of which nobody knows the end", job(6), false],
    ["one without end that leaves enough for the head", job(2), true],
    ["one without end that leaves too little", job(3), false],
    ["one that has to be over by then, with the time to stop it", job(6, undefined, { timeoutSeconds: 70 }), true],
    ["one whose timeout is too late, with the time to stop it", job(6, undefined, { timeoutSeconds: 71 }), false],
    ["one that is expected to end before its timeout", job(6, 100, { timeoutSeconds: 1000 }), true],
    ["one that does not fit now", job(7, 10), false],
    [
      "one that may be tried again, if the last attempt is over by then",
      job(6, 50, { retry: { attempts: 2, evaluateOnExit: [] } }),
      true,
    ],
    [
      "one that may be tried again, if the last attempt may be over too late",
      job(6, 51, { retry: { attempts: 2, evaluateOnExit: [] } }),
      false,
    ],
  ] as const) {
    test(`${what} ${starts ? "starts" : "waits"}`, () => {
      const bench = blocked();
      bench.submit("behind", behind);
      assert.deepEqual(run(bench), starts ? ["behind"] : []);
    });
  }
});

test("those behind are tried in their order; each takes of what is to spare", () => {
  const bench = blocked();
  bench.submit("a", job(1));
  bench.submit("b", job(2));
  bench.submit("c", job(1));
  bench.submit("d", job(1));
  bench.submit("e", job(4, 100));
  assert.deepEqual(run(bench), ["a", "c", "e"]);
  bench.now += 100_000;
  for (const id of ["holder", "e"]) bench.end(id);
  assert.deepEqual(run(bench), ["head"]);
});

test("when the holder ends early, the head starts at once, and all others have to wait for what is left", () => {
  const bench = blocked();
  bench.submit("behind", job(2, 100));
  assert.deepEqual(run(bench), ["behind"]);
  bench.end("holder");
  assert.deepEqual(run(bench), ["head"]);
});

test("children of an array fill gaps one by one, and their array goes on later", () => {
  const bench = blocked();
  bench.submit("array", job(3, 100, { arraySize: 4 }));
  assert.deepEqual(run(bench), ["array:0", "array:1"]);
  bench.now += 1000;
  bench.end("array:1");
  assert.deepEqual(run(bench), [], "a child that began now could be over too late");
  bench.submit("shorter", job(3, 99));
  assert.deepEqual(run(bench), ["shorter"]);
  for (const id of ["holder", "array:0", "shorter"]) bench.end(id);
  assert.deepEqual(run(bench), ["head"]);
  bench.end("head");
  assert.deepEqual(run(bench), ["array:2", "array:3"]);
});

test("a child at the head waits like any other job", () => {
  const bench = blocked(job(8, 10, { arraySize: 2 }));
  bench.submit("behind", job(6, 100));
  bench.submit("late", job(1, 101));
  assert.deepEqual(run(bench), ["behind"]);
  bench.now += 100_000;
  for (const id of ["holder", "behind"]) bench.end(id);
  assert.deepEqual(run(bench), ["head:0", "late"]);
});

describe("when nobody knows when the head can start", () => {
  test("what it waits for may come free at any moment: nobody takes of it", () => {
    const bench = blocked(job(8), job(4));
    bench.submit("behind", job(1, 1));
    assert.deepEqual(run(bench), []);
  });

  test("what it does not wait for may be taken, as far as it leaves enough", () => {
    const memory = (vcpus: number, memoryMiB: number): Partial<Scheduling> => ({
      requirements: { vcpuMilli: vcpus * 1000, memoryMiB, gpus: 0 },
    });
    const bench = blocked(memory(4, 800), memory(4, 300));
    bench.submit("some", memory(1, 0));
    bench.submit("with memory", memory(1, 1));
    bench.submit("too much", memory(2, 0));
    assert.deepEqual(run(bench), ["some"]);
  });

  test("an environment that it cannot use is free for all", () => {
    const [small, large] = [
      { ...ENVIRONMENT, arn: "small", maxVcpuMilli: 2000 },
      { ...ENVIRONMENT, arn: "large", maxVcpuMilli: 8000 },
    ];
    const queues = [{ ...BACKFILLING, environmentArns: ["large", "small"] }];
    const bench = machine(100, { environments: [small, large], queues });
    bench.submit("holder", job(4));
    run(bench);
    bench.submit("head", job(8));
    bench.submit("behind", job(2));
    assert.deepEqual(run(bench), ["behind"]);
    assert.equal(bench.state("behind").attempts[0]?.environmentArn, "small");
  });
});

test("a head that could not start if nothing ran holds up nobody", () => {
  const bench = machine(10);
  bench.submit("head", job(11));
  bench.submit("behind", job(10));
  assert.deepEqual(run(bench), ["behind"]);
});

test("the head has its place in the environment in which it can start first; others may have all of the other one", () => {
  const environments = ["first", "second"].map((arn) => ({ ...ENVIRONMENT, arn, maxVcpuMilli: 4000 }));
  const bench = machine(100, {
    environments,
    queues: [{ ...BACKFILLING, environmentArns: ["first", "second"] }],
  });
  bench.submit("long", job(2, 200));
  bench.submit("wide", job(3, 100));
  run(bench);
  bench.submit("head", job(4));
  bench.submit("behind", job(2));
  assert.deepEqual(run(bench), ["behind"]);
  assert.equal(bench.state("behind").attempts[0]?.environmentArn, "first", "the head will be in the second");
  bench.now += 100_000;
  bench.end("wide");
  assert.deepEqual(run(bench), ["head"]);
});

test("who runs longer than expected may end at any moment: nothing is put in the head's way any more", () => {
  const bench = blocked();
  bench.now += 100_001;
  bench.submit("in the way", job(6, 1));
  bench.submit("beside", job(2));
  assert.deepEqual(run(bench), ["beside"]);
});

test("who was told to stop is gone after the time it has for that", () => {
  const bench = blocked(job(8), job(4));
  bench.stop("holder", "terminate");
  bench.submit("longer", job(6, 31));
  bench.submit("shorter", job(6, 30));
  assert.deepEqual(run(bench), ["shorter"]);
});

test("what the head needs of a consumable resource is not taken from it, not even for a while", () => {
  const needs = (quantity: number) => ({ consumables: [{ arn: "licences", quantity }] });
  const bench = machine(10);
  bench.consumables({ arn: "licences", total: 5, isReplenishable: true });
  bench.submit("holder", job(4, 100));
  run(bench);
  bench.submit("head", job(8, 10, needs(4)));
  bench.submit("takes two", job(1, 1, needs(2)));
  bench.submit("takes one", job(1, 1, needs(1)));
  assert.deepEqual(run(bench), ["takes one"]);
});

describe("on instances", () => {
  const LARGE = instanceType("large", 4);
  const SMALL = instanceType("small", 2);

  function cluster(
    types: readonly InstanceType[],
    maxVcpuMilli = 12_000,
  ): { bench: WorldBench; placeOf: (id: string) => number } {
    const environments = [withInstances({ types: [SMALL, LARGE] }, { maxVcpuMilli })];
    const bench = new WorldBench({ environments, queues: [BACKFILLING] });
    const ids = runInstances(bench.world, types);
    return { bench, placeOf: (id) => ids.indexOf(bench.state(id).attempts[0]!.instanceIds![0]!) };
  }

  function gang(count: number, vcpus: number): Partial<Scheduling> {
    const eachNode = { vcpuMilli: vcpus * 1000, memoryMiB: 10, gpus: 0 };
    const requirements = { vcpuMilli: count * vcpus * 1000, memoryMiB: count * 10, gpus: 0 };
    return { requirements, eachNode, nodes: { count, main: 0 } };
  }

  test("the instance that is free for the head first is kept for it; what is over by then, and all others, may have the rest", () => {
    const { bench, placeOf } = cluster([LARGE, LARGE]);
    for (const [id, seconds] of [
      ["soon", 100],
      ["later", 200],
    ] as const) {
      bench.submit(id, job(3, seconds));
    }
    run(bench);
    bench.submit("head", job(4));
    bench.submit("endless", job(1));
    bench.submit("short", job(1, 100));
    bench.submit("too long", job(1, 101));
    assert.deepEqual(run(bench), ["endless", "short"]);
    assert.deepEqual([placeOf("endless"), placeOf("short")], [1, 0]);
    bench.now += 100_000;
    for (const id of ["soon", "short"]) bench.end(id);
    assert.deepEqual(run(bench), ["head"]);
  });

  test("for a job of several nodes, as many instances of one type as are empty first", () => {
    const { bench, placeOf } = cluster([LARGE, LARGE, LARGE]);
    for (const [id, seconds] of [
      ["a", 300],
      ["b", 100],
      ["c", 200],
    ] as const) {
      bench.submit(id, job(3, seconds));
    }
    run(bench);
    bench.submit("head", gang(2, 1));
    bench.submit("endless", job(1));
    bench.submit("another endless", job(1));
    bench.submit("short", job(1, 200));
    assert.deepEqual(run(bench), ["endless", "short"]);
    assert.deepEqual([placeOf("endless"), placeOf("short")], [0, 1]);
    bench.now += 200_000;
    for (const id of ["b", "c", "short"]) bench.end(id);
    assert.deepEqual(run(bench), ["head"]);
  });

  test("when nobody knows when there will be one for the head, those that it could be on are kept for it", () => {
    const { bench, placeOf } = cluster([LARGE, SMALL]);
    bench.submit("holder", job(1));
    run(bench);
    bench.submit("head", job(4));
    bench.submit("behind", job(1));
    assert.deepEqual(run(bench), ["behind"]);
    assert.deepEqual([placeOf("holder"), placeOf("behind")], [0, 1]);
  });

  test("when others may have to go before one can be launched for the head, nobody goes before it there", () => {
    const { bench } = cluster([SMALL, SMALL], 6_000);
    bench.submit("holder", job(1));
    run(bench);
    bench.submit("head", job(4));
    bench.submit("behind", job(1, 1));
    assert.deepEqual(run(bench), []);
  });
});

test("of a queue's maximum of running jobs, one is left to the head", () => {
  const bench = machine(10, { queues: [{ ...BACKFILLING, maxRunningJobs: 3 }] });
  bench.submit("holder", job(4, 100));
  run(bench);
  bench.submit("head", job(8));
  for (const id of ["a", "b"]) bench.submit(id, job(1));
  assert.deepEqual(run(bench), ["a"]);
  assert.equal(bench.tick().isPartial, false);
  bench.end("holder");
  assert.deepEqual(run(bench), ["head", "b"]);
});

test("with a fair-share policy others have their turns beside the head, as far as that does not delay it", () => {
  const queues = [{ ...BACKFILLING, policyArn: "policy" }];
  const bench = machine(10, { queues });
  const policy = { kind: "fair-share", arn: "policy", decaySeconds: 0, reservationPercent: 0, weights: [] } as const;
  bench.world.apply({ kind: "scheduling-policies", policies: [policy] });
  bench.submit("holder", job(4, 100, { share: "a" }));
  run(bench);
  bench.submit("head", job(8, 10, { share: "b" }));
  bench.submit("too long", job(3, 101, { share: "c" }));
  bench.submit("short", job(3, 100, { share: "c" }));
  bench.submit("beside", job(2, undefined, { share: "d" }));
  assert.deepEqual(run(bench).sort(), ["beside", "short"]);
});

test("without the tag nobody passes the head; with it, from the next tick on", () => {
  const bench = blocked();
  bench.submit("behind", job(2));
  bench.world.apply({ kind: "queues", queues: [QUEUE] });
  assert.deepEqual(run(bench), []);
  bench.world.apply({ kind: "queues", queues: [BACKFILLING] });
  assert.deepEqual(run(bench), ["behind"]);
});

test("a job that started out of its turn and comes back is there once", () => {
  const bench = blocked();
  bench.submit("retried", job(6, 10, { retry: { attempts: 3, evaluateOnExit: [] } }));
  assert.deepEqual(run(bench), ["retried"]);
  bench.end("retried", { exitCode: 1 });
  assert.deepEqual(run(bench), ["retried"]);
  bench.end("retried");
  bench.end("holder");
  assert.deepEqual(run(bench), ["head"]);
  assert.deepEqual(run(bench), []);
});

test("so many of those behind are looked at, and no more", () => {
  const bench = blocked();
  for (let n = 0; n < LOOK_BEHIND; n += 1) bench.submit(`long-${n}`, job(6, 101));
  bench.submit("short", job(6, 1));
  assert.deepEqual(run(bench), []);
  bench.stop("long-0", "cancel");
  assert.deepEqual(run(bench), ["short"]);
});

test("what waits behind those that are looked at costs nothing", () => {
  const looksAt = (waiting: number): number => {
    const bench = blocked();
    for (let n = 0; n < waiting; n += 1) bench.submit(`job-${n}`, job(5 + (n % 2), 101));
    run(bench);
    let looks = 0;
    const { stillWaits } = bench.world;
    bench.world.stillWaits = (entry) => {
      looks += 1;
      return stillWaits.call(bench.world, entry);
    };
    run(bench);
    return looks;
  };
  const few = looksAt(2 * LOOK_BEHIND);
  assert.equal(looksAt(10 * LOOK_BEHIND), few);
  assert.ok(few <= LOOK_BEHIND + 10, `${few} looks`);
});
