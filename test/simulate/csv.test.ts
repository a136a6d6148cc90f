import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { test } from "node:test";
import { readCsv } from "../../src/sim/workload/csv.ts";

function read(...lines: string[]) {
  return readCsv(Readable.from([lines.join("\n")]));
}

test("a line is a job; what is empty is not there", async () => {
  const { jobs } = await read(
    "submit_seconds,run_seconds,vcpus,memory_mib,gpus,queue,share,priority,timeout_seconds,expected_seconds,exit_code,nodes,array_size,name",
    '5,1.5,0.25,512,1,main,A,7,600,90,3,2,,"one, ""quoted"""',
    "6,1,2,,,,,,,,,,10,",
  );
  assert.deepEqual(jobs, [
    {
      ...{ submitMs: 0, runMs: 1_500, exitCode: 3, name: 'one, "quoted"' },
      kind: {
        ...{ vcpus: 0.25, memoryMiB: 512, gpus: 1, nodes: 2, queue: "main", share: "A", priority: 7 },
        ...{ timeoutSeconds: 600, expectedSeconds: 90 },
      },
    },
    { submitMs: 1_000, runMs: 1_000, exitCode: 0, kind: { vcpus: 2, memoryMiB: 0, gpus: 0, arraySize: 10 } },
  ]);
});

test("times may be given as such", async () => {
  const { jobs } = await read(
    "submit_time,run_seconds,vcpus",
    "2026-11-23T09:00:30+01:00,1,1",
    "2026-11-23T08:00:00Z,2,1",
  );
  assert.deepEqual(
    jobs.map(({ submitMs, runMs }) => [submitMs, runMs]),
    [
      [0, 2_000],
      [30_000, 1_000],
    ],
  );
});

test("the example is one", async () => {
  const text = readFileSync(new URL("../../examples/simulate/jobs.csv", import.meta.url), "utf8");
  assert.equal((await read(text)).jobs.length, 4);
});

for (const [lines, problem] of [
  [[""], /^line 1: the header is missing\.$/],
  [["submit_seconds,run_seconds,vcpus", "1,2,3", "", "1,2"], /^line 4 has 2 fields; the header has 3\.$/],
  [["submit_seconds,run_seconds,vcpus", "0,2e10,1"], /^line 2, column run_seconds: "2e10" is no number from 0 to /],
  [["submit_seconds,run_seconds,vcpus,cpu"], /^line 1: "cpu" is no column; known are submit_seconds, run_seconds, /],
  [["submit_seconds,run_seconds"], /^line 1: the column vcpus is missing\.$/],
  [["run_seconds,vcpus"], /^line 1: one of the columns submit_seconds and submit_time must be there\.$/],
  [["submit_seconds,run_seconds,vcpus,vcpus"], /^line 1: the column vcpus is there twice\.$/],
  [["submit_seconds,run_seconds,vcpus", "1,2,3", "", "1,,3"], /^line 4, column run_seconds: is empty\.$/],
  [["submit_seconds,run_seconds,vcpus", "-1,2,3"], /^line 2, column submit_seconds: "-1" is no number from 0 to /],
  [["submit_seconds,run_seconds,vcpus,nodes", "1,2,3,1.5"], /^line 2, column nodes: "1\.5" is no whole number /],
  [["submit_seconds,run_seconds,vcpus,nodes,array_size", "1,2,3,2,2"], /^line 2, column array_size: is not for jobs /],
  [["submit_time,run_seconds,vcpus", "yesterday,2,3"], /^line 2, column submit_time: "yesterday" is no time /],
  [["submit_seconds,run_seconds,vcpus", '1,2,"3'], /Quote/],
] as const) {
  test(`an error says where: ${lines.join(" / ")}`, async () => {
    await assert.rejects(read(...lines), (error: Error) => error.name === "InputError" && problem.test(error.message));
  });
}
