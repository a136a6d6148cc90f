import assert from "node:assert/strict";
import { test } from "node:test";
import { computeEnvironmentHandlers } from "../../src/api/batch/environments/compute-environments.ts";
import { OWN_LIMITS } from "../../src/api/batch/limits.ts";
import { NO_PRICES } from "../../src/core/cost/price.ts";
import { PageTokens } from "../../src/api/wire/page-tokens.ts";
import { launch } from "../../src/core/instances/launch.ts";
import { World } from "../../src/core/world.ts";
import { ENVIRONMENT, EngineBench } from "../support/engine-bench.ts";
import { XLARGE, withInstances } from "../support/instances.ts";

const ACCOUNT = "123456789012";
const CALL = {
  ...{ requestId: "r", account: ACCOUNT, region: "us-east-1", denial: () => undefined },
  caller: { account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root`, userId: ACCOUNT },
};

test("desiredvCpus is what the environment's instances have, those on their way too", async (t) => {
  const bench = await EngineBench.open({ launching: withInstances().instances! });
  t.after(() => bench.close());
  const { clock, store } = bench;
  const described = async (): Promise<number | undefined> => {
    const { DescribeComputeEnvironments } = computeEnvironmentHandlers({
      ...{ store, clock, scheduler: bench.server.engine, limits: OWN_LIMITS, machine: { hostName: "h" }, version: "1" },
      ...{ tokens: new PageTokens("key", () => clock.now()), prices: NO_PRICES },
      ...{
        capacity: { vcpuMilli: 64_000, memoryMiB: 262_144 },
        oversizedJobs: "wait",
        runsElsewhere: () => false,
        maxJobs: 1_000_000,
        heapUsed: () => 0,
      },
    });
    const { computeEnvironments } = await DescribeComputeEnvironments({}, CALL);
    return computeEnvironments?.[0]?.computeResources?.desiredvCpus;
  };
  assert.equal(await described(), 0);
  await bench.server.engine.stop();
  const epoch = await store.scheduling.lead();
  const launched = launch(new World({ vcpuMilli: 0, memoryMiB: 0 }, false), ENVIRONMENT, XLARGE, clock.now());
  await store.scheduling.commit(epoch, [launched]);
  await bench.start();
  assert.equal(await described(), 4);
});
