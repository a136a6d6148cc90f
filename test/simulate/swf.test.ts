import assert from "node:assert/strict";
import { test } from "node:test";
import { readSwf } from "../../src/sim/workload/swf.ts";

/** Fields that matter, in the order of the format; the others are unknown. */
function line(fields: Partial<Record<number, number>>): string {
  return Array.from({ length: 18 }, (_, index) => fields[index + 1] ?? -1).join(" ");
}

test("a line is a job: submission, run time, processors, memory of each of them in KiB, user, queue, estimate", async () => {
  const { jobs } = await readSwf([
    "; MaxProcs: 64",
    line({ 2: 100, 4: 60, 5: 4, 7: 2048, 9: 120, 11: 1, 12: 7, 15: 2 }),
  ]);
  assert.deepEqual(jobs, [
    {
      ...{ submitMs: 0, runMs: 60_000, exitCode: 0 },
      kind: { vcpus: 4, memoryMiB: 8, gpus: 0, queue: "2", share: "user7", expectedSeconds: 120 },
    },
  ]);
});

test("what was asked for counts before what was given; without an estimate the run time is one", async () => {
  const { jobs } = await readSwf([line({ 2: 0, 4: 30, 5: 4, 7: 1024, 8: 6, 10: 2048 })]);
  assert.deepEqual(jobs[0]?.kind, { vcpus: 6, memoryMiB: 12, gpus: 0, expectedSeconds: 30 });
});

test("jobs come in order of submission, and time begins with the first", async () => {
  const { jobs } = await readSwf([line({ 2: 50, 4: 1, 5: 1 }), line({ 2: 20, 4: 2, 5: 1 })]);
  assert.deepEqual(
    jobs.map(({ submitMs, runMs }) => [submitMs, runMs]),
    [
      [0, 2000],
      [30_000, 1000],
    ],
  );
});

test("status 0 is a failure, 5 an end from outside", async () => {
  const { jobs } = await readSwf([line({ 2: 0, 4: 1, 5: 1, 11: 0 }), line({ 2: 0, 4: 1, 5: 1, 11: 5 })]);
  assert.deepEqual(
    jobs.map(({ exitCode }) => exitCode),
    [1, 143],
  );
});

test("what cannot be run is left out, and told", async () => {
  const { jobs, notes } = await readSwf([
    line({ 2: 0, 4: -1, 5: 1, 11: 5 }),
    line({ 2: 0, 4: -1, 5: 1, 11: 1 }),
    line({ 2: 0, 4: 1, 11: 1 }),
    line({ 2: 0, 4: 1, 5: 1, 11: 3 }),
    line({ 2: 0, 4: 1, 5: 1, 11: 3 }),
  ]);
  assert.deepEqual(jobs, []);
  assert.deepEqual(notes, [
    "1 jobs cancelled before they ran are left out.",
    "1 jobs without a run time are left out.",
    "1 jobs without processors are left out.",
    "2 jobs that are parts of others are left out.",
  ]);
});

for (const [what, lines, problem] of [
  ["too few fields", ["; a comment", "1 2 3"], /^line 2 has 3 fields; a job .* has 18\.$/],
  ["a word", [line({ 2: 0 }).replace("-1", "x")], /^line 1, field 1: "x" is no number\.$/],
  ["infinity", ["", line({ 2: Infinity })], /^line 2, field 2: "Infinity" is no number\.$/],
  ["more than anything takes", [line({ 4: 1e300 })], /^line 1, field 4: "1e\+300" is too large\.$/],
] as const) {
  test(`a bad line is an error with its number: ${what}`, async () => {
    await assert.rejects(readSwf(lines), (error: Error) => error.name === "InputError" && problem.test(error.message));
  });
}

test("equal jobs share what they ask for", async () => {
  const { jobs } = await readSwf([line({ 2: 0, 4: 1, 5: 2 }), line({ 2: 9, 4: 1, 5: 2 })]);
  assert.equal(jobs[0]?.kind, jobs[1]?.kind);
});
