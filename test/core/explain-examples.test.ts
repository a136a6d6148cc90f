import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explain, explainEnded } from "../../src/core/explain/explain.ts";
import { preview, proposedJob } from "../../src/core/explain/preview.ts";
import type { Job, Scheduling } from "../../src/core/job.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { QuotaShare } from "../../src/core/resources.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const vcpus = (count: number) => ({ requirements: { vcpuMilli: count * 1000, memoryMiB: 512, gpus: 0 } });
const FOUR = { vcpuMilli: 4000, memoryMiB: 100_000 };

function kinds(bench: WorldBench, plan: Plan, id: string): string[] {
  return explain(bench.world, plan, id, bench.now)!.blockers.map(({ kind }) => kind);
}

describe("a dry run in a queue with backfill", () => {
  const proposal = (bench: WorldBench, more: Partial<Scheduling>): Job =>
    proposedJob({
      queueArn: "queue",
      createdAt: bench.now,
      scheduling: {
        ...vcpus(1),
        retry: { attempts: 1, evaluateOnExit: [] },
        dependsOn: [],
        needsImage: false,
        ...more,
      },
    });
  const bench = new WorldBench({ capacity: FOUR, queues: [{ ...QUEUE, backfills: true }] });
  bench.submit("runs", { ...vcpus(3), timeoutSeconds: 600 });
  bench.tick();
  bench.start("runs");
  bench.submit("head", vcpus(4));
  const plan = bench.tick();

  test("what is over before the head can start would start at once", () => {
    const told = preview(bench.world, plan, proposal(bench, { expectedSeconds: 60 }), new Map(), bench.now);
    assert.deepEqual([told.outcome, told.environmentArn], ["starts", "environment"]);
  });

  test("what may run for longer waits behind it", () => {
    const told = preview(bench.world, plan, proposal(bench, {}), new Map(), bench.now);
    assert.deepEqual([told.outcome, told.blockers.map(({ kind }) => kind)], ["waits", ["behind"]]);
    // The head starts when its turn comes, and may never end.
    assert.ok(told.estimate !== undefined && "unknown" in told.estimate);
  });

  test("nothing is written", () => {
    assert.deepEqual([...bench.world.jobs.keys()], ["runs", "head"]);
  });
});

test("a job that the limits of its quota share keep back says so, and so does the one behind it", () => {
  const environment = { ...ENVIRONMENT, maxVcpuMilli: Infinity, maxInstances: new Map([["a", 8]]) };
  const bench = new WorldBench({ environments: [environment], queues: [{ ...QUEUE, policyArn: "policy" }] });
  bench.world.apply({ kind: "scheduling-policies", policies: [{ kind: "quota-share", arn: "policy" }] });
  const share: QuotaShare = {
    ...{ arn: "queue/quota-share/s", version: 1, status: "VALID", enabled: true, strategy: "RESERVE" },
    ...{ borrowLimitPercent: -1, inSharePreemption: false, limits: new Map([["a", 2]]) },
  };
  bench.world.apply({ kind: "quota-shares", quotaShares: [share] });
  const service = { type: "SAGEMAKER_TRAINING", trainingJobName: "t", quotaShare: share.arn } as const;
  bench.submit("runs", { service, instances: [{ type: "a", count: 1 }] });
  bench.tick();
  bench.submit("waits", { service, instances: [{ type: "a", count: 2 }] });
  bench.submit("never", { service, instances: [{ type: "a", count: 3 }] });
  const plan = bench.tick();
  assert.deepEqual(kinds(bench, plan, "waits"), ["policy"]);
  assert.deepEqual(kinds(bench, plan, "never"), ["policy", "behind"]);
  const [never] = explain(bench.world, plan, "never", bench.now)!.blockers;
  assert.match(never!.text, /^MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - /);
  bench.world.apply({ kind: "quota-shares", quotaShares: [{ ...share, limits: new Map([["a", 6]]) }] });
  assert.deepEqual(
    bench.tick().changes.map(({ jobId }) => jobId),
    ["waits", "never"],
  );
});

describe("what does not wait", () => {
  test("runs, is being started, has ended", () => {
    const bench = new WorldBench({ capacity: FOUR });
    bench.submit("a", { ...vcpus(1), timeoutSeconds: 60, retry: { attempts: 2, evaluateOnExit: [] } });
    const plan = bench.tick();
    const answer = (): string => explain(bench.world, plan, "a", bench.now)!.answer;
    assert.match(answer(), /^It is being started: .* \(attempt 1, in environment, driver fake\)\.$/);
    bench.start("a");
    assert.match(
      answer(),
      /^It runs \(attempt 1, in environment\); its timeout ends it at 1970-01-01T00:17:40\.000Z\.$/,
    );
    bench.end("a", { exitCode: 1 });
    bench.tick();
    bench.start("a");
    const job = bench.world.jobs.get("a")!;
    bench.end("a", { exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" });
    assert.equal(explain(bench.world, plan, "a", bench.now), undefined);
    const ended = explainEnded({ ...job, state: bench.state("a") });
    assert.equal(
      ended.answer,
      "It has failed after 2 of at most 2 attempts (1 out of memory): Essential container in task exited.",
    );
    assert.deepEqual(
      ended.attempts.map(({ number, end, exitCode }) => [number, end, exitCode]),
      [
        [1, "failed", 1],
        [2, "out-of-memory", 137],
      ],
    );
  });

  test("an array whose children have all begun", () => {
    const bench = new WorldBench({ capacity: FOUR });
    bench.submit("a", { ...vcpus(1), arraySize: 2 });
    const { answer, blockers } = explain(bench.world, bench.tick(), "a", bench.now)!;
    assert.deepEqual([answer, blockers], ["None of its children is left to start; 2 of them are not over.", []]);
  });
});

describe("an array is explained by the first of its children that wait", () => {
  test("one after another: also when that one has a record of its own", () => {
    const bench = new WorldBench({ capacity: FOUR });
    bench.submit("all", vcpus(4));
    bench.submit("a", { ...vcpus(1), arraySize: 3, dependsOn: [{ type: "SEQUENTIAL" }] });
    bench.tick();
    const { answer, nextChild, blockers } = explain(bench.world, bench.tick(), "a", bench.now)!;
    assert.match(answer, /^3 of its 3 children wait, the first of them is a:0\. Waiting for capacity/);
    assert.deepEqual([nextChild, blockers.map(({ kind }) => kind)], ["a:0", ["placement"]]);
  });

  test("when the only one that is left is to be tried again", () => {
    const bench = new WorldBench({ capacity: FOUR });
    bench.submit("a", { ...vcpus(2), arraySize: 2, retry: { attempts: 2, evaluateOnExit: [] } });
    bench.tick();
    bench.start("a:0");
    bench.start("a:1");
    bench.submit("b", { ...vcpus(4), priority: 1 });
    bench.end("a:1", { exitCode: 1 });
    const { answer } = explain(bench.world, { blocked: new Map() }, "a", bench.now)!;
    assert.match(answer, /^1 of its 2 children waits, the first of them is a:1\./);
  });
});

test("the root of a chain of dependencies is named", () => {
  const bench = new WorldBench({ capacity: FOUR });
  bench.submit("root", vcpus(8));
  bench.submit("middle", { dependsOn: [{ jobId: "root" }] });
  bench.submit("last", { dependsOn: [{ jobId: "middle" }] });
  const { blockers } = explain(bench.world, bench.tick(), "last", bench.now)!;
  const [dependency] = blockers;
  assert.ok(dependency?.kind === "dependency");
  assert.deepEqual(dependency.root, { jobId: "root", status: "RUNNABLE" });
});

test("in a fair-share queue: what its share has used, and whose turn comes first", () => {
  const bench = new WorldBench({ capacity: FOUR, queues: [{ ...QUEUE, policyArn: "policy" }] });
  const weights = [{ identifier: "heavy*", weight: 3 }];
  bench.world.apply({
    kind: "scheduling-policies",
    policies: [{ kind: "fair-share", arn: "policy", decaySeconds: 0, reservationPercent: 0, weights }],
  });
  for (const share of ["heavyA", "light"]) bench.submit(`${share}-1`, { ...vcpus(2), share, priority: 1 });
  bench.tick();
  for (const share of ["heavyA", "light"]) bench.start(`${share}-1`);
  // Each has used 2 vCPUs for 100 s: by their weights, 600 against 200.
  bench.now += 100_000;
  for (const share of ["heavyA", "light"]) bench.submit(`${share}-2`, { ...vcpus(2), share, priority: 1 });
  const plan = bench.tick();
  const turns = (id: string) => explain(bench.world, plan, id, bench.now)!.shares;
  const own = (share: string, weight: number) => ({ share, usedVcpuSeconds: 200, weight });
  assert.deepEqual(turns("light-2"), { own: own("light", 1), before: [] });
  assert.deepEqual(turns("heavyA-2"), { own: own("heavyA", 3), before: [own("light", 1)] });
  assert.deepEqual(kinds(bench, plan, "light-2"), ["placement"]);
  assert.deepEqual(kinds(bench, plan, "heavyA-2"), ["placement", "behind"]);
  bench.end("light-1");
  assert.deepEqual(
    bench.tick().changes.map(({ jobId }) => jobId),
    ["light-2"],
  );
});

test("of shares that have used as much, those come first whose first job is older", () => {
  const bench = new WorldBench({ capacity: FOUR, queues: [{ ...QUEUE, policyArn: "policy" }] });
  bench.world.apply({
    kind: "scheduling-policies",
    policies: [{ kind: "fair-share", arn: "policy", decaySeconds: 0, reservationPercent: 0, weights: [] }],
  });
  bench.submit("all", { ...vcpus(4), share: "first", priority: 1 });
  bench.tick();
  for (const share of ["z", "y", "x"]) bench.submit(share, { ...vcpus(1), share, priority: 1 });
  bench.tick();
  const plan = bench.tick();
  const before = (id: string) => explain(bench.world, plan, id, bench.now)!.shares!.before.map(({ share }) => share);
  assert.deepEqual(["z", "y", "x"].map(before), [[], ["z"], ["z", "y"]]);
});
