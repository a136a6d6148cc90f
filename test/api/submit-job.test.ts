import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { SubmitJobCommandInput } from "@aws-sdk/client-batch";
import { describeJob, ended, submit, submitScript } from "../support/jobs.ts";
import { apiServer, refused, register } from "./server.ts";

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
