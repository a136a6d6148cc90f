import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  BatchServiceException,
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  DescribeComputeEnvironmentsCommand,
} from "@aws-sdk/client-batch";
import { AWS_LIMITS, OWN_LIMITS } from "../../src/api/batch/limits.ts";
import { RateLimit } from "../../src/api/load/rate-limit.ts";
import { batchClient } from "../support/clients.ts";
import { submit } from "../support/jobs.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { apiServer, environmentRequest, prefixed, refused } from "./server.ts";

const { batch, url } = await apiServer({ after }, { strict: true });
/** It fits no machine: nothing runs. */
const waiting = { containerOverrides: { resourceRequirements: [{ type: "MEMORY" as const, value: "100000000" }] } };

test("arrays have at most 10000 children", async () => {
  const message = prefixed("Array size must be between 2 and 10000.");
  await assert.rejects(submit(batch, ["true"], { arrayProperties: { size: 10_001 } }), refused(message));
});

test("so many resources of a kind in an account and region, and not one more", async () => {
  const create = (name: string, client = batch) =>
    client.send(new CreateComputeEnvironmentCommand(environmentRequest(name)));
  // The default one is there already.
  await Promise.all(Array.from({ length: 48 }, (_, n) => create(`environment-${n}`)));
  const last = await Promise.allSettled(["a", "b", "c"].map((name) => create(name)));
  assert.deepEqual(last.map(({ status }) => status).toSorted(), ["fulfilled", "rejected", "rejected"]);
  await assert.rejects(create("d"), refused("There can be at most 50 compute environments in a region."));
  await assert.rejects(create("environment-1"), refused("Object already exists"));
  const { computeEnvironments } = await batch.send(new DescribeComputeEnvironmentsCommand({}));
  assert.equal(computeEnvironments?.length, 50);
  await create("environment-1", batchClient({ after }, url, "eu-west-1"));
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  await batch.send(new CreateJobQueueCommand({ jobQueueName: "another-kind", priority: 1, computeEnvironmentOrder }));
});

test("50 jobs are submitted per second; who submits more is told so as AWS tells it", async () => {
  const startedAt = performance.now();
  let accepted = 0;
  let refusal: unknown;
  const submitMany = async (): Promise<void> => {
    while (refusal === undefined && accepted < 5_000) {
      try {
        await submit(batch, ["true"], waiting);
        accepted += 1;
      } catch (error) {
        refusal = error;
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, submitMany));
  const seconds = (performance.now() - startedAt) / 1000;
  assert.ok(accepted >= 50 && accepted <= 50 + 50 * seconds + 1, `${accepted} in ${seconds} s`);
  assert.ok(refusal instanceof BatchServiceException, String(refusal));
  assert.deepEqual(
    [refusal.name, refusal.message, refusal.$metadata.httpStatusCode],
    ["TooManyRequestsException", "Too Many Requests", 429],
  );
  await submit(batchClient({ after }, url, "eu-west-1"), ["true"], waiting);
});

test("the SDK's own retries come through", async () => {
  const patient = batchClient({ after }, url, "us-west-2", 10);
  await Promise.all(Array.from({ length: 70 }, () => submit(patient, ["true"], waiting)));
});

test("a rate is a second's worth at once, then as many per second, for each operation and scope", () => {
  const clock = new VirtualClock();
  const limit = new RateLimit({ SubmitServiceJob: 5 }, clock);
  const admitted = (count: number, operation = "SubmitServiceJob", region = "a"): number => {
    return Array.from({ length: count }).filter(() => {
      try {
        limit.admit(operation, `1/${region}`);
        return true;
      } catch {
        return false;
      }
    }).length;
  };
  assert.equal(admitted(20), 5);
  assert.equal(admitted(20, "SubmitServiceJob", "b"), 5);
  assert.equal(admitted(20, "SubmitJob"), 20);
  clock.advance(199);
  assert.equal(admitted(20), 0);
  clock.advance(1);
  assert.equal(admitted(20), 1);
  clock.advance(60_000);
  assert.equal(admitted(20), 5);
});

test("without --strict no requests are counted, and of resources there may be as many as AWS allows, or more", () => {
  assert.deepEqual(OWN_LIMITS.requestsPerSecond, {});
  for (const [kind, limit] of Object.entries(AWS_LIMITS.resources)) {
    assert.ok(OWN_LIMITS.resources[kind as keyof typeof OWN_LIMITS.resources]! >= limit, kind);
  }
  assert.deepEqual(AWS_LIMITS.history, { jobDays: 7, tagsCount: false, definitionDays: 180 });
});
