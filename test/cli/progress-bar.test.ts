import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgressBar, sumOfTallies, tallyOf } from "../../src/cli/progress-bar.ts";

const at = (ended: number, failed = 0) => ({ waiting: 990 - ended, running: 10, succeeded: ended - failed, failed });

test("a bar says how many have ended, how fast, and how long it takes", () => {
  const bar = new ProgressBar();
  assert.equal(bar.line(at(0), 0), `[${" ".repeat(20)}]   0% 0/1000, 10 running`);
  assert.equal(bar.line(at(1), 1_000), `[${" ".repeat(20)}]   0% 1/1000, 10 running`);
  assert.equal(
    bar.line(at(250, 2), 25_000),
    `[#####${" ".repeat(15)}]  25% 250/1000, 10 running, 2 failed, 10/s, 1 min 15 s left`,
  );
  const end = bar.line({ waiting: 0, running: 0, succeeded: 998, failed: 2 }, 100_000);
  assert.match(end, /^\[#{20}\] 100% 1000\/1000, 2 failed, 10\/s$/);
});

test("the rate is that of the last minute; what stands still comes to nothing", () => {
  const bar = new ProgressBar();
  for (let second = 0; second <= 100; second += 1) bar.line(at(second * 5), second * 1_000);
  for (let second = 101; second <= 400; second += 1) bar.line(at(500), second * 1_000);
  const line = bar.line(at(501), 401_000);
  assert.match(line, /, [\d.]+\/min, /);
});

test("what is counted", () => {
  const tally = tallyOf({ SUBMITTED: 1, PENDING: 2, RUNNABLE: 3, STARTING: 4, RUNNING: 5, SUCCEEDED: 6, FAILED: 7 });
  assert.deepEqual(tally, { waiting: 6, running: 9, succeeded: 6, failed: 7 });
  assert.deepEqual(sumOfTallies([tally, tally]), { waiting: 12, running: 18, succeeded: 12, failed: 14 });
});
