import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explain } from "../../src/core/explain/explain.ts";
import { frontOf } from "../../src/core/front.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { Limits, Share } from "../support/quotas.ts";
import { arnOf, borrow, inShare, lend, Quotas, reserve } from "../support/quotas.ts";

describe("who starts", () => {
  const cases: readonly [what: string, instances: Limits, shares: Record<string, Share>, jobs: string[], started: string[]][] = [
    ["each share up to its own", 4, { x: reserve(2), y: reserve(2) }, ["x:x1", "x:x2", "x:x3", "y:y1"], ["x1", "y1", "x2"]],
    ["share by share, who uses least of its own first", 6, { x: lend(4), y: lend(2) }, ["x:x1", "x:x2", "x:x3", "y:y1", "y:y2"], ["x1", "y1", "x2", "x3", "y2"]],
    ["RESERVE does not borrow", 4, { x: reserve(2), y: lend(2) }, ["x:x1*2", "x:x2"], ["x1"]],
    ["LEND does not borrow", 4, { x: lend(2), y: lend(2) }, ["x:x1*2", "x:x2"], ["x1"]],
    ["LEND_AND_BORROW borrows from LEND", 4, { x: borrow(2), y: lend(2) }, ["x:x1*2", "x:x2*2"], ["x1", "x2"]],
    ["LEND_AND_BORROW borrows from its like", 4, { x: borrow(2), y: borrow(2) }, ["x:x1*4"], ["x1"]],
    ["what is in RESERVE is never lent", 4, { x: borrow(2), y: reserve(2) }, ["x:x1*2", "x:x2"], ["x1"]],
    ["what no share has is never lent", 9, { x: borrow(2), y: lend(2) }, ["x:x1*4", "x:x2"], ["x1"]],
    ["up to 200 % of its own more", 9, { x: borrow(2, 200), y: lend(7) }, ["x:x1*6", "x:x2"], ["x1"]],
    ["up to 50 % of its own more, rounded down", 9, { x: borrow(3, 50), y: lend(6) }, ["x:x1*4", "x:x2"], ["x1"]],
    ["up to 0 %", 9, { x: borrow(3, 0), y: lend(6) }, ["x:x1*3", "x:x2"], ["x1"]],
    ["owners come before borrowers", 4, { x: borrow(1), y: lend(3) }, ["x:x1*2", "y:y1*3"], ["y1"]],
    ["borrowers come in the order of their submission", 5, { x: borrow(1), y: borrow(1), z: lend(3) }, ["x:x1", "y:y1", "y:y2*2", "x:x2*2"], ["x1", "y1", "y2"]],
    ["a borrower that does not fit holds up nobody", 5, { x: borrow(1), y: borrow(1), z: lend(3) }, ["x:x1", "y:y1", "y:y2*4", "x:x2*2"], ["x1", "y1", "x2"]],
    ["in a share the first job holds up the others", 4, { x: reserve(2), y: reserve(2) }, ["x:x1", "x:x2*2", "x:x3", "y:y1"], ["x1", "y1"]],
    ["priority acts within a share", 2, { x: lend(1), y: lend(1) }, ["x:x1", "x:x2^5", "y:y1"], ["x2", "y1"]],
    ["more is promised than there is: first come, first served", 3, { x: reserve(3), y: reserve(3) }, ["x:x1*2", "y:y1*2"], ["x1"]],
  ]; // prettier-ignore
  for (const [what, instances, shares, jobs, started] of cases) {
    test(what, () => {
      const quotas = new Quotas(instances, shares);
      quotas.submit(...jobs);
      assert.deepEqual(quotas.settle(), started);
      assert.deepEqual(quotas.ending(), []);
    });
  }

  test("each instance type is counted for itself", () => {
    const quotas = new Quotas({ a: 2, b: 4 }, { x: borrow({ a: 1, b: 1 }, 100), y: lend({ a: 1, b: 3 }) });
    quotas.submitOf("x", "both", { a: 2, b: 2 });
    quotas.submitOf("x", "more", { b: 1 });
    assert.deepEqual(quotas.settle(), ["both"]);
    quotas.bench.end("both");
    assert.deepEqual(quotas.settle(), ["more"]);
  });
});

describe("capacity that was lent goes back to its owner", () => {
  test("as soon as the owner has a job: the jobs that borrow end, and wait again", () => {
    const quotas = new Quotas(4, { x: borrow(2), y: lend(2) });
    quotas.submit("x:x1", "x:x2", "x:x3", "x:x4");
    quotas.settle();
    quotas.submit("y:y1*2");
    assert.deepEqual(quotas.settle(), []);
    assert.deepEqual(quotas.ending(), ["x3", "x4"]);
    assert.deepEqual(
      [quotas.bench.status("x4"), quotas.bench.state("x4").statusReason],
      ["RUNNING", "PREEMPTION_IN_PROGRESS: Cross-share preemption triggered to reclaim borrowed capacity"],
    );
    quotas.obey("x3", "x4");
    assert.deepEqual(quotas.settle(), ["y1"]);
    const { status, statusReason, attempts, preemptions } = quotas.bench.state("x4");
    assert.deepEqual([status, statusReason, preemptions], ["RUNNABLE", undefined, 1]);
    assert.equal(attempts[0]!.statusReason, "Cross-share preemption triggered to reclaim borrowed capacity");
    quotas.bench.end("y1");
    assert.deepEqual(quotas.settle(), ["x3", "x4"]);
  });

  test("what is about to be free is counted: nobody is stopped for it twice, and no borrower gets it", () => {
    const quotas = new Quotas(4, { x: borrow(1), y: lend(3), z: borrow(0) });
    quotas.submit("x:x1", "x:x2", "x:x3", "x:x4", "z:z1");
    quotas.settle();
    quotas.submit("y:y1*2");
    quotas.settle();
    assert.deepEqual(quotas.ending(), ["x3", "x4"]);
    quotas.settle();
    assert.deepEqual(quotas.ending(), ["x3", "x4"]);
    quotas.obey("x3");
    assert.deepEqual(quotas.settle(), [], "neither z1 nor x3 takes what y1 waits for");
    assert.deepEqual(quotas.ending(), ["x4"]);
    quotas.obey("x4");
    assert.deepEqual(quotas.settle(), ["y1"]);
    assert.deepEqual(quotas.ending(), []);
  });

  test("for several jobs of the owner at once, but not beyond its own", () => {
    const quotas = new Quotas(4, { x: borrow(1), y: lend(3) });
    quotas.submit("x:x1", "x:x2", "x:x3", "x:x4");
    quotas.settle();
    quotas.submit("y:y1", "y:y2", "y:y3", "y:y4");
    quotas.settle();
    assert.deepEqual(quotas.ending(), ["x2", "x3", "x4"]);
    quotas.obey("x2", "x3", "x4");
    assert.deepEqual(quotas.settle(), ["y1", "y2", "y3"]);
    assert.deepEqual(quotas.ending(), []);
  });

  test("nobody is stopped when that would not be enough", () => {
    const quotas = new Quotas(4, { x: borrow(2), y: lend(2) });
    quotas.submit("y:y1", "x:x1*3");
    quotas.settle();
    quotas.submit("y:y2*2");
    quotas.settle();
    assert.deepEqual(quotas.ending(), []);
  });

  test("a job in RESERVE takes back what others have above their lowered limits", () => {
    const quotas = new Quotas(4, { x: reserve(4), y: reserve(0) });
    quotas.submit("x:x1", "x:x2", "x:x3", "x:x4");
    quotas.settle();
    quotas.configure({ x: reserve(2), y: reserve(2) });
    quotas.settle();
    assert.deepEqual(quotas.ending(), [], "nobody wants it yet");
    quotas.submit("y:y1");
    quotas.settle();
    assert.deepEqual(quotas.ending(), ["x4"]);
  });

  test("a lender does not begin in what a RESERVE share keeps", () => {
    const quotas = new Quotas(6, { x: borrow(2), y: lend(2), z: reserve(2) });
    quotas.submit("x:x1*2", "x:x2*2");
    quotas.settle();
    quotas.submit("y:y1*2");
    assert.deepEqual(quotas.settle(), []);
    assert.deepEqual(quotas.ending(), ["x2"]);
    quotas.submit("z:z1*2");
    assert.deepEqual(quotas.settle(), ["z1"]);
  });

  test("a new limit takes effect with the next tick", () => {
    const quotas = new Quotas(4, { x: reserve(1), y: lend(3) });
    quotas.submit("x:x1", "x:x2*2");
    assert.deepEqual(quotas.settle(), ["x1"]);
    quotas.configure({ x: borrow(1, 200), y: lend(3) });
    assert.deepEqual(quotas.settle(), ["x2"]);
  });
});

describe("within a share", () => {
  test("a job of higher priority takes the place of one of lower priority, if the share allows it", () => {
    for (const [share, ending] of [
      [reserve(2), []],
      [inShare(reserve(2)), ["low"]],
    ] as const) {
      // prettier-ignore
      const quotas = new Quotas(2, { x: share });
      quotas.submit("x:high^5", "x:low^1");
      quotas.settle();
      quotas.submit("x:same^1", "x:middle^3");
      quotas.settle();
      assert.deepEqual(quotas.ending(), ending);
    }
  });

  test("it comes to its place, and the other one waits behind it", () => {
    const quotas = new Quotas(1, { x: inShare(reserve(1)) });
    quotas.submit("x:low^1");
    quotas.settle();
    quotas.submit("x:high^2");
    quotas.settle();
    assert.equal(
      quotas.bench.state("low").statusReason,
      "PREEMPTION_IN_PROGRESS: In-share preemption triggered to run a job of higher priority",
    );
    quotas.obey("low");
    assert.deepEqual(quotas.settle(), ["high"]);
    quotas.bench.end("high");
    assert.deepEqual(quotas.settle(), ["low"]);
  });

  test("also where the place is borrowed", () => {
    const quotas = new Quotas(2, { x: inShare(borrow(1)), y: lend(1) });
    quotas.submit("x:one^2", "x:low^1");
    quotas.settle();
    quotas.submit("x:high^2");
    quotas.settle();
    assert.deepEqual(quotas.ending(), ["low"]);
  });

  test("priorities that are changed count at once: of who waits, and of who runs", () => {
    const quotas = new Quotas(2, { x: inShare(reserve(2)) });
    quotas.submit("x:x1^2", "x:x2^2", "x:x3^2", "x:x4^1");
    quotas.settle();
    quotas.prioritise("x4", 3);
    quotas.settle();
    assert.deepEqual(quotas.ending(), ["x2"]);
    quotas.prioritise("x1", 1);
    quotas.settle();
    assert.deepEqual(quotas.ending(), ["x1", "x2"], "x3 takes the place of x1");
    quotas.obey("x1", "x2");
    assert.deepEqual(quotas.settle(), ["x4", "x2"], "what was preempted comes before x3, which came later");
  });

  test("and what was lent comes back first", () => {
    const quotas = new Quotas(4, { x: inShare(lend(2)), y: borrow(2) });
    quotas.submit("x:low^1", "y:y1*2", "y:y2");
    quotas.settle();
    quotas.submit("x:high^2");
    quotas.settle();
    assert.deepEqual(quotas.ending(), ["y2"]);
  });
});

describe("who has to end", () => {
  const cases: readonly [what: string, running: string[], wanted: string, ending: string[]][] = [
    ["the lowest priority", ["x:x1^3", "x:x2^1", "x:x3^2", "x:x4^4"], "y:y1", ["x2"]],
    ["of equal ones the last that began", ["x:x1", "x:x2", "x:x3", "x:x4"], "y:y1", ["x4"]],
    ["so many as suffice", ["x:x1^1", "x:x2^2", "x:x3^3", "x:x4^4"], "y:y1*2", ["x1", "x2"]],
    ["nobody whom it could do without", ["x:x1^1", "x:x2*2^2", "x:x3^3"], "y:y1*2", ["x2"]],
    ["whole jobs, even if less would do", ["x:x1*4^1"], "y:y1", ["x1"]],
  ];
  for (const [what, running, wanted, ending] of cases) {
    test(what, () => {
      const quotas = new Quotas(4, { x: borrow(1), y: lend(3) });
      for (const job of running) {
        quotas.submit(job);
        quotas.settle();
      }
      quotas.submit(wanted);
      quotas.settle();
      assert.deepEqual(quotas.ending(), ending);
    });
  }

  test("no share loses what is its own", () => {
    const quotas = new Quotas(6, { x: borrow(2), y: borrow(2), z: lend(2) });
    quotas.submit("x:x1", "x:x2", "y:y1", "y:y2", "x:x3^9", "y:y3^9");
    quotas.settle();
    quotas.submit("z:z1*2");
    quotas.settle();
    assert.equal(quotas.ending().length, 2);
    assert.deepEqual(
      quotas.ending(),
      ["x2", "y2"],
      "one of each share, though others have run for longer with less priority",
    );
  });
});

describe("a preempted job", () => {
  function preempt(quotas: Quotas, id: string): void {
    quotas.submit(`y:owner${quotas.bench.now}`);
    quotas.settle();
    assert.deepEqual(quotas.ending(), [id]);
    quotas.obey(id);
  }

  function owned(more: Partial<Scheduling> = {}): Quotas {
    const quotas = new Quotas(1, { x: borrow(0), y: lend(1) });
    quotas.submitOf("x", "job", { a: 1 }, more);
    quotas.settle();
    return quotas;
  }

  function again(quotas: Quotas): void {
    quotas.settle();
    for (const { id, state } of quotas.bench.world.jobs.values()) if (state.status === "RUNNING") quotas.bench.end(id);
    quotas.settle();
  }

  test("has as many attempts left as before", () => {
    const quotas = owned({ retry: { attempts: 2, evaluateOnExit: [] } });
    preempt(quotas, "job");
    again(quotas);
    quotas.bench.end("job", { exitCode: 1 });
    assert.equal(quotas.bench.status("job"), "RUNNABLE");
    quotas.settle();
    quotas.bench.end("job", { exitCode: 1 });
    assert.deepEqual([quotas.bench.status("job"), quotas.bench.state("job").attempts.length], ["FAILED", 3]);
  });

  for (const retries of [0, 1]) {
    test(`FAILED when it was preempted more than ${retries} times, as it was submitted`, () => {
      const quotas = new Quotas(1, { x: borrow(0), y: lend(1) });
      const service = { type: "SAGEMAKER_TRAINING", trainingJobName: "job", quotaShare: arnOf("x") } as const;
      quotas.submitOf("x", "job", { a: 1 }, { service: { ...service, preemptionRetries: retries } });
      quotas.settle();
      for (let times = 0; times < retries; times += 1) {
        preempt(quotas, "job");
        assert.equal(quotas.bench.status("job"), "RUNNABLE");
        again(quotas);
      }
      preempt(quotas, "job");
      const { status, statusReason, preemptions } = quotas.bench.state("job");
      assert.deepEqual(
        [status, statusReason, preemptions],
        ["FAILED", "Cross-share preemption triggered to reclaim borrowed capacity", retries + 1],
      );
    });
  }

  test("is preempted without limit, and remembers the last ten times; no two attempts have the same id", () => {
    const quotas = owned();
    const ids = new Set<string>();
    for (let times = 0; times < 300; times += 1) {
      ids.add(quotas.bench.state("job").attempts.at(-1)!.id);
      preempt(quotas, "job");
      again(quotas);
    }
    const { attempts, preemptions } = quotas.bench.state("job");
    assert.deepEqual([attempts.length, preemptions, ids.size], [11, 300, 300]);
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
    quotas.bench.end("job");
    assert.equal(quotas.bench.status("job"), "SUCCEEDED");
  });

  test("one that is terminated while it makes room is over", () => {
    const quotas = owned();
    quotas.submit("y:owner");
    quotas.settle();
    quotas.bench.stop("job", "terminate", "enough");
    quotas.settle();
    quotas.obey("job");
    const { status, statusReason, preemptions } = quotas.bench.state("job");
    assert.deepEqual([status, statusReason, preemptions], ["FAILED", "enough", undefined]);
  });

  test("its time limit does not make it fail while it makes room", () => {
    const quotas = owned({ timeoutSeconds: 10 });
    quotas.submit("y:owner");
    quotas.settle();
    quotas.bench.now += 60_000;
    quotas.settle();
    quotas.obey("job");
    assert.equal(quotas.bench.status("job"), "RUNNABLE");
  });
});

test("the front of a queue goes from share to share; priorities count within a share only", () => {
  const quotas = new Quotas(1, { x: reserve(1), y: reserve(1) });
  quotas.submit("x:running");
  quotas.settle();
  quotas.submit("x:x1", "x:x2^9", "y:y1^5", "x:x3", "y:y2");
  quotas.settle();
  assert.deepEqual(frontOf(quotas.bench.world, "queue", 4), ["x2", "y1", "x1", "y2"]);
});

describe("why the first job of a share waits", () => {
  const cases: readonly [job: string, shares: Record<string, Share>, text: RegExp][] = [
    ["x:job*3", { x: reserve(2), y: lend(2) }, /LIMIT_EXCEEDED - Job requirements exceed quota share capacity limits\.$/],
    ["x:job*3", { x: lend(2), y: lend(2) }, /LIMIT_EXCEEDED - Job requirements exceed quota share capacity limits\.$/],
    ["x:job*4", { x: borrow(2, 50), y: lend(2) }, /LIMIT_EXCEEDED - Job requirements exceed quota share capacity limits and borrow limits\.$/],
    ["x:job*4", { x: borrow(2), y: lend(1), z: reserve(1) }, /LIMIT_EXCEEDED - Job requires borrowing that exceeds all configured borrowable capacity\.$/],
    ["x:job*5", { x: reserve(5) }, /^MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE - /],
    ["x:job*2", { x: reserve(2), y: lend(2) }, /^Waiting for 2 a: its quota share uses 1 of its own 2 and borrows 0; the others borrow 0 and have 1 more to lend\.$/],
  ]; // prettier-ignore
  for (const [job, shares, text] of cases) {
    test(`${job}: ${text.source}`, () => {
      const quotas = new Quotas(4, shares);
      if (text.source.startsWith("^Waiting")) quotas.submit("x:before");
      quotas.submit(job, "x:behind");
      if (shares["y"] !== undefined) quotas.submit("y:other");
      quotas.settle();
      assert.match(quotas.waiting("job")!, text);
      assert.equal(
        quotas.waiting("behind"),
        "Waiting for job job, which is before it in the queue and does not fit yet.",
      );
      if (shares["y"] !== undefined) assert.equal(quotas.bench.status("other"), "RUNNING", "other shares go on");
    });
  }

  test("room is being made for it", () => {
    const quotas = new Quotas(2, { x: borrow(1), y: lend(1) });
    quotas.submit("x:x1*2");
    quotas.settle();
    quotas.submit("y:y1");
    quotas.settle();
    assert.equal(
      quotas.waiting("y1"),
      "Waiting for 1 a: its quota share uses 0 of its own 1 and borrows 0; the others borrow 1 and have 0 more to lend. Jobs that make room for it are about to end.",
    );
  });

  test("an explanation names it beside what else is in the way", () => {
    const quotas = new Quotas(9, { x: reserve(2), y: lend(2) });
    quotas.submit("x:running", "x:first*2", "x:large*3");
    quotas.settle();
    const kinds = (id: string) =>
      explain(quotas.bench.world, quotas.plan!, id, quotas.bench.now)!.blockers.map(({ kind }) => kind);
    assert.deepEqual(kinds("first"), ["policy"]);
    assert.deepEqual(kinds("large"), ["policy", "behind"]);
    quotas.bench.end("running");
    quotas.settle();
    assert.deepEqual(kinds("large"), ["policy"]);
  });

  test("a time limit of the queue ends what never fits", () => {
    const reason = "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED";
    const quotas = new Quotas(4, { x: reserve(2), y: lend(2) }, [{ reason, maxTimeSeconds: 600, action: "TERMINATE" }]);
    quotas.submit("x:large*3", "x:small");
    assert.deepEqual(quotas.settle(), []);
    quotas.bench.now += 600_000;
    assert.deepEqual(quotas.settle(), ["small"]);
    assert.equal(
      quotas.bench.state("large").statusReason,
      `Terminated by JobStateTimeLimit action due to reason: ${reason}`,
    );
  });
});
