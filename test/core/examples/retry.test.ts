import assert from "node:assert/strict";
import { test } from "node:test";
import { OUT_OF_MEMORY } from "../../../src/core/failure.ts";
import type { ExitCondition } from "../../../src/core/job.ts";
import type { AttemptEnd } from "../../../src/core/lifecycle.ts";
import { WorldBench } from "../../support/world.ts";

/** Retry rules as AWS evaluates them (reference 5.1; 10 no. 18 to 22), worked out by hand: whole jobs from their first attempt to their last. */
interface Example {
  readonly rule: string;
  readonly attempts: number;
  /** `ACTION onWhat pattern, onWhat pattern`. */
  readonly evaluateOnExit?: readonly string[];
  /** How each attempt would end, if it came to it. */
  readonly ends: readonly End[];
  readonly comesTo: `${"SUCCEEDED" | "FAILED"} after ${number}`;
}

type End = keyof typeof ENDS;

/** An attempt without `startedAt` never began to run. */
const ENDS = {
  "exit 0": { exitCode: 0 },
  "exit 1": { exitCode: 1 },
  "exit 42": { exitCode: 42 },
  "exit 137": { exitCode: 137 },
  "out of memory": { exitCode: 137, reason: OUT_OF_MEMORY },
  "host lost": {},
  "no image": { reason: "CannotPullContainerError: no such image" },
} as const satisfies Record<string, Partial<AttemptEnd>>;
const NEVER_BEGAN: ReadonlySet<End> = new Set(["no image"]);

const SPOT = ["RETRY onStatusReason Host EC2*", "EXIT onReason *"];

const EXAMPLES: readonly Example[] = [
  // How often
  { rule: "one attempt is no retry", attempts: 1, ends: ["exit 1"], comesTo: "FAILED after 1" },
  { rule: "success ends it", attempts: 3, ends: ["exit 1", "exit 0", "exit 1"], comesTo: "SUCCEEDED after 2" },
  { rule: "attempts is the total", attempts: 3, ends: ["exit 1", "exit 1", "exit 1"], comesTo: "FAILED after 3" },
  { rule: "a lost host counts", attempts: 2, ends: ["host lost", "host lost"], comesTo: "FAILED after 2" },
  { rule: "what never began counts", attempts: 2, ends: ["no image", "exit 0"], comesTo: "SUCCEEDED after 2" },
  {
    rule: "RETRY does not exceed the attempts",
    attempts: 2,
    evaluateOnExit: ["RETRY onExitCode *"],
    ends: ["exit 1", "exit 1"],
    comesTo: "FAILED after 2",
  },
  // Which entry
  {
    rule: "an entry that matches decides",
    attempts: 3,
    evaluateOnExit: ["EXIT onExitCode 42"],
    ends: ["exit 1", "exit 42"],
    comesTo: "FAILED after 2",
  },
  {
    rule: "the first one decides: RETRY before EXIT",
    attempts: 2,
    evaluateOnExit: ["RETRY onExitCode 1", "EXIT onExitCode 1"],
    ends: ["exit 1", "exit 0"],
    comesTo: "SUCCEEDED after 2",
  },
  {
    rule: "the first one decides: EXIT before RETRY",
    attempts: 2,
    evaluateOnExit: ["EXIT onExitCode 1", "RETRY onExitCode 1"],
    ends: ["exit 1"],
    comesTo: "FAILED after 1",
  },
  {
    rule: "none matches: there is a retry",
    attempts: 2,
    evaluateOnExit: ["EXIT onExitCode 42"],
    ends: ["exit 1", "exit 0"],
    comesTo: "SUCCEEDED after 2",
  },
  {
    rule: "all conditions of an entry have to hold: both do",
    attempts: 2,
    evaluateOnExit: ["EXIT onExitCode 137, onReason OutOfMemoryError*"],
    ends: ["out of memory"],
    comesTo: "FAILED after 1",
  },
  {
    rule: "all conditions of an entry have to hold: one does not",
    attempts: 2,
    evaluateOnExit: ["EXIT onExitCode 137, onReason OutOfMemoryError*"],
    ends: ["exit 137", "exit 0"],
    comesTo: "SUCCEEDED after 2",
  },
  {
    rule: "each attempt is judged by itself",
    attempts: 5,
    evaluateOnExit: ["RETRY onReason OutOfMemoryError*", "RETRY onExitCode 42", "EXIT onExitCode *"],
    ends: ["out of memory", "exit 42", "exit 1"],
    comesTo: "FAILED after 3",
  },
  // Patterns
  {
    rule: "* at the end stands for any rest",
    attempts: 2,
    evaluateOnExit: ["EXIT onExitCode 13*"],
    ends: ["exit 137"],
    comesTo: "FAILED after 1",
  },
  {
    rule: "without * the whole text counts",
    attempts: 2,
    evaluateOnExit: ["EXIT onExitCode 13"],
    ends: ["exit 137", "exit 0"],
    comesTo: "SUCCEEDED after 2",
  },
  {
    rule: "case counts",
    attempts: 2,
    evaluateOnExit: ["EXIT onReason cannotpull*"],
    ends: ["no image", "exit 0"],
    comesTo: "SUCCEEDED after 2",
  },
  {
    rule: "a pattern does not match what is not there",
    attempts: 2,
    evaluateOnExit: ["EXIT onExitCode 1*"],
    ends: ["host lost", "exit 0"],
    comesTo: "SUCCEEDED after 2",
  },
  {
    rule: "but a lone * does",
    attempts: 2,
    evaluateOnExit: ["EXIT onReason *"],
    ends: ["exit 1"],
    comesTo: "FAILED after 1",
  },
  // Idioms
  {
    rule: "Spot: a lost host is retried",
    attempts: 3,
    evaluateOnExit: SPOT,
    ends: ["host lost", "host lost", "exit 0"],
    comesTo: "SUCCEEDED after 3",
  },
  { rule: "Spot: nothing else", attempts: 3, evaluateOnExit: SPOT, ends: ["exit 1"], comesTo: "FAILED after 1" },
  {
    rule: "Spot: not after a loss either",
    attempts: 3,
    evaluateOnExit: SPOT,
    ends: ["host lost", "exit 1"],
    comesTo: "FAILED after 2",
  },
  {
    rule: "exit code 0 is a success, whatever an entry says",
    attempts: 3,
    evaluateOnExit: ["RETRY onExitCode *"],
    ends: ["exit 0"],
    comesTo: "SUCCEEDED after 1",
  },
];

for (const { rule, attempts, evaluateOnExit = [], ends, comesTo } of EXAMPLES) {
  const strategy = [`${attempts} attempts`, ...evaluateOnExit].join("; ");
  test(`${rule}: [${strategy}] ${ends.join(", ")} -> ${comesTo}`, () => {
    const bench = new WorldBench();
    bench.submit("job", { retry: { attempts, evaluateOnExit: evaluateOnExit.map(parse) } });
    for (const end of ends) {
      bench.tick();
      if (bench.status("job") !== "STARTING") break;
      if (!NEVER_BEGAN.has(end)) bench.start("job");
      bench.end("job", ENDS[end]);
    }
    const { status, attempts: made } = bench.state("job");
    assert.equal(`${status} after ${made.length}`, comesTo);
  });
}

function parse(entry: string): ExitCondition {
  const [, action, conditions] = /^(RETRY|EXIT) (.*)$/.exec(entry)!;
  const pairs = conditions!.split(", ").map((one) => [one.slice(0, one.indexOf(" ")), one.slice(one.indexOf(" ") + 1)]);
  return { action: action === "RETRY" ? "retry" : "exit", ...Object.fromEntries(pairs) };
}
