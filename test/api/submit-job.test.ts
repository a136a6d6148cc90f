import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { SubmitJobCommandInput } from "@aws-sdk/client-batch";
import {
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  ListJobsCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { describeJob, ended, submit, submitScript } from "../support/jobs.ts";
import { apiServer, refused, register, untilQueue } from "./server.ts";

const { batch } = await apiServer({ after });
await register(
  batch,
  "parametrised",
  { command: ["echo", "Ref::greeting", "--to=Ref::name.txt", "Ref::a.b"] },
  { parameters: { greeting: "hello", name: "n" } },
);
await register(batch, "legacy", { resourceRequirements: [], vcpus: 2, memory: 128 });
const single = await submit(batch, ["true"]);
const array = await submit(batch, ["true"], { arrayProperties: { size: 2 } });

// Reference 3.1, 3.2, 4.3, appendix A: what names something else. submit-rules.test.ts has the rest.
const REFUSED: readonly [string, Partial<SubmitJobCommandInput>, string | RegExp][] = [
  ["an unknown queue", { jobQueue: "nowhere" }, "JobQueue nowhere not found."],
  [
    "an unknown queue's ARN",
    { jobQueue: "arn:aws:batch:us-east-1:123456789012:job-queue/nowhere" },
    /^JobQueue .*nowhere not found\.$/,
  ],
  [
    "an unresolved reference",
    { jobDefinition: "parametrised", parameters: {}, containerOverrides: { command: ["Ref::missing"] } },
    "Unable to substitute value. No parameter found for reference missing",
  ],
  ["a dependency on an unknown job", { dependsOn: [{ jobId: "unknown" }] }, "Job dependency unknown not found."],
  [
    "a dependency on a child that is not there",
    { dependsOn: [{ jobId: `${array}:2` }] },
    `Job dependency ${array}:2 not found.`,
  ],
  [
    "SEQUENTIAL without an array",
    { dependsOn: [{ type: "SEQUENTIAL" }] },
    "Dependency type SEQUENTIAL is only for array jobs.",
  ],
  [
    "N_TO_N without an array",
    { dependsOn: [{ jobId: array, type: "N_TO_N" }] },
    /^Dependency type N_TO_N is only for array jobs/,
  ],
  [
    "N_TO_N on a single job",
    { arrayProperties: { size: 2 }, dependsOn: [{ jobId: single, type: "N_TO_N" }] },
    /^Dependency type N_TO_N is only for array jobs/,
  ],
  [
    "N_TO_N on an array of another size",
    { arrayProperties: { size: 3 }, dependsOn: [{ jobId: array, type: "N_TO_N" }] },
    /^Dependency type N_TO_N is only for array jobs/,
  ],
];

for (const [what, input, message] of REFUSED) {
  test(`SubmitJob refuses ${what}`, async () => {
    await assert.rejects(submit(batch, ["true"], input), refused(message));
  });
}

test("Ref:: is replaced everywhere in the command, names may have dots, what is not referred to is allowed", async () => {
  const jobId = await submit(batch, [], {
    jobDefinition: "parametrised",
    parameters: { "a.b": "dotted", name: "file", unused: "x" },
  });
  const { container, parameters } = await describeJob(batch, jobId);
  assert.deepEqual(container?.command, ["echo", "hello", "--to=file.txt", "dotted"]);
  assert.deepEqual(parameters, { greeting: "hello", name: "file", "a.b": "dotted", unused: "x" });
});

test("an empty arrayProperties is what clients send for an ordinary job", async () => {
  const job = await ended(batch, await submit(batch, ["true"], { arrayProperties: {} }));
  assert.deepEqual([job.status, job.arrayProperties], ["SUCCEEDED", undefined]);
});

test("the deprecated vcpus and memory overrides act on a definition that uses them, and are ignored by any other", async () => {
  const containerOverrides = { vcpus: 3, memory: 256 };
  const legacy = await describeJob(
    batch,
    await submit(batch, ["true"], { jobDefinition: "legacy", containerOverrides }),
  );
  assert.deepEqual(
    [legacy.container?.vcpus, legacy.container?.memory, legacy.container?.resourceRequirements],
    [3, 256, []],
  );
  const modern = await describeJob(batch, await submit(batch, ["true"], { containerOverrides }));
  assert.deepEqual([modern.container?.vcpus, modern.container?.memory], [undefined, undefined]);
  assert.deepEqual(
    modern.container?.resourceRequirements?.toSorted((a, b) => a.type!.localeCompare(b.type!)),
    [
      { type: "MEMORY", value: "64" },
      { type: "VCPU", value: "1" },
    ],
  );
});

test("retryStrategy, timeout and propagateTags replace the definition's, wholly", async () => {
  await register(
    batch,
    "with-all",
    {},
    {
      retryStrategy: { attempts: 3, evaluateOnExit: [{ action: "EXIT", onExitCode: "7" }] },
      timeout: { attemptDurationSeconds: 100 },
      propagateTags: true,
      tags: { of: "definition" },
    },
  );
  const kept = await describeJob(batch, await submit(batch, ["true"], { jobDefinition: "with-all" }));
  assert.deepEqual(
    [kept.retryStrategy, kept.timeout, kept.propagateTags, kept.tags],
    [{ attempts: 3, evaluateOnExit: [{ action: "exit", onExitCode: "7" }] }, { attemptDurationSeconds: 100 }, true, {}],
  );
  const over = { retryStrategy: { attempts: 2 }, timeout: { attemptDurationSeconds: 60 }, propagateTags: false };
  const replaced = await describeJob(batch, await submit(batch, ["true"], { jobDefinition: "with-all", ...over }));
  assert.deepEqual(
    [replaced.retryStrategy, replaced.timeout, replaced.propagateTags],
    [{ attempts: 2, evaluateOnExit: [] }, { attemptDurationSeconds: 60 }, false],
  );
});

// Reference 5.1: exit conditions against what the attempt left.
const CONDITIONS: readonly [string, string, object[], number][] = [
  ["no condition matches: retried", "exit 3", [{ action: "EXIT", onExitCode: "4" }], 3],
  ["an exit code", "exit 3", [{ action: "EXIT", onExitCode: "3" }], 1],
  ["an exit code's prefix", "exit 137", [{ action: "EXIT", onExitCode: "13*" }], 1],
  [
    "the first match decides",
    "exit 3",
    [
      { action: "RETRY", onExitCode: "3" },
      { action: "EXIT", onReason: "*" },
    ],
    3,
  ],
  ["all conditions of an entry must match", "exit 3", [{ action: "EXIT", onExitCode: "3", onReason: "Other" }], 3],
  [
    "a lone star matches what is absent",
    "exit 3",
    [
      { action: "RETRY", onStatusReason: "Host EC2*" },
      { action: "EXIT", onReason: "*" },
    ],
    1,
  ],
  ["the status reason", "exit 3", [{ action: "EXIT", onStatusReason: "Essential container*" }], 1],
  ["actions in any case", "exit 3", [{ action: "exit", onExitCode: "3" }], 1],
];

for (const [what, script, conditions, attempts] of CONDITIONS) {
  test(`evaluateOnExit: ${what}`, async () => {
    const retryStrategy = { attempts: 3, evaluateOnExit: conditions } as NonNullable<
      SubmitJobCommandInput["retryStrategy"]
    >;
    const job = await ended(batch, await submitScript(batch, script, { retryStrategy }));
    assert.deepEqual([job.status, job.attempts?.length], ["FAILED", attempts]);
  });
}

test("evaluateOnExit: the container's reason, of a task that could not start", async () => {
  const evaluateOnExit = [{ action: "EXIT" as const, onReason: "CannotStartContainerError*" }];
  const job = await ended(
    batch,
    await submit(batch, ["no-such-program"], { retryStrategy: { attempts: 3, evaluateOnExit } }),
  );
  assert.deepEqual([job.status, job.attempts?.length], ["FAILED", 1]);
});

// Reference 4.10, 10 no. 29.
test("tags that are to be propagated, more than 50 together: the job fails, not its submission", async () => {
  const tags = (prefix: string, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, "x"]));
  await register(batch, "tagged", {}, { tags: tags("d", 30), propagateTags: true });
  const run = async (input: Partial<SubmitJobCommandInput>) =>
    ended(batch, await submit(batch, ["true"], { jobDefinition: "tagged", ...input }));
  const reason =
    "The job and its job definition have more than 50 tags together: they cannot be propagated to the task";
  const failed = await run({ tags: tags("j", 21) });
  assert.deepEqual([failed.status, failed.statusReason, failed.attempts], ["FAILED", reason, []]);
  const array = await run({ tags: tags("j", 21), arrayProperties: { size: 2 } });
  assert.deepEqual([array.status, array.arrayProperties?.statusSummary?.["FAILED"]], ["FAILED", 2]);
  assert.equal((await describeJob(batch, `${array.jobId}:1`)).statusReason, reason);
  const after = await submit(batch, ["true"]);
  const dependent = await run({ tags: tags("j", 21), dependsOn: [{ jobId: after }] });
  assert.deepEqual([dependent.status, dependent.statusReason], ["FAILED", reason]);
  assert.equal((await run({ tags: tags("d", 30) })).status, "SUCCEEDED");
  assert.equal((await run({ tags: tags("j", 20) })).status, "SUCCEEDED");
  assert.equal((await run({ tags: tags("j", 21), propagateTags: false })).status, "SUCCEEDED");
});

// Reference 4.9, 7.3.
test("in a queue with a fair-share policy: the share and the priority are kept, shown, and picked by ListJobs", async () => {
  const { arn } = await batch.send(new CreateSchedulingPolicyCommand({ name: "fair", fairsharePolicy: {} }));
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  const queue = { jobQueueName: "fair", priority: 1, schedulingPolicyArn: arn, computeEnvironmentOrder };
  await batch.send(new CreateJobQueueCommand(queue));
  await untilQueue(batch, "fair", "VALID");
  await register(batch, "important", {}, { schedulingPriority: 7 });
  const inShare = { jobQueue: "fair", shareIdentifier: "blue*", jobDefinition: "important" };
  const own = await ended(batch, await submit(batch, ["true"], inShare));
  assert.deepEqual([own.shareIdentifier, own.schedulingPriority], ["blue*", 7]);
  const overridden = await describeJob(
    batch,
    await submit(batch, ["true"], { ...inShare, shareIdentifier: "red", schedulingPriorityOverride: 0 }),
  );
  assert.deepEqual([overridden.shareIdentifier, overridden.schedulingPriority], ["red", 0]);
  const filters = [{ name: "SHARE_IDENTIFIER", values: ["blue*"] }];
  const { jobSummaryList } = await batch.send(new ListJobsCommand({ jobQueue: "fair", filters }));
  assert.deepEqual(
    jobSummaryList?.map(({ jobId, shareIdentifier }) => [jobId, shareIdentifier]),
    [[own.jobId, "blue*"]],
  );
  const elsewhere = await describeJob(batch, await submit(batch, ["true"], { jobDefinition: "important" }));
  assert.deepEqual([elsewhere.shareIdentifier, elsewhere.schedulingPriority], [undefined, undefined]);
});

test("a queue has 500 active shares at most; one that is active already may have more jobs", async () => {
  const { arn } = await batch.send(new CreateSchedulingPolicyCommand({ name: "crowd", fairsharePolicy: {} }));
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  const queue = { jobQueueName: "crowded", priority: 1, schedulingPolicyArn: arn, computeEnvironmentOrder };
  await batch.send(new CreateJobQueueCommand(queue));
  await untilQueue(batch, "crowded", "VALID");
  const blocker = await submit(batch, ["sleep", "60"]);
  const inShare = (
    shareIdentifier: string,
    more: Partial<SubmitJobCommandInput> = { dependsOn: [{ jobId: blocker }] },
  ) => submit(batch, ["true"], { jobQueue: "crowded", schedulingPriorityOverride: 1, shareIdentifier, ...more });
  const [first] = await Promise.all(Array.from({ length: 500 }, (_, n) => inShare(`share${n}`)));
  const refusal =
    "JobQueue crowded has 500 active share identifiers: a new one can be used when one of them has no active job left.";
  await assert.rejects(inShare("one-more"), refused(refusal));
  await inShare("share499");
  await batch.send(new TerminateJobCommand({ jobId: first!, reason: "room" }));
  await inShare("one-more");
  await assert.rejects(inShare("and-another"), refused(refusal));
});
