import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptId, taskId } from "../../src/core/ids.ts";
import { nodeState } from "../../src/core/tasks/node-state.ts";
import { WorldBench } from "../support/world.ts";

const UNITS = [0, 1, 2].map((node) => ({
  name: "default",
  node,
  essential: true,
  dependsOn: [],
  log: { group: "g", prefix: "p" },
}));
const SCHEDULING = { units: UNITS, nodes: { count: 3, main: 0 }, retry: { attempts: 2, evaluateOnExit: [] } };

function submitted(): WorldBench {
  const bench = new WorldBench();
  bench.submit("a", SCHEDULING);
  return bench;
}

function node(bench: WorldBench, index: number) {
  const { scheduling } = bench.world.jobs.get("a") ?? { scheduling: { ...SCHEDULING, requirements: {} } };
  return nodeState(bench.state("a"), scheduling as Parameters<typeof nodeState>[1], index);
}

/** The nodes' states. */
function statuses(bench: WorldBench): string {
  return [0, 1, 2].map((index) => node(bench, index).status).join(" ");
}

test("nodes wait with their job, start after the main one, and end each for itself", () => {
  const bench = submitted();
  assert.equal(statuses(bench), "RUNNABLE RUNNABLE RUNNABLE");
  bench.tick();
  assert.equal(statuses(bench), "STARTING SUBMITTED SUBMITTED");
  bench.startUnit("a", 0);
  bench.startUnit("a", 1);
  assert.equal(statuses(bench), "RUNNING RUNNING STARTING");
  bench.now += 10;
  bench.startUnit("a", 2);
  bench.now += 10;
  bench.endUnit("a", 1, { exitCode: 3, reason: "why" });
  assert.equal(statuses(bench), "RUNNING FAILED RUNNING");
  const failed = node(bench, 1);
  assert.deepEqual([failed.startedAt, failed.stoppedAt], [bench.now - 20, bench.now]);
  assert.equal(failed.statusReason, "Essential container in task exited");
  const task = taskId(attemptId({ id: "a", seq: 1 }, 1), 1);
  const { id, exitCode, reason, logStreamName, units } = failed.attempts[0]!;
  assert.deepEqual([id, exitCode, reason, logStreamName], [task, 3, "why", `p/default/${task}`]);
  assert.equal(units?.length, 1);
  bench.endUnit("a", 0);
  bench.endUnit("a", 2, { exitCode: 0 });
  assert.equal(statuses(bench), "SUCCEEDED FAILED SUCCEEDED");
  assert.equal(node(bench, 2).statusReason, "Main node exited");
  assert.equal(node(bench, 0).stoppedAt, bench.state("a").stoppedAt);
});

test("a node that was stopped alone, one that never ran, and one that its host lost say so", () => {
  const bench = submitted();
  bench.tick();
  for (const index of [0, 1, 2]) bench.startUnit("a", index);
  bench.stop("a#1", "terminate", "not this one");
  bench.tick();
  assert.equal(node(bench, 1).status, "RUNNING");
  assert.equal(node(bench, 1).isTerminated, true);
  assert.equal(node(bench, 2).isTerminated, undefined);
  bench.endUnit("a", 1, { exitCode: 0 });
  assert.deepEqual([node(bench, 1).status, node(bench, 1).statusReason], ["FAILED", "not this one"]);
  bench.endUnit("a", 2, {});
  assert.match(node(bench, 2).statusReason ?? "", /^Host EC2 /);

  const broken = submitted();
  broken.tick();
  broken.startUnit("a", 0);
  broken.endUnit("a", 1, { reason: "CannotPullContainerError: no such image" });
  assert.deepEqual([node(broken, 1).status, node(broken, 1).statusReason], ["FAILED", "Task failed to start"]);
});

test("what a whole job's end stops has failed, whatever its exit code; what ended before has not", () => {
  const bench = submitted();
  bench.tick();
  for (const index of [0, 1, 2]) bench.startUnit("a", index);
  bench.endUnit("a", 1);
  bench.stop("a", "terminate", "all of it");
  bench.tick();
  bench.endUnit("a", 2);
  assert.equal(statuses(bench), "RUNNING SUCCEEDED FAILED");
  bench.endUnit("a", 0);
  assert.equal(statuses(bench), "FAILED SUCCEEDED FAILED");
  assert.equal(node(bench, 2).statusReason, "all of it");
});

test("between two attempts nodes are what their job is", () => {
  const bench = submitted();
  bench.tick();
  bench.startUnit("a", 0);
  bench.endUnit("a", 0, { exitCode: 1 });
  for (const index of [1, 2]) bench.endUnit("a", index, {});
  assert.equal(statuses(bench), "RUNNABLE RUNNABLE RUNNABLE");
  assert.equal(node(bench, 1).attempts.length, 1);
  bench.stop("a", "cancel", "enough");
  bench.tick();
  assert.equal(statuses(bench), "FAILED FAILED FAILED");
  assert.deepEqual([node(bench, 1).statusReason, node(bench, 1).isCancelled], ["enough", true]);
});
