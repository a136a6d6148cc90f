import assert from "node:assert/strict";
import { test } from "node:test";
import { OWN_LIMITS } from "../../src/api/batch/limits.ts";
import { askedByTags } from "../../src/api/batch/tags/own-tags.ts";
import { askedByQueueTags } from "../../src/core/queue-tags.ts";
import {
  ARRAY_CONCURRENCY_TAG,
  BACKFILL_TAG,
  EXPECTED_SECONDS_TAG,
  INFRASTRUCTURE_RETRIES_TAG,
  MAX_RUNNING_JOBS_TAG,
} from "../../src/core/submission/own-tags.ts";

/** A server with --strict takes any value; its data may be served without it later. */
for (const value of ["0", "-1", "", "1.5", "1e3", "x"]) {
  test(`a tag's value that nobody checked asks for nothing: ${JSON.stringify(value)}`, () => {
    assert.deepEqual(askedByQueueTags({ [MAX_RUNNING_JOBS_TAG]: value, [BACKFILL_TAG]: value }), {});
    const tags = {
      [ARRAY_CONCURRENCY_TAG]: value,
      [EXPECTED_SECONDS_TAG]: value,
      [INFRASTRUCTURE_RETRIES_TAG]: value,
    };
    assert.deepEqual(askedByTags(undefined, tags, OWN_LIMITS), {
      maxActiveChildren: undefined,
      expectedSeconds: undefined,
      memoryLadder: undefined,
      infrastructureRetries: undefined,
    });
  });
}

test("values that say something do", () => {
  assert.deepEqual(askedByQueueTags({ [MAX_RUNNING_JOBS_TAG]: "3", [BACKFILL_TAG]: "true" }), {
    backfills: true,
    maxRunningJobs: 3,
  });
  assert.equal(askedByTags({ [ARRAY_CONCURRENCY_TAG]: "2" }, undefined, OWN_LIMITS).maxActiveChildren, 2);
});
