import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  SubmitJobCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import type { WhatIfChanges, WhatIfLine, WhatIfReport } from "../../src/ports/what-if.ts";
import { ended, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer } from "./server.ts";

const server = await apiServer({ after }, { vcpus: 1 });
const { batch } = server;

async function ask(body: object | string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${server.url}/longshore/what-if`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...(signal !== undefined && { signal }),
  });
}

async function reportOf(changes: WhatIfChanges): Promise<WhatIfReport> {
  const answer = await ask({ hours: 1, changes });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as WhatIfLine);
  const last = lines.at(-1)!;
  assert.ok("report" in last, text);
  assert.ok(lines.slice(0, -1).every((line) => "progress" in line));
  return last.report;
}

const submit = async (jobQueue: string, name: string, more: object = {}): Promise<string> => {
  const containerOverrides = { command: ["sleep", "0.1"] };
  const input = { jobName: name, jobQueue, jobDefinition: "default", containerOverrides, ...more };
  return (await batch.send(new SubmitJobCommand(input))).jobId!;
};

/** What comes while one job holds the machine is served in the order of its queue's priority, and of its share's weight. */
async function history(): Promise<void> {
  const { arn } = await batch.send(
    new CreateSchedulingPolicyCommand({
      name: "weights",
      fairsharePolicy: {
        shareDistribution: [
          { shareIdentifier: "A", weightFactor: 0.01 },
          { shareIdentifier: "B", weightFactor: 100 },
        ],
      },
    }),
  );
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  const queue = (jobQueueName: string, priority: number, schedulingPolicyArn?: string) =>
    batch.send(new CreateJobQueueCommand({ jobQueueName, priority, computeEnvironmentOrder, schedulingPolicyArn }));
  await queue("high", 10);
  await queue("low", 5);
  await queue("shared", 1, arn);
  const blocker = await submitScript(batch, "sleep 600");
  await untilStatus(batch, blocker, "RUNNING");
  const twelve = Array.from({ length: 12 }, (_, index) => index);
  const ids = await Promise.all([
    ...twelve.map(() => submit("low", "low")),
    ...twelve.map(() => submit("high", "high")),
    ...["A", "B"].map((share) =>
      submit("shared", share, { shareIdentifier: share, arrayProperties: { size: 12 }, schedulingPriorityOverride: 1 }),
    ),
  ]);
  await batch.send(new TerminateJobCommand({ jobId: blocker, reason: "enough" }));
  for (const id of ids) await ended(batch, id);
}

const median = (report: WhatIfReport, run: "actual" | "asItWas" | "changed", kind: "queues" | "shares", name: string) =>
  report[run][kind].find((group) => group.name === name)!.waitingSeconds!.median;

test("what happened is simulated nearly as it was, and otherwise with other priorities, weights and sizes", async () => {
  await history();
  const same = await reportOf({});
  assert.deepEqual([same.earlier, same.later], [0, 0]);
  assert.deepEqual([same.actual.jobs, same.actual.ended, same.asItWas.ended], [49, 49, 49]);
  for (const run of ["actual", "asItWas", "changed"] as const) {
    assert.ok(median(same, run, "queues", "high") < median(same, run, "queues", "low"), run);
    assert.ok(median(same, run, "shares", "shared / A") < median(same, run, "shares", "shared / B"), run);
  }
  assert.ok(Math.abs(same.asItWas.vcpuHours - same.actual.vcpuHours) < 0.001);

  const turned = await reportOf({ queues: [{ jobQueueName: "low", priority: 20 }] });
  assert.ok(turned.earlier >= 10, `${turned.earlier}`);
  assert.ok(turned.later >= 10, `${turned.later}`);
  assert.ok(median(turned, "changed", "queues", "high") > median(turned, "changed", "queues", "low"));
  assert.deepEqual(turned.asItWas.queues, same.asItWas.queues);

  const weighed = await reportOf({
    policies: [
      {
        name: "weights",
        shareDistribution: [
          { shareIdentifier: "A", weightFactor: 100 },
          { shareIdentifier: "B", weightFactor: 0.01 },
        ],
      },
    ],
  });
  assert.ok(median(weighed, "changed", "shares", "shared / B") < median(weighed, "changed", "shares", "shared / A"));
  // More than the machine has is not there.
  const larger = await reportOf({ environments: [{ computeEnvironmentName: "default", maxvCpus: 1000 }] });
  assert.deepEqual(larger.changed.waitingSeconds, larger.asItWas.waitingSeconds);
});

test("one is run at a time for an account, and ends when nobody waits for it any more", async () => {
  const leaving = new AbortController();
  const first = await ask({ hours: 1 }, leaving.signal);
  assert.equal(first.status, 200);
  const second = await ask({ hours: 1 });
  const refused = second.status === 429 ? await second.text() : "";
  leaving.abort();
  // The first one may have been too quick.
  if (second.status === 429) assert.match(refused, /a simulation of this account is running/);
  const again = await until("it may be run again", async () => {
    const answer = await ask({ hours: 1 });
    await answer.text();
    return answer.status === 200;
  });
  assert.ok(again);
});

test("what is asked wrongly is refused with what would be right", async () => {
  const refusals: readonly [body: object | string, message: RegExp][] = [
    ["{", /is no JSON/],
    [[], /The request must be an object/],
    [{ hours: 0 }, /hours must be a number from 1 to 168/],
    [{ days: 1 }, /days/],
    [{ changes: { queues: [{ jobQueueName: "none", priority: 1 }] } }, /There is no job queue none/],
    [
      { changes: { queues: [{ jobQueueName: "default", computeEnvironments: ["none"] }] } },
      /no compute environment none/,
    ],
    [{ changes: { queues: [{ jobQueueName: "default", computeEnvironments: [] }] } }, /must have one at least/],
    [{ changes: { environments: [{ computeEnvironmentName: "default", maxvCpus: 0 }] } }, /maxvCpus must be a whole/],
    [{ changes: { policies: [{ name: "none", shareDistribution: [] }] } }, /no fair-share scheduling policy none/],
    [{ changes: { jobs: [{ jobId: "a", schedulingPriority: -1 }] } }, /schedulingPriority must be/],
    [{ changes: { queues: [{ jobQueueName: "default" }, { jobQueueName: "default" }] } }, /has "default" twice/],
  ];
  for (const [body, message] of refusals) {
    const answer = await ask(body);
    const text = await answer.text();
    assert.equal(answer.status, 400, text);
    assert.match((JSON.parse(text) as { message: string }).message, message);
  }
});
