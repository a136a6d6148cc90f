import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobDependency, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import { DEPENDENCY_RULES } from "../../src/api/batch/jobs/dependencies.ts";
import { describeJob, ended, submit, submitScript } from "../support/jobs.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import { apiServer, prefixed, refused } from "./server.ts";

const { batch } = await apiServer({ after });
const strict = await apiServer({ after }, { strict: true });

/** The SDK's type knows AWS's own types only, and sends whatever it is given. */
const on = (jobId: string, type?: "AFTER_ANY" | "AFTER_NOT_OK"): JobDependency => ({ jobId, type: type as "N_TO_N" });

const BROKEN: readonly [string, Partial<SubmitJobCommandInput>, string][] = [
  [
    "unknownDependencyType",
    { dependsOn: [{ jobId: "a", type: "AFTER_ALL" as "N_TO_N" }] },
    "Dependency type AFTER_ALL is not valid. Valid types: [N_TO_N, SEQUENTIAL, AFTER_ANY, AFTER_NOT_OK]",
  ],
  [
    "dependencyWithoutId",
    { dependsOn: [on("", "AFTER_ANY")] },
    "dependsOn entries need a jobId unless their type is SEQUENTIAL.",
  ],
  [
    "tooLargeForDependency",
    { arrayProperties: { size: 10_001 }, dependsOn: [{ type: "SEQUENTIAL" }] },
    "Dependencies of the types N_TO_N and SEQUENTIAL are for arrays of at most 10000 children.",
  ],
  [
    "tooManyDependencies",
    { dependsOn: Array.from({ length: 21 }, () => on("a", "AFTER_ANY")) },
    "A job can have at most 20 dependencies.",
  ],
];

for (const [text, job, message] of BROKEN) {
  test(`dependsOn: ${text}`, async () => {
    await assert.rejects(submit(batch, ["true"], job), refused(prefixed(message)));
  });
}

test("each rule has its example", () => {
  assertEachRuleBroken(
    [DEPENDENCY_RULES],
    BROKEN.map(([text]) => text),
  );
});

test("with --strict there are AWS's two types only", async () => {
  const message = "Dependency type AFTER_ANY is not valid. Valid types: [N_TO_N, SEQUENTIAL]";
  const jobId = await submit(strict.batch, ["true"]);
  await assert.rejects(
    submit(strict.batch, ["true"], { dependsOn: [on(jobId, "AFTER_ANY")] }),
    refused(prefixed(message)),
  );
});

test("AFTER_ANY and AFTER_NOT_OK on jobs that are still to end, and on jobs that are over", async () => {
  const good = await submitScript(batch, "sleep 0.1");
  const bad = await submitScript(batch, "sleep 0.1; exit 1");
  const submitAll = () =>
    Promise.all([
      submit(batch, ["true"], { dependsOn: [on(good, "AFTER_ANY"), on(bad, "AFTER_ANY")] }),
      submit(batch, ["true"], { dependsOn: [on(good), on(bad, "AFTER_NOT_OK")] }),
      submit(batch, ["true"], { dependsOn: [on(good, "AFTER_NOT_OK")] }),
      submit(batch, ["true"], { dependsOn: [on(bad)] }),
    ]);
  for (const when of ["before", "after"]) {
    const jobs = await Promise.all((await submitAll()).map((jobId) => ended(batch, jobId)));
    assert.deepEqual(
      jobs.map(({ status, statusReason }) => `${status} ${statusReason}`),
      [
        "SUCCEEDED Essential container in task exited",
        "SUCCEEDED Essential container in task exited",
        "FAILED Dependent Job succeeded: with AFTER_NOT_OK this job runs only when it fails",
        "FAILED Dependent Job failed",
      ],
      when,
    );
    const { dependsOn } = await describeJob(batch, jobs[1]!.jobId!);
    assert.deepEqual(dependsOn, [{ jobId: good }, { jobId: bad, type: "AFTER_NOT_OK" }], "echoed as given");
  }
});

test("on an array as a whole, and on one of its children", async () => {
  const array = await submitScript(batch, "exit $AWS_BATCH_JOB_ARRAY_INDEX", { arrayProperties: { size: 2 } });
  const dependents = await Promise.all(
    [on(array, "AFTER_NOT_OK"), on(`${array}:1`, "AFTER_NOT_OK"), on(`${array}:0`, "AFTER_NOT_OK")].map((one) =>
      submit(batch, ["true"], { dependsOn: [one] }),
    ),
  );
  const jobs = await Promise.all(dependents.map((jobId) => ended(batch, jobId)));
  assert.deepEqual(
    jobs.map(({ status }) => status),
    ["SUCCEEDED", "SUCCEEDED", "FAILED"],
  );
});
