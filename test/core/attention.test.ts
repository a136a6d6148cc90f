import assert from "node:assert/strict";
import { test } from "node:test";
import { byWeight } from "../../src/core/attention/attention-item.ts";
import { failureAttention } from "../../src/core/attention/failure-attention.ts";
import { queueAttention } from "../../src/core/attention/queue-attention.ts";
import type { Explanation } from "../../src/core/explain/explanation.ts";
import type { Attempt } from "../../src/core/job.ts";

const NOW = 1_000_000_000;
const ARN = "arn:aws:batch:us-east-1:123456789012";

function waiting(obstacles: readonly { readonly kind: string }[]): Explanation {
  const stated = obstacles.map((obstacle) => ({
    ...obstacle,
    text: `${obstacle.kind}.`,
    fix: `Fix ${obstacle.kind}.`,
  }));
  return {
    ...{ jobId: "j", jobQueue: "q", status: "RUNNABLE", answer: "It waits.", attempts: [] },
    blockers: [
      {
        ...{ kind: "placement", reason: { kind: "capacity" }, text: "No room.", fix: "Wait." },
        environments: [{ environmentArn: `${ARN}:compute-environment/a b`, obstacles: stated }],
      },
    ],
  } as unknown as Explanation;
}

test("a queue that waits for room is told after long; one that cannot move at once, with the fix of what is wrong", () => {
  const front = { name: "q", isEnabled: true, since: NOW - 60_000 };
  assert.deepEqual(queueAttention({ ...front, explanation: waiting([{ kind: "capacity" }]) }, NOW), []);
  const [long] = queueAttention({ ...front, explanation: waiting([{ kind: "capacity" }]) }, NOW + 3_600_000);
  assert.deepEqual([long!.kind, long!.severity], ["queue-waits", "info"]);
  const [off] = queueAttention({ ...front, explanation: waiting([{ kind: "capacity" }, { kind: "disabled" }]) }, NOW);
  assert.deepEqual([off!.kind, off!.severity, off!.reason], ["queue-blocked", "error", "disabled. Fix disabled."]);
  assert.deepEqual(off!.action, {
    kind: "enable-environment",
    label: "Enable the environment",
    computeEnvironment: "a b",
  });
  const above = queueAttention({ ...front, explanation: waiting([{ kind: "above-environment-maximum" }]) }, NOW);
  assert.deepEqual(above[0]!.action, {
    kind: "open",
    label: "Edit the environment",
    href: "/environments/a%20b?action=edit",
  });
  const [disabled] = queueAttention({ ...front, isEnabled: false, explanation: undefined }, NOW);
  assert.equal(disabled!.action?.kind, "enable-queue");
  assert.deepEqual(queueAttention({ ...front, explanation: undefined }, NOW), []);
  assert.deepEqual(
    [long!, off!, disabled!].toSorted(byWeight).map(({ kind }) => kind),
    ["queue-blocked", "queue-disabled", "queue-waits"],
  );
});

test("failures of one cause are told together; memory at once, with twice as much as the fix", () => {
  const failed = (id: string, attempt: Partial<Attempt>, definition = "d") => ({
    ...{ id, definitionArn: `${ARN}:job-definition/${definition}:3`, memoryMiB: 512 },
    state: { status: "FAILED", stoppedAt: NOW, attempts: [attempt as Attempt], statusReason: "Essential" } as const,
  });
  assert.deepEqual(failureAttention([failed("1", { exitCode: 1 }), failed("2", { exitCode: 1 })]), []);
  const [spike] = failureAttention(["1", "2", "3"].map((id) => failed(id, { exitCode: 7 })));
  assert.equal(spike!.title, "3 jobs of d:3 failed in the last hour: exit code 7");
  assert.equal(spike!.href, "/jobs?status=FAILED&definition=d%3A3&exit=7");
  const reason = "OutOfMemoryError: Container killed due to memory usage";
  const [memory] = failureAttention([failed("1", { exitCode: 137, reason })]);
  assert.match(memory!.title, /^A job of d:3 .* out of memory$/);
  assert.deepEqual(memory!.action, {
    kind: "open",
    label: "Submit again with 1024 MiB",
    href: "/jobs?submit=1&clone=1&memory=1024",
  });
});
