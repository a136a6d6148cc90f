import assert from "node:assert/strict";
import { test } from "node:test";
import { FRONT_SIZE, frontOf, QueueFronts } from "../../src/core/front.ts";
import type { Scheduling } from "../../src/core/job.ts";
import { WorldBench } from "../support/world.ts";

const ONE_VCPU = { requirements: { vcpuMilli: 1000, memoryMiB: 1, gpus: 0 } };
const machine = (vcpus = 1) => new WorldBench({ capacity: { vcpuMilli: vcpus * 1000, memoryMiB: 1_000_000 } });
const submit = (bench: WorldBench, id: string, more: Partial<Scheduling> = {}) =>
  bench.submit(id, { ...ONE_VCPU, ...more });
const front = (bench: WorldBench, limit = FRONT_SIZE) => frontOf(bench.world, "queue", limit);

test("jobs in order of submission, whatever their shapes; children one by one in their array's place", () => {
  const bench = machine();
  submit(bench, "runs");
  submit(bench, "a", { requirements: { vcpuMilli: 1000, memoryMiB: 7, gpus: 0 } });
  submit(bench, "b", { arraySize: 3 });
  submit(bench, "c");
  bench.tick();
  assert.deepEqual(front(bench), ["a", "b:0", "b:1", "b:2", "c"]);
  assert.deepEqual(front(bench, 3), ["a", "b:0", "b:1"]);
  assert.deepEqual(frontOf(bench.world, "nowhere", 3), []);
});

test("only what is RUNNABLE: not what waits for others, was stopped, or runs", () => {
  const bench = machine(2);
  submit(bench, "runs", { arraySize: 3 });
  for (const id of ["a", "b", "c"]) submit(bench, id);
  submit(bench, "waits", { dependsOn: [{ jobId: "a" }] });
  bench.tick();
  bench.stop("b", "cancel");
  bench.stop("runs:2", "cancel");
  bench.tick();
  assert.deepEqual(front(bench), ["a", "c"]);
});

test("retried jobs first; children that wait for room among their siblings keep their place", () => {
  const bench = machine(2);
  submit(bench, "few", { arraySize: 3, maxActiveChildren: 1 });
  submit(bench, "again", { retry: { attempts: 2, evaluateOnExit: [] } });
  submit(bench, "last");
  bench.tick();
  assert.deepEqual(front(bench), ["few:1", "few:2", "last"]);
  bench.end("again", { exitCode: 1 });
  assert.deepEqual(front(bench), ["again", "few:1", "few:2", "last"]);
});

test("what is at the front starts next, whatever comes, goes, fails and is cancelled", () => {
  const seed = Date.now() % 1_000_000;
  let state = seed;
  const random = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const bench = machine();
  submit(bench, "job-0");
  bench.tick();
  let running = "job-0";
  for (let n = 1; n < 500; n += 1) {
    for (let more = random(4); more > 0; more -= 1) {
      const arraySize = random(3) === 0 ? { arraySize: 2 + random(4) } : {};
      const requirements = { vcpuMilli: 1000, memoryMiB: 1 + random(5), gpus: 0 };
      const retry = { attempts: 1 + random(2), evaluateOnExit: [] };
      submit(bench, `job-${n}-${more}`, { ...arraySize, requirements, retry });
    }
    bench.reconcile();
    const waiting = front(bench);
    if (waiting.length > 20) bench.stop(waiting[random(waiting.length)]!, random(2) === 0 ? "cancel" : "terminate");
    bench.end(running, { exitCode: random(2) });
    bench.reconcile();
    const [next] = front(bench, 1);
    const started = bench.tick().changes.map(({ jobId }) => jobId);
    assert.deepEqual(started, next === undefined ? [] : [next], `seed ${seed}, step ${n}`);
    if (next === undefined) submit(bench, `job-${n}`);
    running = next ?? bench.tick().changes[0]!.jobId;
  }
});

/** What a server remembers over many ticks. */
function watched() {
  const bench = machine();
  const fronts = new QueueFronts();
  const tick = (ms: number): void => {
    bench.now += ms;
    bench.tick();
    fronts.note(bench.world, bench.now);
  };
  const since = () =>
    Object.fromEntries(fronts.of(bench.world, "queue").places.map(({ jobId, since: at }) => [jobId, at - 1_000_000]));
  return { bench, tick, since };
}

test("a job is in its place since the last change of what is before it", () => {
  const { bench, tick, since } = watched();
  for (const id of ["runs", "a", "b", "c"]) submit(bench, id);
  tick(0);
  submit(bench, "d");
  tick(10_000);
  assert.deepEqual(since(), { a: 0, b: 0, c: 0, d: 10_000 }, "what comes behind changes nothing");
  bench.stop("b", "cancel");
  tick(10_000);
  assert.deepEqual(since(), { a: 0, c: 20_000, d: 20_000 });
  bench.end("runs");
  tick(10_000);
  assert.deepEqual(since(), { c: 30_000, d: 30_000 });
  tick(10_000);
  assert.deepEqual(since(), { c: 30_000, d: 30_000 }, "a tick without a change changes nothing");
});

test("a queue that changes with every tick is not looked at with every tick, and its times are late by a second at most", () => {
  const { bench, tick, since } = watched();
  for (const id of ["runs", "a", "b", "c", "d", "e"]) submit(bench, id);
  tick(0);
  const { stillWaits } = bench.world;
  let looks = 0;
  bench.end("runs");
  tick(100);
  bench.world.stillWaits = (entry) => {
    looks += 1;
    return stillWaits.call(bench.world, entry);
  };
  for (let n = 0; n < 8; n += 1) {
    submit(bench, `more-${n}`);
    tick(100);
  }
  assert.ok(looks < 8 * 4, `${looks} looks`);
  bench.world.stillWaits = stillWaits;
  assert.deepEqual([since()["b"], since()["c"]], [900, 900], "moved up at 100");
  tick(60_000);
  assert.equal(since()["b"], 900);
});

test("a look costs in the jobs that are asked for, not in those that wait, nor in those that were cancelled before", () => {
  const bench = machine();
  for (let n = 0; n < 20_000; n += 1) submit(bench, `job-${n}`, { ...(n % 2 === 0 && { needsImage: true }) });
  bench.tick();
  let looks = 0;
  const { stillWaits } = bench.world;
  bench.world.stillWaits = (entry) => {
    looks += 1;
    return stillWaits.call(bench.world, entry);
  };
  assert.equal(front(bench).length, FRONT_SIZE);
  assert.equal(looks, FRONT_SIZE);
  bench.world.stillWaits = stillWaits;
  for (let n = 2; n < 10_000; n += 1) bench.stop(`job-${n}`, "cancel");
  bench.reconcile();
  assert.deepEqual(front(bench, 2), ["job-1", "job-10000"]);
  bench.world.stillWaits = (entry) => {
    looks += 1;
    return stillWaits.call(bench.world, entry);
  };
  looks = 0;
  assert.equal(front(bench).length, FRONT_SIZE);
  assert.equal(looks, FRONT_SIZE, "they are passed once");
});

test("the first job of each quota share, and since when it is that", () => {
  const bench = machine();
  const fronts = new QueueFronts();
  const note = (ms: number): void => {
    bench.now += ms;
    bench.tick();
    fronts.note(bench.world, bench.now);
  };
  const shareArn = (name: string) => `queue/quota-share/${name}`;
  const quotaShares = ["red", "blue", "idle"].map((name) => ({
    arn: shareArn(name),
    version: 1,
    status: "VALID" as const,
    enabled: true,
    limits: new Map([["ml.g6.xlarge", 1]]),
    strategy: "RESERVE" as const,
    borrowLimitPercent: -1,
    inSharePreemption: false,
  }));
  bench.world.apply({ kind: "quota-shares", quotaShares });
  const service = (share: string): Partial<Scheduling> => ({
    service: { type: "SAGEMAKER_TRAINING", trainingJobName: "t", quotaShare: shareArn(share) },
  });
  submit(bench, "runs");
  for (const [id, share] of Object.entries({ a: "red", b: "red", c: "blue" })) submit(bench, id, service(share));
  note(0);
  const firsts = () =>
    [...fronts.of(bench.world, "queue").firstOfShares].map(([arn, { jobId, since }]) => [
      arn,
      jobId,
      since - 1_000_000,
    ]);
  assert.deepEqual(firsts(), [
    [shareArn("red"), "a", 0],
    [shareArn("blue"), "c", 0],
  ]);
  bench.stop("a", "terminate");
  note(5_000);
  assert.deepEqual(firsts(), [
    [shareArn("red"), "b", 5_000],
    [shareArn("blue"), "c", 0],
  ]);
});

test("what is cancelled behind a job that waits for ever is not kept for ever", () => {
  const bench = machine();
  submit(bench, "large", { requirements: { vcpuMilli: 2000, memoryMiB: 1, gpus: 0 } });
  bench.tick();
  for (let round = 0; round < 20; round += 1) {
    for (let number = 0; number < 500; number += 1) submit(bench, `job-${round}-${number}`);
    bench.tick();
    for (let number = 0; number < 500; number += 1) bench.stop(`job-${round}-${number}`, "cancel");
    bench.tick();
  }
  const kept = [...bench.world.waitingJobs("queue")!.byShare().values()].flat();
  const entries = kept.reduce((sum, heap) => sum + heap.entries.length, 0);
  assert.ok(entries <= 1_100, `${entries} entries for one job`);
  assert.deepEqual(front(bench), ["large"]);
  assert.equal(bench.world.jobs.size, 1);
});
