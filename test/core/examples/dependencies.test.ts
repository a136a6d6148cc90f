import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dependency } from "../../../src/core/job.ts";
import { WorldBench } from "../../support/world.ts";

/**
 * Dependencies of jobs and arrays (reference 3.1, 3.2; 10 no. 16, 17), worked out by hand. A letter is a job or child: P PENDING, T STARTING,
 * S SUCCEEDED, F FAILED.
 */
interface Example {
  readonly rule: string;
  /** In order of submission: `name`, or `name[size]`; then what it depends on: names, `name N_TO_N`, `SEQUENTIAL`. */
  readonly jobs: readonly string[];
  /** What happens, and how all stand after it, in the same order. */
  readonly steps: readonly (readonly [event: string, states: string])[];
}

const EXAMPLES: readonly Example[] = [
  {
    rule: "a job waits for another one's success",
    jobs: ["a", "b: a"],
    steps: [
      ["", "T P"],
      ["a succeeds", "S T"],
      ["b succeeds", "S S"],
    ],
  },
  {
    rule: "a failure goes through the whole chain",
    jobs: ["a", "b: a", "c: b", "d[3]: c"],
    steps: [
      ["", "T P P PPP"],
      ["a fails", "F F F FFF"],
    ],
  },
  {
    rule: "several: the last success starts it, the first failure ends it",
    jobs: ["a", "b", "both: a, b", "c", "other: a, c"],
    steps: [
      ["a succeeds", "S T P T P"],
      ["c fails", "S T P F F"],
      ["b succeeds", "S S T F F"],
    ],
  },
  {
    rule: "a job waits for a whole array: for its last child",
    jobs: ["a[2]", "b: a"],
    steps: [
      ["a:1 succeeds", "TS P"],
      ["a:0 succeeds", "SS T"],
    ],
  },
  {
    rule: "an array fails after its last child, and only then what waits for it",
    jobs: ["a[3]", "b: a"],
    steps: [
      ["a:0 fails", "FTT P"],
      ["a:2 succeeds", "FTS P"],
      ["a:1 succeeds", "FSS F"],
    ],
  },
  {
    rule: "an array that waits for a job: all children at once",
    jobs: ["a", "b[3]: a"],
    steps: [
      ["", "T PPP"],
      ["a succeeds", "S TTT"],
    ],
  },
  {
    rule: "N_TO_N: child i waits for child i",
    jobs: ["a[3]", "b[3]: a N_TO_N"],
    steps: [
      ["", "TTT PPP"],
      ["a:1 succeeds", "TST PTP"],
      ["a:2 succeeds", "TSS PTT"],
      ["a:0 succeeds", "SSS TTT"],
    ],
  },
  {
    rule: "N_TO_N: child i fails with child i, and with it alone",
    jobs: ["a[3]", "b[3]: a N_TO_N"],
    steps: [
      ["a:1 fails", "TFT PFP"],
      ["a:0 succeeds", "SFT TFP"],
      ["a:2 succeeds", "SFS TFT"],
    ],
  },
  {
    rule: "N_TO_N: child i fails at once, though its array waits for another job too",
    jobs: ["a[3]", "b", "c[3]: a N_TO_N, b"],
    steps: [
      ["a:0 succeeds", "STT T PPP"],
      ["a:1 fails", "SFT T PFP"],
      ["b succeeds", "SFT S TFP"],
    ],
  },
  {
    rule: "N_TO_N over three arrays: each index goes its own way",
    jobs: ["a[2]", "b[2]: a N_TO_N", "c[2]: b N_TO_N"],
    steps: [
      ["a:0 succeeds", "ST TP PP"],
      ["b:0 succeeds", "ST SP TP"],
      ["a:1 fails", "SF SF TF"],
      ["c:0 succeeds", "SF SF SF"],
    ],
  },
  {
    rule: "N_TO_N on two arrays: both children of one index",
    jobs: ["a[2]", "b[2]", "c[2]: a N_TO_N, b N_TO_N"],
    steps: [
      ["a:0 succeeds", "ST TT PP"],
      ["b:1 succeeds", "ST TS PP"],
      ["b:0 succeeds", "ST SS TP"],
      ["a:1 succeeds", "SS SS TT"],
    ],
  },
  {
    rule: "SEQUENTIAL: one after the other",
    jobs: ["a[4]: SEQUENTIAL"],
    steps: [
      ["", "TPPP"],
      ["a:0 succeeds", "STPP"],
      ["a:1 succeeds", "SSTP"],
      ["a:2 succeeds", "SSST"],
    ],
  },
  {
    rule: "SEQUENTIAL: a failure fails all that come later",
    jobs: ["a[4]: SEQUENTIAL", "b: a"],
    steps: [
      ["a:0 succeeds", "STPP P"],
      ["a:1 fails", "SFFF F"],
    ],
  },
  {
    rule: "AWS's own example: a chain behind another array, begun when all of that is done",
    jobs: ["a[2]", "b[2]: a N_TO_N", "c[2]: b N_TO_N", "d[2]: c, SEQUENTIAL"],
    steps: [
      ["a:0 succeeds", "ST TP PP PP"],
      ["a:1 succeeds", "SS TT PP PP"],
      ["b:0 succeeds", "SS ST TP PP"],
      ["b:1 succeeds", "SS SS TT PP"],
      ["c:1 succeeds", "SS SS TS PP"],
      ["c:0 succeeds", "SS SS SS TP"],
      ["d:0 succeeds", "SS SS SS ST"],
    ],
  },
  {
    rule: "N_TO_N and SEQUENTIAL: both",
    jobs: ["a[3]", "b[3]: a N_TO_N, SEQUENTIAL"],
    steps: [
      ["a:1 succeeds", "TST PPP"],
      ["a:0 succeeds", "SST TPP"],
      ["b:0 succeeds", "SST STP"],
      ["a:2 fails", "SSF STF"],
    ],
  },
];

const LETTERS: Record<string, string> = { STARTING: "T" };

for (const { rule, jobs, steps } of EXAMPLES) {
  test(`${rule} (${jobs.join("; ")})`, () => {
    const bench = new WorldBench();
    const all = jobs.map(parse);
    for (const { name, arraySize, dependsOn } of all) {
      bench.submit(name, { dependsOn, ...(arraySize !== undefined && { arraySize }) });
    }
    bench.tick();
    for (const [event, states] of steps) {
      const [id, what] = event.split(" ");
      if (id !== undefined && id !== "") {
        bench.start(id);
        bench.end(id, { exitCode: what === "fails" ? 1 : 0 });
        bench.tick();
      }
      const stand = all.map(({ name, arraySize }) =>
        arraySize === undefined ? letter(bench.status(name)) : bench.children(name),
      );
      assert.equal(stand.join(" "), states, event);
    }
  });
}

function letter(status: string): string {
  return LETTERS[status] ?? status[0]!;
}

function parse(text: string): { name: string; arraySize?: number; dependsOn: Dependency[] } {
  const [, name, size, on] = /^(\w+)(?:\[(\d+)\])?(?:: (.*))?$/.exec(text)!;
  const dependsOn = (on?.split(", ") ?? []).map((one): Dependency => {
    if (one === "SEQUENTIAL") return { type: "SEQUENTIAL" };
    const [jobId, type] = one.split(" ");
    return type === undefined ? { jobId: jobId! } : { jobId: jobId!, type: "N_TO_N" };
  });
  return { name: name!, dependsOn, ...(size !== undefined && { arraySize: Number(size) }) };
}
