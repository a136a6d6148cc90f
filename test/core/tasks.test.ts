import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { attemptId, taskId } from "../../src/core/ids.ts";
import type { Unit, UnitDependency, UnitState } from "../../src/core/tasks/task.ts";
import { WorldBench } from "../support/world.ts";

type UnitOptions = Partial<Omit<Unit, "dependsOn">> & { after?: readonly [number, UnitDependency["condition"]][] };

function unit(name: string, { after = [], ...more }: UnitOptions = {}): Unit {
  return { name, essential: true, dependsOn: after.map(([on, condition]) => ({ unit: on, condition })), ...more };
}

const EXITED = "Essential container in task exited";
const NOT_STARTED = "Task failed to start";

function submitted(units: readonly Unit[], more: Parameters<WorldBench["submit"]>[1] = {}): WorldBench {
  const bench = new WorldBench();
  bench.submit("a", { units, ...more });
  bench.tick();
  return bench;
}

function unitStates(bench: WorldBench): readonly UnitState[] {
  return bench.state("a").attempts.at(-1)!.units!;
}

/** Status, statusReason, exit code and reason of the job's last attempt. */
function end(bench: WorldBench) {
  const { status, attempts } = bench.state("a");
  const { statusReason, exitCode, reason } = attempts.at(-1)!;
  return [status, statusReason, exitCode, reason];
}

describe("several containers", () => {
  test("those that depend on nothing start together; the job runs with its first essential one", () => {
    const bench = submitted([
      unit("side", { essential: false }),
      unit("main"),
      unit("late", { after: [[1, "START"]] }),
    ]);
    assert.equal(bench.units("a"), "ss-");
    bench.startUnit("a", 0);
    assert.deepEqual([bench.units("a"), bench.status("a")], ["rs-", "STARTING"]);
    bench.now += 5;
    bench.startUnit("a", 1);
    assert.deepEqual([bench.units("a"), bench.status("a")], ["rrs", "RUNNING"]);
    assert.equal(bench.state("a").startedAt, bench.now);
    assert.equal(bench.state("a").attempts[0]?.startedAt, bench.now);
  });

  test("COMPLETE waits for the end, SUCCESS for a good one", () => {
    const bench = submitted([
      unit("migrate", { essential: false }),
      unit("warm", { essential: false }),
      unit("main", {
        after: [
          [0, "SUCCESS"],
          [1, "COMPLETE"],
        ],
      }),
    ]);
    bench.startUnit("a", 0);
    bench.startUnit("a", 1);
    bench.endUnit("a", 1, { exitCode: 4 });
    assert.equal(bench.units("a"), "re-");
    bench.endUnit("a", 0);
    assert.deepEqual([bench.units("a"), bench.status("a")], ["ees", "STARTING"]);
    bench.startUnit("a", 2);
    bench.endUnit("a", 2);
    assert.deepEqual(end(bench), ["SUCCEEDED", EXITED, 0, undefined]);
  });

  test("when an essential one ends, whatever its code, the others are stopped, and those that wait never start", () => {
    for (const exitCode of [0, 3]) {
      const bench = submitted([
        unit("main"),
        unit("side", { essential: false }),
        unit("never", { essential: false, after: [[1, "COMPLETE"]] }),
      ]);
      bench.startUnit("a", 0);
      bench.startUnit("a", 1);
      bench.now += 7;
      bench.endUnit("a", 0, { exitCode });
      assert.deepEqual([bench.units("a"), bench.status("a")], ["eRE", "RUNNING"]);
      assert.deepEqual(unitStates(bench)[1]?.stopping, { reason: EXITED, at: bench.now });
      bench.now += 7;
      bench.endUnit("a", 1, { exitCode: 143 });
      assert.deepEqual(end(bench), [exitCode === 0 ? "SUCCEEDED" : "FAILED", EXITED, exitCode, undefined]);
      assert.equal(bench.state("a").stoppedAt, bench.now, "the last one's end is the task's");
    }
  });

  test("the failure of one that is not essential is ignored", () => {
    const bench = submitted([unit("side", { essential: false }), unit("main")]);
    bench.startUnit("a", 1);
    bench.endUnit("a", 0, { reason: "CannotPullContainerError: no such image" });
    assert.equal(bench.units("a"), "er");
    assert.equal(unitStates(bench)[0]?.reason, "CannotPullContainerError: no such image");
    bench.endUnit("a", 1);
    assert.equal(bench.status("a"), "SUCCEEDED");
  });

  test("any essential one's failure is the job's, also that of one which was stopped", () => {
    const bench = submitted([unit("first"), unit("second")]);
    bench.startUnit("a", 0);
    bench.startUnit("a", 1);
    bench.endUnit("a", 0);
    bench.endUnit("a", 1, { exitCode: 143 });
    assert.deepEqual(end(bench), ["FAILED", EXITED, 143, undefined]);
  });

  test("the one that failed by itself decides, not the one that was stopped for it", () => {
    const bench = submitted([unit("stopped"), unit("failed")]);
    bench.startUnit("a", 0);
    bench.startUnit("a", 1);
    bench.endUnit("a", 1, { exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" });
    bench.endUnit("a", 0, { exitCode: 143 });
    const reason = "OutOfMemoryError: Container killed due to memory usage";
    assert.deepEqual(end(bench), ["FAILED", EXITED, 137, reason]);
  });

  test("a retry looks at that container's exit code, and begins with all of them", () => {
    const retry = { attempts: 2, evaluateOnExit: [{ action: "retry" as const, onExitCode: "3" }] };
    const bench = submitted([unit("main"), unit("side", { essential: false })], { retry });
    bench.startUnit("a", 0);
    bench.endUnit("a", 0, { exitCode: 3 });
    bench.endUnit("a", 1, {});
    assert.equal(bench.status("a"), "RUNNABLE");
    bench.tick();
    assert.deepEqual([bench.status("a"), bench.units("a")], ["STARTING", "ss"]);
    assert.equal(bench.state("a").attempts.length, 2);
  });

  test("a dependency that cannot be met any more: the task fails to start, and the container says why", () => {
    const graph =
      "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [first]";
    const cases: [UnitDependency["condition"], { exitCode?: number }, boolean, string][] = [
      ["SUCCESS", { exitCode: 1 }, true, `${graph} for target [main] as dependency did not exit successfully.`],
      ["SUCCESS", {}, false, `${graph} for target [main] because dependency will never start`],
      ["COMPLETE", {}, false, `${graph} for target [main] because dependency will never start`],
      ["START", {}, false, `${graph} for target [main] because dependency will never start`],
    ];
    for (const [condition, how, begins, reason] of cases) {
      const bench = submitted([unit("first", { essential: false }), unit("main", { after: [[0, condition]] })]);
      if (begins) bench.startUnit("a", 0);
      bench.endUnit("a", 0, how);
      assert.deepEqual(end(bench), ["FAILED", NOT_STARTED, undefined, reason]);
      assert.equal(bench.state("a").startedAt, undefined);
    }
  });

  test("one that is not essential and cannot start is passed over, and so are those that need it", () => {
    const bench = submitted([
      unit("first", { essential: false }),
      unit("second", { essential: false, after: [[0, "SUCCESS"]] }),
      unit("third", { essential: false, after: [[1, "START"]] }),
      unit("main"),
    ]);
    bench.startUnit("a", 0);
    bench.endUnit("a", 0, { exitCode: 1 });
    assert.equal(bench.units("a"), "eees");
  });

  test("a start timeout counts from the start of the one that others wait for", () => {
    const bench = submitted([
      unit("first", { essential: false, startTimeoutMs: 10_000 }),
      unit("main", { after: [[0, "COMPLETE"]] }),
    ]);
    bench.now += 60_000;
    bench.tick();
    bench.startUnit("a", 0);
    assert.equal(bench.world.deadlines.next()?.at, bench.now + 10_000);
    bench.now += 9_999;
    bench.tick();
    assert.equal(bench.units("a"), "r-");
    bench.now += 1;
    bench.tick();
    assert.equal(bench.units("a"), "Re");
    bench.endUnit("a", 0, { exitCode: 143 });
    const reason =
      "CannotStartContainerError: dependency graph: container ordering dependency [first] for target [main] has timed out.";
    assert.deepEqual(end(bench), ["FAILED", NOT_STARTED, undefined, reason]);
  });

  test("a start timeout that is met in time changes nothing later", () => {
    const bench = submitted([
      unit("first", { essential: false, startTimeoutMs: 10_000 }),
      unit("main", { after: [[0, "START"]] }),
    ]);
    bench.startUnit("a", 0);
    bench.startUnit("a", 1);
    bench.now += 10_000;
    assert.deepEqual(bench.reconcile(), []);
    assert.equal(bench.units("a"), "rr");
  });

  test("an essential one that its host loses is the loss of the host", () => {
    const bench = submitted([unit("main"), unit("side", { essential: false })]);
    bench.startUnit("a", 0);
    bench.startUnit("a", 1);
    bench.endUnit("a", 0, {});
    bench.endUnit("a", 1, { exitCode: 143 });
    assert.match(String(bench.state("a").statusReason), /^Host EC2 \(instance i-.*\) terminated\.$/);
  });

  test("terminate and the timeout stop all of them, for good", () => {
    const retry = { attempts: 3, evaluateOnExit: [] };
    const units = [unit("main"), unit("other"), unit("late", { after: [[1, "START"]] })];
    const terminated = submitted(units, { retry });
    terminated.startUnit("a", 0);
    terminated.stop("a", "terminate", "enough");
    terminated.tick();
    assert.equal(terminated.units("a"), "RSE");
    terminated.endUnit("a", 1, {});
    terminated.endUnit("a", 0, { exitCode: 143 });
    assert.deepEqual(end(terminated).slice(0, 3), ["FAILED", "enough", 143]);
    assert.equal(terminated.state("a").isTerminated, true);

    const late = submitted(units, { retry, timeoutSeconds: 60 });
    late.startUnit("a", 0);
    late.startUnit("a", 1);
    late.now += 60_000;
    late.tick();
    assert.equal(late.units("a"), "RRS");
  });

  test("a late start, a second end and a start after the end change nothing", () => {
    const bench = submitted([unit("main"), unit("side", { essential: false })]);
    bench.startUnit("a", 1);
    bench.endUnit("a", 1, { exitCode: 1 });
    const before = unitStates(bench);
    bench.startUnit("a", 1);
    bench.endUnit("a", 1, { exitCode: 0 });
    assert.deepEqual(unitStates(bench), before);
  });

  test("each has a log stream from its start on, named after it and the task", () => {
    const log = { group: "g", prefix: "p" };
    const bench = submitted([unit("main", { log }), unit("quiet")]);
    bench.startUnit("a", 0);
    bench.startUnit("a", 1);
    const attempt = attemptId({ id: "a", seq: 1 }, 1);
    assert.deepEqual(
      unitStates(bench).map(({ logStreamName }) => logStreamName),
      [`p/main/${attempt}`, undefined],
    );
  });

  test("an array's children each have their own", () => {
    const bench = new WorldBench();
    bench.submit("a", { units: [unit("main"), unit("late", { after: [[0, "START"]] })], arraySize: 2 });
    bench.tick();
    bench.startUnit("a:1", 0);
    assert.deepEqual([bench.units("a:0"), bench.units("a:1")], ["s-", "rs"]);
  });
});

describe("pods", () => {
  const pod = (name: string, options: UnitOptions = {}): Unit => unit(name, { othersGoOn: true, ...options });

  test("init containers run one after the other while the job is STARTING; then the others run together, each to its end", () => {
    const bench = submitted([
      pod("one"),
      pod("two", { after: [[0, "SUCCESS"]] }),
      pod("app", { after: [[1, "SUCCESS"]] }),
      pod("side", { after: [[1, "SUCCESS"]] }),
    ]);
    for (const init of [0, 1]) {
      bench.startUnit("a", init);
      bench.endUnit("a", init);
      assert.equal(bench.status("a"), "STARTING");
    }
    assert.equal(bench.units("a"), "eess");
    bench.startUnit("a", 2);
    bench.startUnit("a", 3);
    assert.equal(bench.status("a"), "RUNNING");
    bench.endUnit("a", 2, { exitCode: 5 });
    assert.deepEqual([bench.units("a"), bench.status("a")], ["eeer", "RUNNING"]);
    bench.endUnit("a", 3);
    assert.deepEqual(end(bench), ["FAILED", EXITED, 5, undefined]);
  });

  test("an init container that fails is the pod's failure", () => {
    const bench = submitted([pod("init"), pod("app", { after: [[0, "SUCCESS"]] })]);
    bench.startUnit("a", 0);
    bench.endUnit("a", 0, { exitCode: 2 });
    assert.deepEqual(end(bench), ["FAILED", EXITED, 2, undefined]);
  });

  test("one that cannot start ends the others", () => {
    const bench = submitted([pod("app"), pod("broken")]);
    bench.startUnit("a", 0);
    bench.endUnit("a", 1, { reason: "CannotPullContainerError: no such image" });
    assert.equal(bench.units("a"), "Re");
    bench.endUnit("a", 0, { exitCode: 143 });
    assert.deepEqual(end(bench), ["FAILED", NOT_STARTED, undefined, "CannotPullContainerError: no such image"]);
  });
});

describe("several nodes", () => {
  const NODES = [unit("default", { node: 0 }), unit("default", { node: 1 }), unit("default", { node: 2 })];
  const nodes = { count: 3, main: 1 };

  function running(more: Parameters<WorldBench["submit"]>[1] = {}): WorldBench {
    const bench = submitted(NODES, { nodes, ...more });
    for (const index of [1, 0, 2]) bench.startUnit("a", index);
    return bench;
  }

  test("the main node starts first, the others when it runs", () => {
    const bench = submitted(NODES, { nodes });
    assert.equal(bench.units("a"), "-s-");
    bench.startUnit("a", 1, "10.0.0.1");
    assert.deepEqual([bench.units("a"), bench.status("a")], ["srs", "RUNNING"]);
    assert.equal(unitStates(bench)[1]?.address, "10.0.0.1");
  });

  test("the main node's end stops the others, and the job's result is its", () => {
    for (const exitCode of [0, 3]) {
      const bench = running();
      bench.now += 10;
      bench.endUnit("a", 1, { exitCode });
      const endedAt = bench.now;
      assert.equal(bench.units("a"), "ReR");
      assert.equal(unitStates(bench)[0]?.stopping?.reason, "Main node exited");
      bench.now += 10;
      bench.endUnit("a", 0, { exitCode: 143 });
      bench.endUnit("a", 2, { exitCode: 137 });
      assert.deepEqual(end(bench), [exitCode === 0 ? "SUCCEEDED" : "FAILED", EXITED, exitCode, undefined]);
      assert.equal(bench.state("a").stoppedAt, endedAt, "the main node's end is the job's");
    }
  });

  test("a child that dies changes nothing for the others", () => {
    const bench = running({ retry: { attempts: 2, evaluateOnExit: [] } });
    bench.endUnit("a", 0, { exitCode: 1 });
    assert.deepEqual([bench.units("a"), bench.status("a")], ["err", "RUNNING"]);
  });

  test("a main node that cannot start: the others never do", () => {
    const bench = submitted(NODES, { nodes });
    bench.endUnit("a", 1, { reason: "CannotPullContainerError: no such image" });
    assert.deepEqual(end(bench), ["FAILED", NOT_STARTED, undefined, "CannotPullContainerError: no such image"]);
    assert.equal(bench.units("a"), "EeE");
  });

  test("a retry runs all nodes again", () => {
    const bench = running({ retry: { attempts: 2, evaluateOnExit: [] } });
    bench.endUnit("a", 1, { exitCode: 1 });
    bench.endUnit("a", 0, { exitCode: 143 });
    bench.endUnit("a", 2, { exitCode: 143 });
    bench.tick();
    assert.deepEqual([bench.status("a"), bench.units("a")], ["STARTING", "-s-"]);
  });

  test("all nodes are placed together or none", () => {
    const bench = new WorldBench({ capacity: { vcpuMilli: 3000, memoryMiB: 100_000 } });
    bench.submit("first", { requirements: { vcpuMilli: 1000, memoryMiB: 1, gpus: 0 } });
    bench.submit("a", { units: NODES, nodes, requirements: { vcpuMilli: 3000, memoryMiB: 3, gpus: 0 } });
    bench.tick();
    assert.equal(bench.status("a"), "RUNNABLE");
    bench.start("first");
    bench.end("first");
    bench.tick();
    assert.equal(bench.units("a"), "-s-");
  });

  test("to terminate one node is to stop that node alone; the main one is the job", () => {
    const bench = running();
    bench.stop("a#0", "terminate", "not this one");
    bench.tick();
    assert.equal(bench.units("a"), "Rrr");
    const stopping = { reason: "not this one", at: bench.now, isTerminated: true };
    assert.deepEqual(unitStates(bench)[0]?.stopping, stopping);
    bench.stop("a#0", "terminate", "again");
    bench.tick();
    assert.deepEqual(unitStates(bench)[0]?.stopping, stopping, "the first one counts");
    assert.equal(bench.world.stops.size, 0);
    bench.stop("a#1", "terminate", "nor the others");
    bench.tick();
    assert.equal(bench.units("a"), "RRR");
    assert.equal(bench.state("a").isTerminated, true);
  });

  test("to cancel a node that runs is nothing, and so is to stop one before the job runs; the main one is the job", () => {
    const bench = new WorldBench({ capacity: { vcpuMilli: 1, memoryMiB: 1 } });
    bench.submit("a", { units: NODES, nodes });
    bench.stop("a#0", "terminate");
    bench.tick();
    assert.equal(bench.status("a"), "RUNNABLE");
    bench.stop("a#1", "cancel", "no");
    bench.tick();
    assert.deepEqual([bench.status("a"), bench.state("a").statusReason], ["FAILED", "no"]);
    const other = running();
    other.stop("a#0", "cancel");
    other.stop("a#7", "terminate");
    other.stop("nobody#0", "terminate");
    other.tick();
    assert.equal(other.units("a"), "rrr");
  });

  test("each node's task has its own id, which its log stream names", () => {
    const log = { group: "g", prefix: "p" };
    const bench = submitted(
      NODES.map((one) => ({ ...one, log })),
      { nodes },
    );
    bench.startUnit("a", 1);
    const task = taskId(attemptId({ id: "a", seq: 1 }, 1), 1);
    assert.equal(unitStates(bench)[1]?.logStreamName, `p/default/${task}`);
  });

  test("nodes of several containers: those of one node end with its essential one, the other nodes go on", () => {
    const bench = submitted(
      [
        unit("main", { node: 0 }),
        unit("side", { node: 0, essential: false }),
        unit("work", { node: 1 }),
        unit("side", { node: 1, essential: false }),
        unit("late", { node: 1, essential: false, after: [[3, "COMPLETE"]] }),
      ],
      { nodes: { count: 2, main: 0 } },
    );
    assert.equal(bench.units("a"), "ss---");
    bench.startUnit("a", 1);
    assert.equal(bench.units("a"), "sr---");
    bench.startUnit("a", 0);
    assert.equal(bench.units("a"), "rrss-");
    bench.startUnit("a", 2);
    bench.startUnit("a", 3);
    bench.endUnit("a", 2);
    assert.equal(bench.units("a"), "rreRE");
    bench.endUnit("a", 0);
    assert.equal(bench.units("a"), "eReRE");
  });
});
