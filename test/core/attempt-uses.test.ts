import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptUse } from "../../src/core/cost/attempt-use.ts";
import { priced } from "../../src/core/cost/attempt-use.ts";
import { runningUses } from "../../src/core/cost/use-of.ts";
import type { Environment } from "../../src/core/resources.ts";
import { LARGE, runInstances, withInstances } from "../support/instances.ts";
import { ENVIRONMENT, START, WorldBench } from "../support/world.ts";

/** What the bench's changes say of the attempts that have ended, in order. */
function usesIn({ changes }: WorldBench): AttemptUse[] {
  return changes.flatMap((change) => (change.kind === "job-changed" ? (change.uses ?? []) : []));
}

function benchIn(environment: Environment, ...types: Parameters<typeof runInstances>[1]): WorldBench {
  const bench = new WorldBench({ environments: [environment] });
  runInstances(bench.world, types);
  return bench;
}

const DEMAND = { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 };

test("the end of an attempt tells what it held, for how long, and what it used", () => {
  const bench = new WorldBench();
  bench.submit("job", { share: "red" });
  bench.tick();
  bench.now += 1_000;
  bench.start("job");
  bench.now += 5_000;
  assert.deepEqual(
    runningUses(bench.world, bench.now).map(({ startedAt, stoppedAt }) => stoppedAt - startedAt!),
    [5_000],
  );
  assert.deepEqual(usesIn(bench), []);
  bench.end("job", { exitCode: 0, usage: { cpuMs: 700, peakMemoryMiB: 99 } });
  const { attempts } = bench.state("job");
  assert.deepEqual(usesIn(bench), [
    {
      ...{ attemptId: attempts[0]!.id, jobId: "job", jobSeq: 1, queueArn: "queue", environmentArn: "environment" },
      ...{ share: "red", place: { kind: "machine" }, requirements: DEMAND },
      ...{ startedAt: START + 1_000, stoppedAt: START + 6_000, usage: { cpuMs: 700, peakMemoryMiB: 99 } },
    },
  ]);
  assert.deepEqual(runningUses(bench.world, bench.now), []);
});

test("each attempt by itself, with what that one held; what never ran began never", () => {
  const bench = new WorldBench();
  bench.submit("job", { retry: { attempts: 3, evaluateOnExit: [] }, memoryLadder: [2048] });
  bench.tick();
  bench.start("job");
  bench.end("job", { exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" });
  bench.tick();
  bench.end("job", { reason: "CannotPullContainerError: x" });
  bench.tick();
  bench.start("job");
  bench.end("job");
  const uses = usesIn(bench);
  assert.deepEqual(
    uses.map(({ requirements, startedAt }) => [requirements.memoryMiB, startedAt !== undefined]),
    [
      [512, true],
      [2048, false],
      [2048, true],
    ],
  );
  assert.equal(new Set(uses.map(({ attemptId }) => attemptId)).size, 3);
  const price = () => ({ nanoUsdPerHour: 1, leastMs: 3_600_000 });
  assert.deepEqual(
    uses.map((use) => priced(use, price).nanoUsd),
    [1, 0, 1],
  );
});

test("children of arrays have the number of their array", () => {
  const bench = new WorldBench();
  bench.submit("other");
  bench.submit("array", { arraySize: 2 });
  bench.tick();
  bench.tick();
  bench.start("array:1");
  bench.end("array:1");
  const [use] = usesIn(bench);
  assert.deepEqual([use?.jobId, use?.jobSeq, use?.index], ["array:1", 2, 1]);
});

test("where it ran: on Fargate, on a share of an instance, on whole ones, on Spot", () => {
  const placeIn = (environment: Environment, scheduling = {}): unknown => {
    const bench = benchIn(environment, ...(environment.instances === undefined ? [] : [LARGE, LARGE]));
    bench.submit("job", scheduling);
    bench.tick();
    bench.start("job");
    bench.end("job");
    return usesIn(bench)[0]!.place;
  };
  const size = { vcpuMilli: 2000, memoryMiB: 8192, gpus: 0 };
  const on = { kind: "instances", instances: [{ type: "m.large", count: 1 }], size, isWhole: false, isSpot: false };
  const fargate = { ...ENVIRONMENT, isFargate: true };
  assert.deepEqual(placeIn(fargate), { kind: "fargate", architecture: "X86_64", isSpot: false });
  assert.deepEqual(placeIn({ ...fargate, isSpot: true }, { architecture: "ARM64" }), {
    ...{ kind: "fargate", architecture: "ARM64", isSpot: true },
  });
  assert.deepEqual(placeIn(withInstances()), on);
  assert.deepEqual(placeIn(withInstances({ isSpot: true })), { ...on, isSpot: true });
});

test("a multi-node job has its instances whole, and is told of when its last container has ended", () => {
  const bench = benchIn(withInstances(), LARGE, LARGE);
  const unit = (node: number) => ({ name: `n${node}`, node, essential: true, dependsOn: [] });
  bench.submit("job", {
    ...{ nodes: { count: 2, main: 0 }, eachNode: DEMAND, requirements: { ...DEMAND, vcpuMilli: 2000 } },
    units: [unit(0), unit(1)],
  });
  bench.tick();
  bench.startUnit("job", 0, "10.0.0.1");
  bench.startUnit("job", 1);
  bench.endUnit("job", 1, { exitCode: 0, usage: { cpuMs: 30, peakMemoryMiB: 3 } });
  assert.deepEqual(usesIn(bench), []);
  bench.endUnit("job", 0, { exitCode: 0, usage: { cpuMs: 40, peakMemoryMiB: 4 } });
  const [use, ...more] = usesIn(bench);
  assert.deepEqual(more, []);
  assert.deepEqual(use?.usage, { cpuMs: 70, peakMemoryMiB: 7 });
  assert.ok(use?.place?.kind === "instances" && use.place.isWhole);
  assert.deepEqual(use.place.instances, [{ type: "m.large", count: 2 }]);
});

test("a service job takes the instances that it names", () => {
  const bench = new WorldBench({
    environments: [{ ...ENVIRONMENT, maxVcpuMilli: Infinity, maxInstances: new Map([["ml.m5.large", 4]]) }],
  });
  bench.submit("job", {
    instances: [{ type: "ml.m5.large", count: 2 }],
    service: { type: "SAGEMAKER_TRAINING", trainingJobName: "t" },
  });
  bench.tick();
  bench.tick();
  bench.start("job");
  bench.end("job");
  assert.deepEqual(usesIn(bench)[0]?.place, { kind: "service", instances: [{ type: "ml.m5.large", count: 2 }] });
});
