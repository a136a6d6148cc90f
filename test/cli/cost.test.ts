import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { adviceText, attemptUsageText, costText, totalUsageText } from "../../src/cli/cost-text.ts";
import type { CostReport, CostTotals } from "../../src/ports/cost-report.ts";
import { Cli } from "./longshore.ts";

const NOTHING: CostTotals = {
  ...{ attempts: 0, running: 0, vcpuHours: 0, gibHours: 0, gpuHours: 0 },
  ...{ cpuHours: 0, unmeasured: 0, usd: 0, unpriced: 0 },
};

test("a report for people", () => {
  const a = { ...NOTHING, attempts: 120, vcpuHours: 1234.567, gibHours: 0.00123, cpuHours: 12.34, usd: 0.0000012 };
  const b = { ...NOTHING, attempts: 2, running: 1, vcpuHours: 0.00001, unmeasured: 2, unpriced: 2, peakMemoryMiB: 12 };
  const report: CostReport = {
    by: "tag:team",
    groups: [
      { key: "a", ...a },
      { key: "", ...b },
    ],
    total: { ...a, attempts: 122, running: 1, unmeasured: 2, unpriced: 2, peakMemoryMiB: 12 },
    groupCount: 5,
  };
  assert.equal(
    costText(report),
    [
      "TAG:TEAM  ATTEMPTS         VCPU H   GIB H   GPU H  CPU H USED  MOST MIB  COST",
      "a         120              1235     0.0012  0      12.3        -         $0.000001",
      "(none)    2 (1 running)    <0.0001  0       0      -           12        -",
      "TOTAL     122 (1 running)  1235     0.0012  0      12.3        12        $0.000001",
      "3 cheaper groups left out: --limit shows more.",
      "No price is known for 2 of 122 attempts: docs/cost.md says how to name yours.",
      "What 1 attempt used was not measured.",
    ].join("\n"),
  );
  assert.match(costText({ by: "queue", groups: [], total: NOTHING, groupCount: 0 }), /^No attempt ended/);
});

test("what an attempt used of what it held", () => {
  const held = { attemptId: "1", vcpus: 2, memoryMiB: 512, gpus: 0 };
  assert.equal(attemptUsageText(held), "2 vCPU; 512 MiB");
  const all = {
    ...held,
    gpus: 2,
    gpuIds: ["0", "3"],
    instances: "m5.large",
    cpuSeconds: 75,
    peakMemoryMiB: 118,
    usd: 0.25,
  };
  const text = "2 vCPU, 1 min 15 s used; 118 of 512 MiB at most; 2 GPUs (0, 3); on m5.large; $0.25";
  assert.equal(attemptUsageText(all), text);
  assert.equal(totalUsageText(NOTHING), undefined);
  const total = { ...NOTHING, attempts: 3, vcpuHours: 1.5, cpuHours: 0.5, peakMemoryMiB: 99, usd: 3 };
  assert.equal(totalUsageText(total), "3 attempts; 1.5 vCPU hours, 0.5 used; 99 MiB at most; $3");
});

test("advice for people", () => {
  const size = { jobDefinition: "arn:aws:batch:r:1:job-definition/align:3", vcpus: 4, memoryMiB: 8192, attempts: 120 };
  const sizes = [
    { ...size, peakMemoryMiB: 1946, enoughMemoryMiB: 2496, vcpusUsed: 0.514 },
    { ...size, memoryMiB: 64, vcpusUsed: 0 },
  ];
  assert.equal(
    adviceText({ sizes, sizeCount: 3 }),
    [
      "DEFINITION  ATTEMPTS  ASKED MIB  MOST MIB  ENOUGH MIB  ASKED VCPUS  BUSY ON AVERAGE",
      "align:3     120       8192       1946      2496        4            0.51",
      "align:3     120       64         -         -           4            0",
      "1 other size left out: --limit shows more.",
    ].join("\n"),
  );
  assert.match(adviceText({ sizes: [], sizeCount: 0 }), /^Of no attempt/);
});

test("of a server with prices of its own", async (t) => {
  const cli = new Cli(t);
  mkdirSync(cli.dataDir, { recursive: true });
  writeFileSync(join(cli.dataDir, "config.json"), JSON.stringify({ prices: { perVcpuHour: 1000 } }));
  const server = await cli.up();
  t.after(async () => {
    server.process.kill("SIGTERM");
    await server.ended;
  });
  const array = await cli.submitted("array", "--array", "2", "--tag", "my team=a", "--", "sleep", "0.05");
  await cli.ok("jobs", "wait", array);
  assert.match(await cli.ok("cost", "--by", "tag:my team"), /^a +2 .*\$0\.0[^<]*\nTOTAL +2 /m);
  assert.match(await cli.ok("cost", "--from", "1h", "--by", "job"), new RegExp(`^${array}:1 +array +1 `, "m"));
  assert.equal(await cli.ok("cost", "--to", "1h"), "No attempt ended in this time, and none runs.\n");
  assert.equal(await cli.ok("cost", "--by", "array", "--quiet"), `${array}\n`);
  assert.match(await cli.ok("jobs", "describe", array), /^Used: +2 attempts; .*\$0\.0/m);
  assert.match(await cli.ok("jobs", "describe", `${array}:0`), /^ {2}held: +1 vCPU.*; .*64 MiB.*; \$0\.0/m);
  assert.match(await cli.ok("cost", "--advice"), /^default:1 +2 +64 /m);
  const { code, stderr } = await cli.run("cost", "--by", "colour");
  assert.equal(code, 3);
  assert.match(stderr, /by must be one of queue, share/);
});
