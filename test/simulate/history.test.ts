import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobDetail } from "@aws-sdk/client-batch";
import { historyWorkload } from "../../src/sim/workload/history.ts";

const QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/night";

function detail(jobId: string, more: Partial<JobDetail>): JobDetail {
  return {
    jobId,
    jobName: `name-${jobId}`,
    jobQueue: QUEUE,
    jobDefinition: "d:1",
    status: "SUCCEEDED",
    startedAt: 0,
    ...more,
  };
}

const NEEDS = [
  { type: "VCPU", value: "2" },
  { type: "MEMORY", value: "512" },
] as const;

test("what was described is what is simulated", () => {
  const { jobs } = historyWorkload([
    detail("a", {
      ...{ createdAt: 10_000, startedAt: 20_000, stoppedAt: 80_500, status: "FAILED", shareIdentifier: "A" },
      ...{ schedulingPriority: 5, timeout: { attemptDurationSeconds: 90 } },
      container: { resourceRequirements: [...NEEDS], exitCode: 3 },
    }),
  ]);
  assert.deepEqual(jobs, [
    {
      ...{ submitMs: 0, runMs: 60_500, exitCode: 3, name: "name-a" },
      kind: {
        ...{ vcpus: 2, memoryMiB: 512, gpus: 0, queue: "night", share: "A", priority: 5, timeoutSeconds: 90 },
        expectedSeconds: 61,
      },
    },
  ]);
});

test("a job comes when the last of those that it depends on had ended", () => {
  const { jobs } = historyWorkload([
    detail("a", { createdAt: 1_000, startedAt: 1_000, stoppedAt: 9_000 }),
    detail("b", { createdAt: 2_000, startedAt: 9_500, stoppedAt: 10_000, dependsOn: [{ jobId: "a" }] }),
  ]);
  assert.deepEqual(
    jobs.map(({ submitMs }) => submitMs),
    [0, 8_000],
  );
});

test("a multi-node job needs of each node what the node needs; a child has its index in its name", () => {
  const { jobs } = historyWorkload([
    detail("a", {
      ...{ createdAt: 0, stoppedAt: 1_000 },
      nodeProperties: {
        ...{ numNodes: 3, mainNode: 0 },
        nodeRangeProperties: [{ targetNodes: "0:", container: { resourceRequirements: [...NEEDS] } }],
      },
    }),
    detail("b:4", { createdAt: 0, stoppedAt: 1_000, arrayProperties: { index: 4 } }),
  ]);
  const { vcpus, memoryMiB, nodes } = jobs[0]!.kind;
  assert.deepEqual([vcpus, memoryMiB, nodes, jobs[1]?.name], [2, 512, 3, "name-b:4:4"]);
});

test("what never ran, or runs still, is left out, and told", () => {
  const { jobs, notes } = historyWorkload([
    { ...detail("a", { createdAt: 0, stoppedAt: 5 }), startedAt: undefined },
    detail("b", { createdAt: 0, startedAt: 5 }),
  ]);
  assert.deepEqual([jobs.length, notes], [0, ["2 jobs that never ran, or run still, are left out."]]);
});
