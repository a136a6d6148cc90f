import assert from "node:assert/strict";
import { after, test } from "node:test";
import { describeJob, submit, untilStatus } from "../support/jobs.ts";
import { apiServer, prefixed, refused, register } from "./server.ts";

const { batch } = await apiServer({ after });
const LADDER = "longshore:memory-ladder";

test("a job that runs out of memory runs again with more, and shows what it learned", async () => {
  // `tail` holds what it may have to print.
  const script = "set -o pipefail; head -c 100000000 /dev/zero | tail -c 100000000 > /dev/null";
  const jobId = await submit(batch, ["bash", "-c", script], {
    retryStrategy: { attempts: 3 },
    tags: { [LADDER]: "48 512", team: "red" },
    containerOverrides: { resourceRequirements: [{ type: "MEMORY", value: "32" }] },
  });
  await untilStatus(batch, jobId, "SUCCEEDED");
  const { attempts = [], container, tags } = await describeJob(batch, jobId);
  const outOfMemory = "OutOfMemoryError: Container killed due to memory usage";
  assert.deepEqual(
    attempts.map((attempt) => attempt.container?.reason),
    [outOfMemory, outOfMemory, undefined],
  );
  assert.deepEqual(
    container?.resourceRequirements?.find(({ type }) => type === "MEMORY"),
    { type: "MEMORY", value: "512" },
  );
  assert.deepEqual(tags, { [LADDER]: "48 512", team: "red", "longshore:memory-learned": "512" });
});

test("a ladder that does not rise is refused, on a job and on a definition", async () => {
  const message = refused(
    prefixed(
      `The tag ${LADDER} must be rising numbers of MiB, such as "4096 8192 16384", or a factor and the most that it may lead to, such as "x2:16384"; at most 10 numbers; not 64 32.`,
    ),
  );
  await assert.rejects(submit(batch, ["true"], { tags: { [LADDER]: "64 32" } }), message);
  await assert.rejects(register(batch, "bad-ladder", {}, { tags: { [LADDER]: "64 32" } }), message);
});
