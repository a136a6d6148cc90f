import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobDetail } from "@aws-sdk/client-batch";
import { exitCodeOfContainers, logStreamsOf, reasonOf } from "../../src/cli/job-containers.ts";

const JOB = { jobName: "j", jobId: "1", jobQueue: "q", jobDefinition: "d", status: "FAILED", startedAt: 0 } as const;
const told = (job: Partial<JobDetail>) => {
  const detail: JobDetail = { ...JOB, ...job };
  return [exitCodeOfContainers(detail), reasonOf(detail), logStreamsOf(detail)];
};

test("one container: its own, over all attempts", () => {
  const attempts = [{ container: { logStreamName: "s1", exitCode: 1 } }, { container: { logStreamName: "s2" } }];
  const container = { exitCode: 2, reason: "why", logStreamName: "s2" };
  assert.deepEqual(told({ attempts, container }), [2, "why", ["s1", "s2"]]);
  assert.deepEqual(told({ statusReason: "waits", container: {} }), [undefined, "waits", []]);
});

test("several containers: the first that failed, and every log", () => {
  const containers = [
    { name: "side", exitCode: 0, logStreamName: "a" },
    { name: "main", exitCode: 3, reason: "OutOfMemoryError", logStreamName: "b" },
  ];
  const ecsProperties = { taskProperties: [{ containers }] };
  assert.deepEqual(told({ container: {}, ecsProperties, attempts: [{ taskProperties: [{ containers }] }] }), [
    3,
    "OutOfMemoryError",
    ["a", "b"],
  ]);
});

test("a pod: init containers count, too", () => {
  const podProperties = { initContainers: [{ exitCode: 4 }], containers: [{}] };
  assert.deepEqual(told({ statusReason: "s", eksProperties: { podProperties } }), [4, "s", []]);
});

test("several nodes: what the main node left", () => {
  const attempts = [{ container: { exitCode: 5, logStreamName: "m" } }];
  assert.deepEqual(told({ statusReason: "s", attempts }), [5, "s", ["m"]]);
});
