import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { childId } from "../../src/core/ids.ts";
import { Book } from "./book.ts";
import { check } from "./checker.ts";
import type { Evidence, FinalAttempt, FinalJob, Intent } from "./evidence.ts";
import type { JobShape } from "./job-shape.ts";
import type { Entry } from "./ledger-file.ts";
import { parseEntry } from "./ledger-file.ts";

/** A change that may be made anywhere in what was seen. */
type Draft<T> = { -readonly [K in keyof T]: T[K] extends object ? Draft<T[K]> : T[K] };

const END = { statusReason: "Essential container in task exited", reasons: [] };

function shape(name: string, more: Partial<JobShape> = {}): JobShape {
  return { name, runs: "process", attempts: 1, failing: 0, runMs: 0, dependsOn: [], ...more };
}

function intent(of: JobShape, id: string, dependsOn: Intent["dependsOn"] = []): Intent {
  return { shape: of, dependsOn, sent: 1, acknowledged: [id] };
}

function job(id: string, name: string, exitCodes: readonly number[], more: Partial<FinalJob> = {}): FinalJob {
  const attempts = exitCodes.map((code, index): FinalAttempt => ({
    ...END,
    startedAt: 10 + index * 10,
    stoppedAt: 15 + index * 10,
    exitCodes: { main: code },
  }));
  const status = exitCodes.at(-1) === 0 ? "SUCCEEDED" : "FAILED";
  return { id, name, status, isTerminated: false, isCancelled: false, createdAt: 1, stoppedAt: 100, attempts, ...more };
}

let runs = 0;

/** An attempt that began and ended. */
function ran(jobId: string, attempt: number, exitCode: number): Entry[] {
  runs += 1;
  const one = { run: `run-${runs}`, jobId, attempt, unit: "main" };
  return [
    { word: "began", ...one },
    { word: "ended", exitCode, ...one },
  ];
}

/** A job; one that is tried twice; one that depends on both; an array whose children go one after the other; one that was told to end. */
function goodRun(): Draft<Evidence> {
  const [plain, retried, dependent, array, endless] = [
    shape("plain"),
    shape("retried", { attempts: 3, failing: 1 }),
    shape("dependent"),
    shape("array", { arraySize: 2, isSequential: true }),
    shape("endless", { isEndless: true, attempts: 2 }),
  ];
  const needs = ["1", "2"].map((jobId) => ({ jobId, isNToN: false }));
  const told: Entry[] = ["began", "told"].map((word) => ({
    ...ran("5", 1, 0)[0]!,
    word: word as Entry["word"],
    run: "told",
  }));
  const evidence: Evidence = {
    intents: [
      ...[intent(plain, "1"), intent(retried, "2"), intent(dependent, "3", needs)],
      ...[intent(array, "4"), intent(endless, "5")],
    ],
    stops: [{ kind: "terminate", jobId: "5", acknowledgedAt: 9 }],
    entries: [
      ...[...ran("1", 1, 0), ...ran("2", 1, 3), ...ran("2", 2, 0), ...ran("3", 1, 0), told[0]!],
      ...[...ran(childId("4", 0), 1, 0), ...ran(childId("4", 1), 1, 0), told[1]!],
    ],
    jobs: [
      ...[job("1", "plain", [0]), job("2", "retried", [3, 0]), job("3", "dependent", [0])],
      job("4", "array", [], { arraySize: 2, status: "SUCCEEDED" }),
      ...[job(childId("4", 0), "array", [0]), job(childId("4", 1), "array", [0])],
      job("5", "endless", [143], { isTerminated: true }),
    ],
    room: 2,
  };
  return structuredClone(evidence) as Draft<Evidence>;
}

/** What is changed in a run in which everything held, and what the checker says of it. */
interface Planted {
  readonly bug: string;
  readonly plant: (evidence: Draft<Evidence>) => void;
  readonly finding: RegExp;
}

const find = (evidence: Draft<Evidence>, id: string): Draft<FinalJob> => evidence.jobs.find((job) => job.id === id)!;
const remove = (evidence: Draft<Evidence>, isGone: (entry: Entry) => boolean): void =>
  void (evidence.entries = evidence.entries.filter((entry) => !isGone(entry as Entry)));

const PLANTED: readonly Planted[] = [
  {
    bug: "an acknowledged job is not there",
    plant: (e) => void (e.jobs = e.jobs.filter(({ id }) => id !== "3")),
    finding: /job 3 \(dependent\) was acknowledged and is missing/,
  },
  {
    bug: "an id was given to another job",
    plant: (e) => void (find(e, "1").name = "retried"),
    finding: /job 1 \(plain\) was acknowledged and is missing/,
  },
  {
    bug: "what was sent once is there twice",
    plant: (e) => void e.jobs.push(job("9", "plain", [0]) as Draft<FinalJob>),
    finding: /plain was sent 1 times and is there 2 times/,
  },
  {
    bug: "a job that nobody asked for",
    plant: (e) => void e.jobs.push(job("9", "stranger", [0]) as Draft<FinalJob>),
    finding: /nobody asked for job 9/,
  },
  {
    bug: "a child of an array is not there",
    plant: (e) => void (e.jobs = e.jobs.filter(({ id }) => id !== childId("4", 1))),
    finding: /array 4: 1 children are missing/,
  },
  {
    bug: "a job never ends",
    plant: (e) => void (find(e, "5").status = "RUNNING"),
    finding: /job 5 \(endless\) has not ended: RUNNING/,
  },
  {
    bug: "an attempt runs twice",
    plant: (e) => void e.entries.push(...ran("1", 1, 0)),
    finding: /1 attempt 1 main ran twice/,
  },
  {
    bug: "an attempt goes on while the next one runs",
    plant: (e) => void e.entries.splice(5, 0, ...e.entries.splice(3, 1)),
    finding: /2 attempt 1 main still ran when attempt 2 had begun/,
  },
  {
    bug: "an attempt ran that is not in the history",
    plant: (e) => void find(e, "2").attempts.shift(),
    finding: /2 attempt 2 main ran and is not in the history/,
  },
  {
    bug: "a job ran of which the API knows nothing",
    plant: (e) => void e.entries.push(...ran("9", 1, 0)),
    finding: /job 9 ran and is not in the history/,
  },
  {
    bug: "the history has an attempt that did not run",
    plant: (e) => remove(e, ({ jobId }) => jobId === "3"),
    finding: /3 attempt 1 main: the history says 0 .*, and it never ended by itself/,
  },
  {
    bug: "another exit code is in the history",
    plant: (e) => void (find(e, "2").attempts[1]!.exitCodes["main"] = 137),
    finding: /2 attempt 2 main ended with 0, and the history says 137/,
  },
  {
    bug: "more attempts than allowed",
    plant: (e) => void (e.intents[1]!.shape.attempts = 1),
    finding: /2 has 2 attempts, and may have 1/,
  },
  {
    bug: "an attempt stops before it starts",
    plant: (e) => void (find(e, "1").attempts[0]!.stoppedAt = 9),
    finding: /1: its times are not in order/,
  },
  {
    bug: "a dependent begins too early",
    plant: (e) => void e.entries.unshift(...e.entries.splice(6, 2)),
    finding: /3 began, and 2, on which it depends, had not ended/,
  },
  {
    bug: "a child does not wait for the one before it",
    plant: (e) => void e.entries.splice(8, 0, ...e.entries.splice(11, 2)),
    finding: /4:1 began, and 4:0, on which it depends, had not ended/,
  },
  {
    bug: "a dependent runs although what it depends on failed",
    plant: (e) => void (find(e, "1").status = "FAILED"),
    finding: /3 began, and 1, on which it depends, is FAILED/,
  },
  {
    bug: "a job that should succeed fails",
    plant: (e) => void (find(e, "1").status = "FAILED"),
    finding: /1 \(plain\) is FAILED .* not SUCCEEDED after 1 attempts/,
  },
  {
    bug: "an array succeeds although a child failed",
    plant: (e) => void (find(e, childId("4", 1)).status = "FAILED"),
    finding: /4 \(array\) is SUCCEEDED .* not FAILED/,
  },
  {
    bug: "a retry too many",
    plant: (e) => {
      find(e, "1").attempts.push(structuredClone(find(e, "1").attempts[0]!));
      e.intents[0]!.shape.attempts = 2;
      e.entries.push(...ran("1", 2, 0));
    },
    finding: /1 \(plain\) is SUCCEEDED .* after 2 attempts .*, not SUCCEEDED after 1 attempts/,
  },
  {
    bug: "what was terminated goes on being tried",
    plant: (e) => void e.entries.push(...ran("5", 2, 3), ...ran("5", 3, 3)),
    finding: /5 was terminated and then began 2 attempts/,
  },
  {
    bug: "what was terminated is gone",
    plant: (e) => void (e.jobs = e.jobs.filter(({ id }) => id !== "5")),
    finding: /job 5 was terminated and is missing/,
  },
  {
    bug: "more runs at a time than there is room for",
    plant: (e) => {
      e.room = 1;
      e.entries.splice(1, 0, ...e.entries.splice(2, 1));
    },
    finding: /2 attempts ran at a time, and there is room for 1/,
  },
];

describe("the checker", () => {
  test("finds nothing where everything held", () => assert.deepEqual(check(goodRun() as Evidence), []));

  for (const { bug, plant, finding } of PLANTED) {
    test(`finds: ${bug}`, () => {
      const evidence = goodRun();
      plant(evidence);
      assert.match(check(evidence).join("\n"), finding);
    });
  }

  for (const runs of ["container", "process"] as const) {
    test(`${runs === "process" ? "finds" : "lets be"} that an attempt of a ${runs} is lost with its host`, () => {
      const evidence = goodRun();
      evidence.intents[1]!.shape.runs = runs;
      Object.assign(find(evidence, "2").attempts[0]!, {
        exitCodes: {},
        statusReason: "Host EC2 (instance i-1) terminated.",
      });
      const findings = check(evidence).join("\n");
      if (runs === "container") assert.equal(findings, "");
      else assert.match(findings, /2 attempt 1 main ended with 3, and the history says no exit code \(Host EC2/);
    });
  }

  test("finds that a job which is over changes, and lets it be asked to end", () => {
    const book = new Book();
    book.saw(job("1", "plain", [], { status: "RUNNING" }));
    book.saw(job("1", "plain", [0]));
    book.saw(job("1", "plain", [0], { isTerminated: true }));
    assert.deepEqual(book.findings, []);
    book.saw(job("1", "plain", [3]));
    assert.match(book.findings.join(), /1 was over, and changed/);
  });

  test("finds that a job which is over runs again", () => {
    const book = new Book();
    book.saw(job("1", "plain", [0]));
    book.saw(job("1", "plain", [], { status: "RUNNABLE" }));
    assert.match(book.findings.join(), /1 was over, and changed/);
  });

  test("reads what jobs write, and nothing else", () => {
    const run = "73c0dd59-88fb-4ebb-a3c9-27deaf053061";
    assert.deepEqual(parseEntry(`ended ${run} id:3 2 main 0`), {
      word: "ended",
      run,
      jobId: "id:3",
      attempt: 2,
      unit: "main",
      exitCode: 0,
    });
    assert.equal(parseEntry(`ended ${run} id:3 2 main 0began`), undefined);
    assert.equal(parseEntry(`began ${run}  1 main -`), undefined);
  });
});
