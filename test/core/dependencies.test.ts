import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Dependency } from "../../src/core/job.ts";
import { WorldBench } from "../support/world.ts";

const SUCCEEDED_REASON = "Dependent Job succeeded: with AFTER_NOT_OK this job runs only when it fails";

function end(bench: WorldBench, id: string, exitCode = 0): void {
  bench.start(id);
  bench.end(id, { exitCode });
  bench.tick();
}

/** What becomes of a job that depends so on one that ends with `exitCode`. */
function after(type: "AFTER_ANY" | "AFTER_NOT_OK" | undefined, exitCode: number): string {
  const bench = new WorldBench();
  bench.submit("a");
  bench.submit("b", { dependsOn: [{ jobId: "a", ...(type !== undefined && { type }) }] });
  bench.tick();
  assert.equal(bench.status("b"), "PENDING");
  end(bench, "a", exitCode);
  const { status, statusReason } = bench.state("b");
  return statusReason === undefined ? status : `${status} ${statusReason}`;
}

describe("dependencies on whole jobs", () => {
  const CASES: readonly ["AFTER_ANY" | "AFTER_NOT_OK" | undefined, number, string][] = [
    [undefined, 0, "STARTING"],
    [undefined, 1, "FAILED Dependent Job failed"],
    ["AFTER_ANY", 0, "STARTING"],
    ["AFTER_ANY", 1, "STARTING"],
    ["AFTER_NOT_OK", 0, `FAILED ${SUCCEEDED_REASON}`],
    ["AFTER_NOT_OK", 1, "STARTING"],
  ];
  for (const [type, exitCode, expected] of CASES) {
    test(`${type ?? "plain"}: after exit code ${exitCode} it is ${expected}`, () => {
      assert.equal(after(type, exitCode), expected);
    });
  }

  test("a retried job is over only after its last attempt", () => {
    const bench = new WorldBench();
    bench.submit("a", { retry: { attempts: 2, evaluateOnExit: [] } });
    bench.submit("b", { dependsOn: [{ jobId: "a", type: "AFTER_NOT_OK" }] });
    bench.submit("c", { dependsOn: [{ jobId: "a", type: "AFTER_ANY" }] });
    bench.tick();
    end(bench, "a", 1);
    assert.deepEqual([bench.status("b"), bench.status("c")], ["PENDING", "PENDING"]);
    end(bench, "a", 1);
    assert.deepEqual([bench.status("b"), bench.status("c")], ["STARTING", "STARTING"]);
  });

  test("a job that is cancelled or terminated has not succeeded", () => {
    const bench = new WorldBench();
    bench.submit("gate");
    for (const kind of ["cancel", "terminate"] as const) {
      bench.submit(kind, { dependsOn: [{ jobId: "gate" }] });
      bench.submit(`after ${kind}`, { dependsOn: [{ jobId: kind, type: "AFTER_NOT_OK" }] });
      bench.stop(kind, kind);
    }
    bench.tick();
    assert.deepEqual([bench.status("after cancel"), bench.status("after terminate")], ["STARTING", "STARTING"]);
  });

  test("all must be met, whatever their types; the first that cannot be met fails the job at once", () => {
    const bench = new WorldBench();
    for (const id of ["good", "bad", "any", "open"]) bench.submit(id);
    const all: Dependency[] = [
      { jobId: "good" },
      { jobId: "bad", type: "AFTER_NOT_OK" },
      { jobId: "any", type: "AFTER_ANY" },
    ];
    bench.submit("met", { dependsOn: all });
    bench.submit("held", { dependsOn: [...all, { jobId: "open" }] });
    bench.submit("failed", { dependsOn: [{ jobId: "open" }, { jobId: "good", type: "AFTER_NOT_OK" }] });
    bench.tick();
    end(bench, "any", 1);
    end(bench, "bad", 1);
    assert.equal(bench.status("met"), "PENDING");
    end(bench, "good");
    assert.deepEqual(
      [bench.status("met"), bench.status("held"), bench.status("failed")],
      ["STARTING", "PENDING", "FAILED"],
    );
  });

  test("they cascade: a failure, what runs because of it, what is not needed because of that", () => {
    const bench = new WorldBench();
    bench.submit("work");
    bench.submit("next", { dependsOn: [{ jobId: "work" }] });
    bench.submit("repair", { dependsOn: [{ jobId: "next", type: "AFTER_NOT_OK" }] });
    bench.submit("unneeded", { dependsOn: [{ jobId: "repair", type: "AFTER_NOT_OK" }] });
    bench.submit("behind", { dependsOn: [{ jobId: "unneeded" }] });
    bench.submit("report", { dependsOn: [{ jobId: "behind", type: "AFTER_ANY" }] });
    bench.tick();
    end(bench, "work", 1);
    assert.deepEqual(
      [bench.status("next"), bench.status("repair"), bench.status("unneeded")],
      ["FAILED", "STARTING", "PENDING"],
    );
    end(bench, "repair");
    assert.equal(bench.state("unneeded").statusReason, SUCCEEDED_REASON);
    assert.equal(bench.state("behind").statusReason, "Dependent Job failed");
    assert.equal(bench.status("report"), "STARTING");
  });

  test("what ended before its dependents came", () => {
    const bench = new WorldBench();
    bench.world.apply({ kind: "outcome", jobId: "good", outcome: { succeeded: true } });
    bench.world.apply({ kind: "outcome", jobId: "bad", outcome: { succeeded: false } });
    bench.submit("a", { dependsOn: [{ jobId: "good", type: "AFTER_NOT_OK" }] });
    bench.submit("b", { dependsOn: [{ jobId: "bad", type: "AFTER_NOT_OK" }] });
    bench.submit("c", {
      dependsOn: [
        { jobId: "good", type: "AFTER_ANY" },
        { jobId: "bad", type: "AFTER_ANY" },
      ],
    });
    bench.tick();
    assert.deepEqual(
      [bench.state("a").statusReason, bench.status("b"), bench.status("c")],
      [SUCCEEDED_REASON, "STARTING", "STARTING"],
    );
  });
});

describe("arrays and the dependencies on them", () => {
  test("an array counts with its parent's result, when its last child is over", () => {
    const bench = new WorldBench();
    bench.submit("array", { arraySize: 2 });
    bench.submit("any", { dependsOn: [{ jobId: "array", type: "AFTER_ANY" }] });
    bench.submit("not-ok", { dependsOn: [{ jobId: "array", type: "AFTER_NOT_OK" }] });
    bench.tick();
    end(bench, "array:0", 1);
    assert.deepEqual([bench.status("any"), bench.status("not-ok")], ["PENDING", "PENDING"]);
    end(bench, "array:1");
    assert.deepEqual([bench.status("any"), bench.status("not-ok")], ["STARTING", "STARTING"]);
  });

  test("a single child counts by its own id, also when it never gets a record", () => {
    const bench = new WorldBench();
    bench.submit("gate");
    bench.submit("array", { arraySize: 3, dependsOn: [{ jobId: "gate" }] });
    bench.submit("any", { dependsOn: [{ jobId: "array:0", type: "AFTER_ANY" }] });
    bench.submit("not-ok", { dependsOn: [{ jobId: "array:1", type: "AFTER_NOT_OK" }] });
    bench.submit("ok", { dependsOn: [{ jobId: "array:2" }] });
    bench.tick();
    end(bench, "gate", 1);
    assert.equal(bench.status("array"), "FAILED");
    assert.deepEqual(
      [bench.status("any"), bench.status("not-ok"), bench.status("ok")],
      ["STARTING", "STARTING", "FAILED"],
    );
  });

  test("an array that depends: all its children wait, start or fail together", () => {
    const bench = new WorldBench();
    bench.submit("a");
    bench.submit("any", { arraySize: 2, dependsOn: [{ jobId: "a", type: "AFTER_ANY" }] });
    bench.submit("not-ok", { arraySize: 3, dependsOn: [{ jobId: "a", type: "AFTER_NOT_OK" }] });
    bench.submit("chain", { arraySize: 2, dependsOn: [{ jobId: "a", type: "AFTER_ANY" }, { type: "SEQUENTIAL" }] });
    bench.tick();
    assert.deepEqual([bench.children("any"), bench.children("not-ok"), bench.children("chain")], ["PP", "PPP", "PP"]);
    end(bench, "a");
    assert.deepEqual([bench.children("any"), bench.children("not-ok"), bench.children("chain")], ["TT", "FFF", "TP"]);
    assert.equal(bench.state("not-ok").statusReason, SUCCEEDED_REASON);
    assert.equal(bench.recorded("not-ok"), 0, "in one write");
  });
});
