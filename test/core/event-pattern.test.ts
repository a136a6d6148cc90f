import assert from "node:assert/strict";
import { test } from "node:test";
import { eventPattern } from "../../src/core/events/pattern.ts";

const EVENT = {
  source: "aws.batch",
  "detail-type": "Batch Job State Change",
  resources: ["arn:aws:batch:us-east-1:1:job/a", "arn:aws:batch:us-east-1:1:job-queue/q"],
  detail: {
    jobName: "train-3",
    status: "FAILED",
    attempts: [{ container: { exitCode: 1 } }, { container: { exitCode: 137 } }],
    tags: { team: "red", "a.b": "x" },
    dependsOn: [],
    createdAt: 1_000,
    isCancelled: false,
  },
};

const CASES: readonly [pattern: unknown, matches: boolean][] = [
  [{}, true],
  [{ source: ["aws.batch"] }, true],
  [{ source: ["aws.s3", "aws.batch"] }, true],
  [{ source: ["aws.s3"] }, false],
  [{ source: ["aws.batch"], detail: { status: ["SUCCEEDED"] } }, false],
  [{ detail: { status: ["FAILED"], jobName: [{ prefix: "train-" }] } }, true],
  [{ detail: { jobName: [{ suffix: "-3" }] } }, true],
  [{ detail: { jobName: [{ wildcard: "t*n-?" }] } }, true],
  [{ detail: { jobName: [{ "equals-ignore-case": "TRAIN-3" }] } }, true],
  [{ detail: { jobName: ["TRAIN-3"] } }, false],
  [{ resources: [{ suffix: "job-queue/q" }] }, true],
  [{ resources: ["q"] }, false],
  [{ detail: { attempts: { container: { exitCode: [137] } } } }, true],
  [{ detail: { attempts: { container: { exitCode: [2] } } } }, false],
  [{ detail: { attempts: { container: { exitCode: [{ numeric: [">", 128, "<=", 137] }] } } } }, true],
  [{ detail: { createdAt: [{ numeric: ["=", 1000] }] } }, true],
  [{ detail: { createdAt: ["1000"] } }, false],
  [{ detail: { isCancelled: [false] } }, true],
  [{ detail: { tags: { team: [{ exists: true }], owner: [{ exists: false }] } } }, true],
  [{ detail: { tags: { owner: [{ exists: true }] } } }, false],
  [{ detail: { nothing: { at: { all: [{ exists: false }] } } } }, true],
  [{ detail: { status: [{ "anything-but": ["SUCCEEDED", "RUNNING"] }] } }, true],
  [{ detail: { status: [{ "anything-but": "FAILED" }] } }, false],
  [{ detail: { jobName: [{ "anything-but": { prefix: "train" } }] } }, false],
  [{ detail: { missing: [{ "anything-but": "x" }] } }, false],
  [{ detail: { constructor: [{ exists: true }] } }, false],
  [{ detail: { tags: { "a.b": ["x"] } } }, true],
];

test("patterns match as EventBridge's do", () => {
  for (const [pattern, matches] of CASES)
    assert.equal(eventPattern(pattern, "filter")(EVENT), matches, JSON.stringify(pattern));
});

test("what is no pattern is told with its place", () => {
  for (const [pattern, message] of [
    [[], /filter must be an object/],
    [{ source: "aws.batch" }, /filter\.source must be an object/],
    [{ source: [] }, /filter\.source must list at least one value/],
    [{ detail: {} }, /filter\.detail must have a member/],
    [{ source: [["x"]] }, /filter\.source must list values, not lists/],
    [{ source: [{ prefix: "" }] }, /filter\.source\[0\]\.prefix must be a text/],
    [{ source: [{ like: "x" }] }, /filter\.source\[0\] must be a value or have exactly one of prefix/],
    [{ source: [{ prefix: "a", suffix: "b" }] }, /exactly one of/],
    [{ source: [{ exists: "yes" }] }, /must be true or false/],
    [{ source: [{ numeric: [">"] }] }, /must be like/],
    [{ $or: [] }, /filter\.\$or is not supported/],
  ] as const)
    assert.throws(() => eventPattern(pattern, "filter"), { name: "PatternFlaw", message });
});
