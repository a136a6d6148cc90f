import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { IndexSet } from "../../src/core/array.ts";
import { childId } from "../../src/core/ids.ts";
import { WorldBench } from "../support/world.ts";

function runAll(bench: WorldBench, ids: readonly string[], exitCode = 0): void {
  for (const id of ids) {
    bench.start(id);
    bench.end(id, { exitCode });
  }
  bench.tick();
}

describe("array jobs", () => {
  test("the parent is PENDING until its last child is over, and SUCCEEDED if all of them are", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 3 });
    bench.tick();
    assert.equal(bench.status("a"), "PENDING");
    assert.equal(bench.children("a"), "TTT");
    runAll(bench, ["a:2", "a:0"]);
    assert.equal(bench.status("a"), "PENDING");
    runAll(bench, ["a:1"]);
    assert.equal(bench.status("a"), "SUCCEEDED");
    assert.equal(bench.world.jobs.size, 0);
  });

  test("one failed child fails the parent, after the last one; its siblings go on", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 3 });
    bench.tick();
    runAll(bench, ["a:0"], 1);
    assert.equal(bench.status("a"), "PENDING");
    runAll(bench, ["a:1", "a:2"]);
    assert.deepEqual([bench.status("a"), bench.state("a").statusReason], ["FAILED", "Array Child Job failed"]);
  });

  test("the parent starts with its first child and has no attempts", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 2 });
    bench.tick();
    bench.now += 5_000;
    bench.start("a:1");
    const startedAt = bench.now;
    bench.tick();
    bench.now += 5_000;
    bench.start("a:0");
    bench.tick();
    assert.equal(bench.state("a").startedAt, startedAt);
    assert.deepEqual(bench.state("a").attempts, []);
  });

  test("children retry on their own", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 2, retry: { attempts: 2, evaluateOnExit: [] } });
    bench.tick();
    runAll(bench, ["a:0"], 1);
    assert.equal(bench.children("a"), "TT");
    assert.equal(bench.state("a:0").attempts.length, 2);
    runAll(bench, ["a:0", "a:1"]);
    assert.equal(bench.status("a"), "SUCCEEDED");
  });

  test("children without a record are written when they start, not before", () => {
    const bench = new WorldBench({ capacity: { vcpuMilli: 2000, memoryMiB: 10_000 } });
    bench.submit("a", { arraySize: 10_000 });
    bench.tick();
    assert.equal(bench.recorded("a"), 2);
    assert.equal(bench.changes.length, 4); // PENDING, RUNNABLE, two starts
  });
});

describe("dependencies", () => {
  test("a job waits PENDING, and is RUNNABLE when all it depends on has SUCCEEDED", () => {
    const bench = new WorldBench();
    bench.submit("a");
    bench.submit("b");
    bench.submit("c", { dependsOn: [{ jobId: "a" }, { jobId: "b" }] });
    bench.tick();
    assert.equal(bench.status("c"), "PENDING");
    runAll(bench, ["a"]);
    assert.equal(bench.status("c"), "PENDING");
    runAll(bench, ["b"]);
    assert.equal(bench.status("c"), "STARTING");
  });

  test("a failure cascades at once, whatever else is still open", () => {
    const bench = new WorldBench();
    bench.submit("a");
    bench.submit("slow");
    bench.submit("b", { dependsOn: [{ jobId: "slow" }, { jobId: "a" }] });
    bench.submit("c", { dependsOn: [{ jobId: "b" }] });
    bench.submit("d", { dependsOn: [{ jobId: "c" }], arraySize: 5 });
    bench.tick();
    runAll(bench, ["a"], 1);
    for (const id of ["b", "c", "d"]) {
      assert.deepEqual([bench.status(id), bench.state(id).statusReason], ["FAILED", "Dependent Job failed"]);
    }
    assert.equal(bench.recorded("d"), 0);
    assert.equal(bench.children("d"), "FFFFF");
  });

  test("how a dependency ended before its dependent came is what the store says; unknown counts as failed", () => {
    const bench = new WorldBench();
    bench.submit("b", { dependsOn: [{ jobId: "old" }] });
    bench.submit("c", { dependsOn: [{ jobId: "bad" }] });
    bench.submit("d", { dependsOn: [{ jobId: "array:1" }, { jobId: "array:2" }] });
    const [b, c, d] = ["b", "c", "d"].map((id) => bench.world.jobs.get(id)!);
    assert.deepEqual(bench.world.unknownDependencies(b!), ["old"]);
    assert.deepEqual(bench.world.unknownDependencies(c!), ["bad"]);
    assert.deepEqual(bench.world.unknownDependencies(d!), ["array", "array"]);
    bench.world.apply({ kind: "outcome", jobId: "old", outcome: { succeeded: true } });
    bench.world.apply({
      kind: "outcome",
      jobId: "array",
      outcome: { succeeded: false, failedChildren: new IndexSet(Uint8Array.of(1, 0, 0, 1)) },
    });
    bench.tick();
    assert.deepEqual([bench.status("b"), bench.status("c"), bench.status("d")], ["STARTING", "FAILED", "STARTING"]);
  });

  test("a plain dependency on an array waits for the whole of it", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 2 });
    bench.submit("b", { dependsOn: [{ jobId: "a" }] });
    bench.tick();
    runAll(bench, ["a:0"], 1);
    assert.equal(bench.status("b"), "PENDING");
    runAll(bench, ["a:1"]);
    assert.equal(bench.state("b").statusReason, "Dependent Job failed");
  });

  test("a dependency on one child waits for that child alone", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 3 });
    bench.submit("b", { dependsOn: [{ jobId: "a:1" }] });
    bench.submit("c", { dependsOn: [{ jobId: "a:2" }] });
    bench.tick();
    runAll(bench, ["a:1"]);
    assert.equal(bench.status("b"), "STARTING");
    runAll(bench, ["a:2"], 1);
    assert.equal(bench.status("c"), "FAILED");
    assert.equal(bench.status("a"), "PENDING");
  });

  test("N_TO_N: each child waits for its like, and fails with it alone", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 3 });
    bench.submit("b", { arraySize: 3, dependsOn: [{ jobId: "a", type: "N_TO_N" }] });
    bench.tick();
    assert.equal(bench.children("b"), "PPP");
    runAll(bench, ["a:1"]);
    assert.equal(bench.children("b"), "PTP");
    runAll(bench, ["a:0"], 1);
    assert.equal(bench.children("b"), "FTP");
    assert.equal(bench.state("b:0").statusReason, "Dependent Job failed");
    runAll(bench, ["a:2"]);
    runAll(bench, ["b:1", "b:2"]);
    assert.deepEqual([bench.status("b"), bench.state("b").statusReason], ["FAILED", "Array Child Job failed"]);
  });

  test("N_TO_N on an array that is over: some start, some fail", () => {
    const bench = new WorldBench();
    bench.submit("b", { arraySize: 3, dependsOn: [{ jobId: "old", type: "N_TO_N" }] });
    bench.world.apply({
      kind: "outcome",
      jobId: "old",
      outcome: { succeeded: false, failedChildren: new IndexSet(Uint8Array.of(0, 1, 0)) },
    });
    bench.tick();
    assert.equal(bench.children("b"), "TFT");
  });

  test("chains of arrays advance index by index", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 3 });
    bench.submit("b", { arraySize: 3, dependsOn: [{ jobId: "a", type: "N_TO_N" }] });
    bench.submit("c", { arraySize: 3, dependsOn: [{ jobId: "b", type: "N_TO_N" }] });
    bench.tick();
    runAll(bench, ["a:2"]);
    runAll(bench, ["b:2"]);
    assert.deepEqual([bench.children("a"), bench.children("b"), bench.children("c")], ["TTS", "PPS", "PPT"]);
    runAll(bench, ["a:0"], 1);
    assert.deepEqual([bench.children("b"), bench.children("c")], ["FPS", "FPT"]);
  });

  test("N_TO_N on an array that was given up as a whole: one write, no records", () => {
    const bench = new WorldBench();
    bench.submit("x");
    bench.submit("a", { arraySize: 1_000, dependsOn: [{ jobId: "x" }] });
    bench.submit("b", { arraySize: 1_000, dependsOn: [{ jobId: "a", type: "N_TO_N" }] });
    bench.tick();
    runAll(bench, ["x"], 1);
    assert.deepEqual([bench.status("a"), bench.status("b")], ["FAILED", "FAILED"]);
    assert.equal(bench.recorded("a") + bench.recorded("b"), 0);
    assert.equal(bench.children("b"), "F".repeat(1_000));
    assert.equal(bench.state("b:7").statusReason, "Dependent Job failed");
  });

  test("SEQUENTIAL: one after the other; a failure fails all later ones, in one write", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 500, dependsOn: [{ type: "SEQUENTIAL" }] });
    bench.tick();
    assert.equal(bench.children("a").slice(0, 3), "TPP");
    runAll(bench, ["a:0"]);
    assert.equal(bench.children("a").slice(0, 3), "STP");
    runAll(bench, ["a:1"], 1);
    assert.equal(bench.children("a").slice(0, 4), "SFFF");
    assert.equal(bench.recorded("a"), 2);
    assert.deepEqual([bench.status("a"), bench.state("a").statusReason], ["FAILED", "Array Child Job failed"]);
    assert.equal(bench.state("a:400").statusReason, "Dependent Job failed");
  });

  test("SEQUENTIAL waits for the jobs that the array depends on", () => {
    const bench = new WorldBench();
    bench.submit("x");
    bench.submit("a", { arraySize: 3, dependsOn: [{ jobId: "x" }, { type: "SEQUENTIAL" }] });
    bench.tick();
    assert.equal(bench.children("a"), "PPP");
    runAll(bench, ["x"]);
    assert.equal(bench.children("a"), "TPP");
  });

  test("SEQUENTIAL and N_TO_N: both must be met; a failure of either fails all later ones, in one write", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 300 });
    bench.submit("b", { arraySize: 300, dependsOn: [{ jobId: "a", type: "N_TO_N" }, { type: "SEQUENTIAL" }] });
    bench.tick();
    runAll(bench, ["a:1"]);
    assert.equal(bench.children("b").slice(0, 3), "PPP");
    runAll(bench, ["a:0"]);
    assert.equal(bench.children("b").slice(0, 3), "TPP");
    runAll(bench, ["b:0"]);
    assert.equal(bench.children("b").slice(0, 3), "STP");
    runAll(bench, ["b:1"], 1);
    assert.equal(bench.children("b").slice(0, 4), "SFFF");
    assert.equal(bench.recorded("b"), 2);
  });

  test("a gap in a chain: the children before it still run", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 5, dependsOn: [{ type: "SEQUENTIAL" }] });
    bench.tick();
    bench.stop("a:2", "cancel", "not this one");
    bench.tick();
    assert.equal(bench.children("a"), "TPFFF");
    assert.equal(bench.state("a:2").statusReason, "not this one");
    assert.equal(bench.state("a:3").statusReason, "Dependent Job failed");
    runAll(bench, ["a:0"]);
    runAll(bench, ["a:1"]);
    assert.equal(bench.status("a"), "FAILED");
  });

  test("the end of one child looks at one dependent child, not at all of them", () => {
    const size = 2_000;
    const bench = new WorldBench({ capacity: { vcpuMilli: 1000, memoryMiB: 512 } });
    bench.submit("a", { arraySize: size, dependsOn: [{ type: "SEQUENTIAL" }] });
    bench.tick();
    let looks = 0;
    const { outcomeOfChild } = bench.world;
    bench.world.outcomeOfChild = (...child) => {
      looks += 1;
      return outcomeOfChild.apply(bench.world, child);
    };
    for (let index = 0; index < 20; index += 1) runAll(bench, [childId("a", index)]);
    assert.ok(looks <= 60, `${looks} looks for 20 children of ${size}`);
  });
});

describe("cancel and terminate", () => {
  test("a waiting job ends at once, with the reason verbatim", () => {
    for (const kind of ["cancel", "terminate"] as const) {
      const bench = new WorldBench({ capacity: { vcpuMilli: 0, memoryMiB: 0 } });
      bench.submit("x");
      bench.submit("pending", { dependsOn: [{ jobId: "x" }] });
      bench.tick();
      for (const id of ["x", "pending"]) bench.stop(id, kind, `my ${kind}`);
      bench.tick();
      for (const id of ["x", "pending"]) {
        const { status, statusReason, isCancelled, isTerminated } = bench.state(id);
        assert.deepEqual([status, statusReason], ["FAILED", `my ${kind}`]);
        assert.equal(kind === "cancel" ? isCancelled : isTerminated, true);
      }
      assert.equal(bench.world.stops.size, 0);
    }
  });

  test("cancel leaves alone what has started; terminate ends it, and it is not retried", () => {
    const bench = new WorldBench();
    bench.submit("a", { retry: { attempts: 3, evaluateOnExit: [] } });
    bench.tick();
    bench.start("a");
    bench.stop("a", "cancel");
    bench.tick();
    assert.deepEqual([bench.status("a"), bench.state("a").isCancelled], ["RUNNING", undefined]);
    bench.stop("a", "terminate", "enough");
    bench.tick();
    assert.deepEqual(bench.state("a").attempts[0]?.stopping, { reason: "enough", at: bench.now });
    assert.equal(bench.state("a").isTerminated, true);
    bench.end("a", { exitCode: 0 });
    const { status, statusReason, attempts } = bench.state("a");
    assert.deepEqual([status, statusReason, attempts[0]?.statusReason], ["FAILED", "enough", "enough"]);
  });

  test("the first terminate's reason stays", () => {
    const bench = new WorldBench();
    bench.submit("a");
    bench.submit("array", { arraySize: 2 });
    bench.tick();
    for (const id of ["a", "array"]) bench.stop(id, "terminate", "first");
    bench.tick();
    for (const id of ["a", "array"]) bench.stop(id, "terminate", "second");
    bench.tick();
    for (const id of ["a", "array:0", "array:1"]) bench.end(id, { exitCode: 143 });
    bench.tick();
    for (const id of ["a", "array", "array:0"]) assert.equal(bench.state(id).statusReason, "first", id);
  });

  test("one child without a record: it alone has one, and fails its array in the end", () => {
    const bench = new WorldBench({ capacity: { vcpuMilli: 1000, memoryMiB: 10_000 } });
    bench.submit("a", { arraySize: 4 });
    bench.tick();
    bench.stop("a:2", "cancel", "not this one");
    bench.tick();
    assert.equal(bench.children("a"), "TRFR");
    assert.equal(bench.state("a:2").isCancelled, true);
    for (const id of ["a:0", "a:1", "a:3"]) runAll(bench, [id]);
    assert.deepEqual([bench.children("a"), bench.status("a")], ["SSFS", "FAILED"]);
  });

  test("an array: what waits ends in one write, what runs goes on after cancel and is stopped by terminate", () => {
    for (const kind of ["cancel", "terminate"] as const) {
      const bench = new WorldBench({ capacity: { vcpuMilli: 2000, memoryMiB: 10_000 } });
      bench.submit("a", { arraySize: 1_000 });
      bench.tick();
      bench.start("a:0");
      bench.stop("a", kind, "enough");
      bench.tick();
      assert.equal(bench.children("a").slice(0, 4), "UTFF");
      assert.equal(bench.recorded("a"), 2);
      assert.equal(bench.status("a"), "PENDING");
      assert.equal(bench.state("a:0").attempts[0]?.stopping?.reason, kind === "terminate" ? "enough" : undefined);
      bench.start("a:1");
      for (const id of ["a:0", "a:1"]) bench.end(id, { exitCode: kind === "terminate" ? 143 : 0 });
      bench.tick();
      const { status, statusReason } = bench.state("a");
      assert.deepEqual([status, statusReason], ["FAILED", "enough"]);
      assert.equal(bench.children("a").slice(0, 3), kind === "terminate" ? "FFF" : "SSF");
    }
  });

  test("an array in any state of waiting ends at once", () => {
    const bench = new WorldBench({ capacity: { vcpuMilli: 0, memoryMiB: 0 } });
    bench.submit("x");
    bench.submit("new", { arraySize: 2 });
    bench.submit("pending", { arraySize: 2, dependsOn: [{ jobId: "x" }] });
    bench.submit("chain", { arraySize: 2, dependsOn: [{ type: "SEQUENTIAL" }] });
    bench.submit("runnable", { arraySize: 2 });
    bench.stop("new", "terminate", "enough");
    bench.tick();
    for (const id of ["pending", "chain", "runnable"]) bench.stop(id, "cancel", "enough");
    bench.tick();
    for (const id of ["new", "pending", "chain", "runnable"]) {
      assert.deepEqual([id, bench.status(id), bench.state(id).statusReason], [id, "FAILED", "enough"]);
      assert.equal(bench.children(id), "FF");
    }
  });

  test("a retried child that waits again is stopped by its array's cancel", () => {
    const bench = new WorldBench({ capacity: { vcpuMilli: 1000, memoryMiB: 10_000 } });
    bench.submit("a", { arraySize: 2, retry: { attempts: 2, evaluateOnExit: [] } });
    bench.tick();
    bench.start("a:0");
    bench.end("a:0", { exitCode: 1 });
    bench.stop("a", "cancel", "enough");
    bench.tick();
    assert.deepEqual([bench.children("a"), bench.status("a")], ["FF", "FAILED"]);
  });

  test("stop requests for what is over, or never was, are dismissed", () => {
    const bench = new WorldBench();
    for (const id of ["gone", "gone:3", "a:77"]) bench.stop(id, "terminate");
    bench.submit("a", { arraySize: 2 });
    bench.tick();
    assert.equal(bench.world.stops.size, 0);
    assert.equal(bench.changes.filter(({ kind }) => kind === "stop-dismissed").length, 3);
    assert.equal(bench.children("a"), "TT");
  });

  test("an array in a queue that is being deleted ends, even before its first tick", () => {
    const bench = new WorldBench();
    bench.submit("a", { arraySize: 2 });
    const [queue] = [...bench.world.queues.values()];
    bench.world.apply({ kind: "queues", queues: [{ ...queue!, status: "DELETING" }] });
    bench.tick();
    assert.deepEqual([bench.status("a"), bench.state("a").statusReason], ["FAILED", "JobQueue deleted"]);
    assert.equal(bench.world.queues.size, 0);
  });
});
