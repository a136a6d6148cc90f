import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { consumableNeeds } from "../../src/core/consumables.ts";
import { waitingReason, waitingText } from "../../src/core/explain/waiting-reason.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { Consumable } from "../../src/core/resources.ts";
import type { Plan } from "../../src/core/plan.ts";
import { WorldBench } from "../support/world.ts";

const resource = (arn: string, total: number, more: Partial<Consumable> = {}): Consumable => ({
  ...{ arn: `resource/${arn}`, total, isReplenishable: true },
  ...more,
});
const used = (arn: string, total: number) => resource(arn, total, { isReplenishable: false });

/** What a job needs of each resource, by its name. */
function needs(quantities: Record<string, number>, more: Partial<Scheduling> = {}): Partial<Scheduling> {
  const consumables = Object.entries(quantities).map(([name, quantity]) => ({ arn: `resource/${name}`, quantity }));
  return { consumables, ...more };
}

const VCPUS = (count: number) => ({ requirements: { vcpuMilli: count * 1000, memoryMiB: 512, gpus: 0 } });
const TWICE = { retry: { attempts: 2, evaluateOnExit: [] } };

function bench(...consumables: readonly Consumable[]): WorldBench {
  const made = new WorldBench({ capacity: { vcpuMilli: 4000, memoryMiB: 100_000 } });
  made.consumables(...consumables);
  return made;
}

function placed(plan: Plan): string[] {
  return plan.changes.map(({ jobId }) => jobId);
}

function text(world: WorldBench, plan: Plan, id: string): string | undefined {
  const job = world.world.jobs.get(id) ?? world.world.jobs.get(id.slice(0, id.lastIndexOf(":")))!;
  const reason = waitingReason(plan, { ...job, id });
  return reason && waitingText(reason, job.scheduling.requirements);
}

const inUse = (world: WorldBench, name: string) => world.world.inUse(`resource/${name}`);
const total = (world: WorldBench, name: string) => world.world.consumables.get(`resource/${name}`)?.total;

describe("consumable resources are held while an attempt is active", () => {
  test("all of them or none", () => {
    const world = bench(resource("a", 3), resource("b", 1));
    world.submit("both", needs({ a: 2, b: 1 }));
    world.submit("again", needs({ a: 1, b: 1 }));
    const plan = world.tick();
    assert.deepEqual(placed(plan), ["both"]);
    assert.deepEqual([inUse(world, "a"), inUse(world, "b")], [2, 1]);
    assert.equal(text(world, plan, "again"), "Waiting for consumable resource b: it asks for 1; 0 of 1 are available.");
    world.start("both");
    assert.equal(inUse(world, "a"), 2, "from STARTING to the end");
    world.end("both");
    assert.deepEqual([inUse(world, "a"), inUse(world, "b")], [0, 0]);
    assert.deepEqual(placed(world.tick()), ["again"]);
  });

  test("whoever waits for one does not hold up those behind it, and keeps its place", () => {
    const world = bench(resource("a", 1));
    world.submit("holder", needs({ a: 1 }));
    world.submit("waits", needs({ a: 1 }));
    world.submit("waits too", needs({ a: 1 }, VCPUS(2)));
    world.submit("passes", VCPUS(1));
    world.submit("too big", VCPUS(3));
    world.submit("behind", VCPUS(1));
    const plan = world.tick();
    assert.deepEqual(placed(plan), ["holder", "passes"]);
    assert.equal(text(world, plan, "waits"), "Waiting for consumable resource a: it asks for 1; 0 of 1 are available.");
    assert.equal(text(world, plan, "waits too"), text(world, plan, "waits"));
    assert.equal(
      text(world, plan, "behind"),
      "Waiting for job too big, which is before it in the queue and does not fit yet.",
    );
    world.end("holder");
    assert.deepEqual(placed(world.tick()), ["waits"], "before the one that did not fit");
  });

  test("one that has its resources and not the room is the head again", () => {
    const world = bench(resource("a", 1));
    world.submit("runs", VCPUS(2));
    world.submit("big", needs({ a: 1 }, VCPUS(3)));
    world.submit("small", VCPUS(1));
    assert.deepEqual(placed(world.tick()), ["runs"]);
  });

  test("a resource that does not exist is waited for, and one of its name is the one", () => {
    const world = bench();
    world.submit("early", needs({ later: 2 }));
    assert.equal(text(world, world.tick(), "early"), "Waiting for consumable resource later, which does not exist.");
    world.consumables(resource("later", 1));
    assert.equal(
      text(world, world.tick(), "early"),
      "Waiting for consumable resource later: it asks for 2; 1 of 1 are available.",
    );
    world.consumables(resource("later", 2));
    assert.deepEqual(placed(world.tick()), ["early"]);
    // Deleted while it is in use, and made again.
    world.consumables();
    world.submit("next", needs({ later: 1 }));
    assert.deepEqual(placed(world.tick()), []);
    world.consumables(resource("later", 2));
    assert.deepEqual(placed(world.tick()), [], "the first one still holds it");
    world.end("early");
    assert.deepEqual(placed(world.tick()), ["next"]);
  });

  test("a total below what is in use gives nothing until enough has ended", () => {
    const world = bench(resource("a", 4));
    for (const id of ["1", "2", "3", "4"]) world.submit(id, needs({ a: 1 }, VCPUS(0)));
    world.tick();
    world.consumables(resource("a", 2));
    world.submit("5", needs({ a: 1 }));
    world.end("1");
    world.end("2");
    assert.equal(
      text(world, world.tick(), "5"),
      "Waiting for consumable resource a: it asks for 1; 0 of 2 are available.",
    );
    world.end("3");
    assert.deepEqual(placed(world.tick()), ["5"]);
  });

  test("each child of an array holds its own", () => {
    const world = bench(resource("a", 2));
    world.submit("array", needs({ a: 1 }, { ...VCPUS(0), arraySize: 4 }));
    world.submit("other", VCPUS(1));
    const plan = world.tick();
    assert.deepEqual(placed(plan), ["array:0", "array:1", "other"]);
    assert.equal(
      text(world, plan, "array:3"),
      "Waiting for consumable resource a: it asks for 1; 0 of 2 are available.",
    );
    world.end("array:0");
    assert.deepEqual(placed(world.tick()), ["array:2"]);
    assert.equal(inUse(world, "a"), 2);
  });

  test("a failed attempt gives back what the next one takes again", () => {
    const world = bench(resource("a", 1));
    world.submit("retried", needs({ a: 1 }, TWICE));
    world.tick();
    world.end("retried", { exitCode: 1 });
    assert.equal(world.status("retried"), "RUNNABLE");
    assert.equal(inUse(world, "a"), 0);
    assert.deepEqual(placed(world.tick()), ["retried"]);
    world.stop("retried", "terminate");
    world.tick();
    assert.equal(inUse(world, "a"), 1, "until the attempt is over");
    world.end("retried", { exitCode: 143 });
    assert.equal(inUse(world, "a"), 0);
  });
});

describe("what does not come back", () => {
  test("is used up by each attempt, whether it succeeds or fails", () => {
    const world = bench(used("budget", 10), resource("a", 1));
    world.submit("good", needs({ budget: 3, a: 1 }));
    world.submit("bad", needs({ budget: 2 }, TWICE));
    world.tick();
    assert.deepEqual([total(world, "budget"), inUse(world, "budget")], [10, 5]);
    world.end("good");
    assert.deepEqual([total(world, "budget"), inUse(world, "budget")], [7, 2]);
    assert.equal(total(world, "a"), 1);
    world.end("bad", { exitCode: 1 });
    assert.deepEqual([total(world, "budget"), inUse(world, "budget")], [5, 0]);
    world.tick();
    world.end("bad", { exitCode: 1 });
    assert.equal(total(world, "budget"), 3);
    world.submit("too much", needs({ budget: 4 }));
    assert.equal(
      text(world, world.tick(), "too much"),
      "Waiting for consumable resource budget: it asks for 4; 3 of 3 are available.",
    );
    const written = world.changes.flatMap((change) => (change.kind === "job-changed" ? (change.usedUp ?? []) : []));
    assert.deepEqual(
      written.map(({ arn, quantity }) => [arn, quantity]),
      [
        ["resource/budget", 3],
        ["resource/budget", 2],
        ["resource/budget", 2],
      ],
    );
  });

  test("ends at nothing when its total was lowered below what is in use", () => {
    const world = bench(used("budget", 5));
    world.submit("runs", needs({ budget: 5 }));
    world.tick();
    world.consumables(used("budget", 2));
    world.end("runs");
    assert.equal(total(world, "budget"), 0);
  });
});

test("a tick does not cost in jobs that wait for a resource", () => {
  const world = bench(resource("a", 1));
  for (let n = 0; n < 2_000; n += 1) world.submit(`waits ${n}`, needs({ a: 1 }));
  world.submit("passes");
  world.tick();
  let looks = 0;
  const { stillWaits } = world.world;
  world.world.stillWaits = function (entry) {
    looks += 1;
    return stillWaits.call(this, entry);
  };
  assert.deepEqual(placed(world.tick()), []);
  assert.ok(looks < 10, `${looks} looks`);
});

test("what a job needs: its own list and those of its nodes, each resource once, whatever it is called", () => {
  const toArn = (name: string) => (name.startsWith("arn:") ? name : `arn:${name}`);
  const list = (...entries: [string, number][]) => ({
    consumableResourceList: entries.map(([consumableResource, quantity]) => ({ consumableResource, quantity })),
  });
  assert.deepEqual(consumableNeeds(undefined, undefined, toArn), []);
  assert.deepEqual(consumableNeeds(list(["b", 1], ["a", 2], ["arn:b", 3]), undefined, toArn), [
    { arn: "arn:a", quantity: 2 },
    { arn: "arn:b", quantity: 4 },
  ]);
  const nodes = {
    numNodes: 4,
    mainNode: 0,
    nodeRangeProperties: [
      { targetNodes: "0:", consumableResourceProperties: list(["a", 2]) },
      { targetNodes: "3", consumableResourceProperties: list(["c", 1]) },
    ],
  };
  assert.deepEqual(consumableNeeds(list(["c", 5]), nodes, toArn), [
    { arn: "arn:a", quantity: 6 },
    { arn: "arn:c", quantity: 6 },
  ]);
});
