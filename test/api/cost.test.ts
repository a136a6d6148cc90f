import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComputeResource } from "@aws-sdk/client-batch";
import { costOf } from "../../src/api/admin/cost/cost.ts";
import { priceBook } from "../../src/catalog/price-book.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { EnvironmentRecord } from "../../src/api/ecs/clusters.ts";
import type { JobSpec, NewJob, QueueSettings, ResourceRecord } from "../../src/ports/store.ts";

/** What a dry run says that a job would cost on AWS, worked out by hand from the list prices of us-east-1. */

const FARGATE = { type: "FARGATE" } as const;
const ec2 = (...instanceTypes: string[]): Partial<ComputeResource> => ({ type: "EC2", instanceTypes });

function costIn(resources: object | undefined, scheduling: Partial<Scheduling>, container = {}, prices = priceBook()) {
  const settings = { computeResources: resources } as EnvironmentRecord["settings"];
  const environments = { get: () => Promise.resolve({ settings } as EnvironmentRecord) };
  const queue = { settings: {} } as ResourceRecord<QueueSettings>;
  const job = {
    scheduling: { requirements: { vcpuMilli: 1000, memoryMiB: 2048, gpus: 0 }, ...scheduling },
    spec: { container } as JobSpec,
  } as NewJob;
  return costOf({ environments, prices }, queue, job, "environment");
}

const runtime = (operatingSystemFamily: string, cpuArchitecture: string) => ({
  runtimePlatform: { operatingSystemFamily, cpuArchitecture },
});

for (const [what, resources, scheduling, container, perHour, atMost] of [
  ["Fargate: 1 x 0.04048 + 2 x 0.004445", FARGATE, {}, {}, 0.04937, undefined],
  ["for an hour", FARGATE, { timeoutSeconds: 3600 }, {}, 0.04937, 0.04937],
  ["ten children, half an hour each", FARGATE, { timeoutSeconds: 1800, arraySize: 10 }, {}, 0.04937, 0.24685],
  ["on ARM: 1 x 0.03238 + 2 x 0.00356", FARGATE, {}, runtime("LINUX", "ARM64"), 0.0395, undefined],
  ["EC2: of an m5.large at 0.096, (9 + 2) / (2 x 9 + 8)", ec2("m5.large"), {}, {}, 0.040615, undefined],
  [
    "of it, (9 + 6) / 26",
    ec2("m5.large"),
    { requirements: { vcpuMilli: 1000, memoryMiB: 6144, gpus: 0 } },
    {},
    0.055385,
    undefined,
  ],
  [
    "two nodes, each one of its own",
    ec2("m5"),
    { requirements: { vcpuMilli: 2000, memoryMiB: 4096, gpus: 0 }, nodes: { count: 2, main: 0 } },
    {},
    0.192,
    undefined,
  ],
] as const) {
  test(what, async () => {
    const cost = await costIn(resources, scheduling, container);
    assert.ok("usdPerHour" in cost, JSON.stringify(cost));
    assert.deepEqual([cost.usdPerHour, cost.atMostUsd], [perHour, atMost]);
    assert.match(cost.meaning, /^On AWS, not here: .*us-east-1, (April|July) 2026/);
  });
}

test("at the user's own price, where there is one", async () => {
  const own = { instanceTypes: new Map([["m5.large", 0.052]]), environments: new Map(), spotPercent: 50 };
  const costs = [
    await costIn(ec2("m5.large"), {}, {}, priceBook(own)),
    await costIn({ ...ec2("m5.large"), type: "SPOT" }, {}, {}, priceBook(own)),
    await costIn({ ...ec2("m5.large"), type: "SPOT" }, {}),
  ];
  assert.deepEqual(
    costs.map((cost) => "usdPerHour" in cost && cost.usdPerHour),
    [0.022, 0.011, 0.040615],
  );
  assert.match("meaning" in costs[1]! ? costs[1].meaning : "", /at the price of this server's configuration\. Storage/);
});

test("what is not known is not made up", async () => {
  const unknown = [
    await costIn(FARGATE, {}, runtime("WINDOWS_SERVER_2022_CORE", "X86_64")),
    await costIn(ec2("m5.large"), { requirements: { vcpuMilli: 1000, memoryMiB: 2048, gpus: 1 } }),
    await costIn(ec2("nobody.large"), {}),
    await costIn(undefined, {}),
  ];
  for (const cost of unknown) assert.deepEqual(Object.keys(cost), ["unknown"]);
});
