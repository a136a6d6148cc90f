import assert from "node:assert/strict";
import { test } from "node:test";
import { byWeight } from "../../src/core/attention/attention-item.ts";
import { environmentAttention } from "../../src/core/attention/environment-attention.ts";
import { failureAttention } from "../../src/core/attention/failure-attention.ts";
import { queueAttention } from "../../src/core/attention/queue-attention.ts";
import { targetAttention } from "../../src/core/attention/target-attention.ts";
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
  const large = waiting([{ kind: "above-environment-maximum" }]);
  assert.deepEqual(queueAttention({ ...front, explanation: large, wantedVcpuMilli: 5_500 }, NOW)[0]!.action, {
    kind: "open",
    label: "Raise its maximum",
    href: "/environments/a%20b?action=edit&maxvCpus=6",
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

test("a job that ran out of memory is given what others of its definition needed, where that is more than it had", () => {
  const failed = {
    ...{ id: "1", definitionArn: `${ARN}:job-definition/d:3`, memoryMiB: 512 },
    state: {
      status: "FAILED" as const,
      stoppedAt: NOW,
      attempts: [{ exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" } as Attempt],
    },
  };
  const labelWith = (peakMiB: number | undefined) =>
    failureAttention([failed], (definitionArn, aboveMiB) => {
      assert.deepEqual([definitionArn, aboveMiB], [failed.definitionArn, 512]);
      return peakMiB;
    })[0]!.action!.label;
  assert.equal(labelWith(1_500), "Submit again with 1920 MiB");
  assert.equal(labelWith(300), "Submit again with 1024 MiB");
  assert.equal(labelWith(undefined), "Submit again with 1024 MiB");
});

test("an environment whose maximum alone keeps the first job waiting is told, with what it would have to be", () => {
  const arn = `${ARN}:compute-environment/a b`;
  const environment = { arn, name: "a b", maxVcpuMilli: 4_000, heldVcpuMilli: 3_500, mostVcpuMilli: 16_000 };
  const front = { name: "q", isEnabled: true, since: NOW - 60_000, wantedVcpuMilli: 2_000 };
  const told = (change: object, of: object = {}, kinds = ["capacity"]) => {
    const explanation = waiting(kinds.map((kind) => ({ kind })));
    return environmentAttention([{ ...environment, ...of }], [{ ...front, explanation, ...change }], NOW);
  };
  const [full] = told({});
  assert.deepEqual(
    [full!.kind, full!.severity, full!.title, full!.reason],
    [
      "environment-full",
      "info",
      "Environment a b is at its maximum of 4 vCPUs, and jobs wait",
      "3.5 vCPUs are taken, and the first job of queue q asks for 2. There could be 16.",
    ],
  );
  assert.deepEqual(full!.action, {
    kind: "open",
    label: "Raise its maximum to 8",
    href: "/environments/a%20b?action=edit&maxvCpus=8",
  });
  assert.match(told({}, { mostVcpuMilli: 6_000 })[0]!.action!.label, / to 6$/);
  assert.equal(told({}, {}, ["instance-room"]).length, 1);
  const [inCluster] = told({}, { mostVcpuMilli: Infinity }, ["cluster-full"]);
  assert.equal(inCluster!.reason, "3.5 vCPUs are taken, and the first job of queue q asks for 2.");
  assert.match(inCluster!.action!.label, / to 8$/);
  for (const nothing of [
    told({ since: NOW - 1_000 }),
    told({ isEnabled: false }),
    told({ explanation: undefined }),
    told({ wantedVcpuMilli: 500 }),
    told({ wantedVcpuMilli: 9_000 }),
    told({}, { mostVcpuMilli: 5_000 }),
    told({}, {}, ["capacity", "disabled"]),
    told({}, { arn: `${ARN}:compute-environment/other` }),
  ])
    assert.deepEqual(nothing, []);
});

test("dead letters are told with the last error; who may have them tried again is offered it", () => {
  const targets = [
    { name: "fine", deadLetters: 0 },
    { name: "chat", deadLetters: 3, lastError: { at: NOW, message: "it answered 500" } },
  ];
  const [item, ...others] = targetAttention(targets, true);
  assert.deepEqual(others, []);
  assert.equal(item!.title, "3 events could not be delivered to chat");
  assert.match(item!.reason, /^The last try said: it answered 500\./);
  assert.deepEqual(item!.action, { kind: "retry-dead-letters", label: "Try again", target: "chat" });
  assert.equal(targetAttention(targets, false)[0]!.action, undefined);
});
