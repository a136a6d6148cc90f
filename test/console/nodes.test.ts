import assert from "node:assert/strict";
import { after, test } from "node:test";
import { RegisterJobDefinitionCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import type { Page } from "playwright-core";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { ended, untilStatus } from "../support/jobs.ts";
import { axe, consoleBrowser, NO_BROWSER } from "./browser.ts";

/** Jobs of several nodes and containers, as they really run. */

const browser = consoleBrowser();
const server = await spawnServer({ after }, { driver: "process", vcpus: 8 });
const batch = batchClient({ after }, server.url);

const logOf = (page: Page) => page.getByRole("region", { name: /^Log of/ });
const container = (script: string) => ({
  ...{ image: "scratch", command: ["sh", "-c", script] },
  resourceRequirements: [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: "64" },
  ],
});

async function submit(jobDefinitionName: string): Promise<string> {
  const request = { jobName: jobDefinitionName, jobQueue: "default", jobDefinition: jobDefinitionName };
  return (await batch.send(new SubmitJobCommand(request))).jobId!;
}

test("a job of three nodes: each with its address and its output", { skip: NO_BROWSER }, async (t) => {
  const sides = ["first", "second"].map((name) => ({ ...container(`echo the ${name} of node 1; sleep 600`), name }));
  await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: "gang",
      type: "multinode",
      nodeProperties: {
        ...{ numNodes: 3, mainNode: 0 },
        nodeRangeProperties: [
          { targetNodes: "0", container: container("echo I lead; sleep 600") },
          { targetNodes: "1", ecsProperties: { taskProperties: [{ containers: sides }] } },
          { targetNodes: "2", container: container("echo I am the last; sleep 600") },
        ],
      },
    }),
  );
  const jobId = await submit("gang");
  await untilStatus(batch, jobId, "RUNNING");
  const page = await browser.open(t, `${server.url}/jobs/${jobId}?tab=nodes`, { height: 1200 });
  const rows = page.getByRole("row");
  await rows.filter({ hasText: "Node 0" }).getByText("main").waitFor();
  for (const node of [0, 1, 2]) {
    const row = rows.filter({ hasText: `Node ${node}` });
    await row.getByText("RUNNING").waitFor();
    await row.getByText(/^127\.\d+\.\d+\.\d+$/).waitFor();
    await row.getByText(node === 1 ? "2 vCPU, 128 MiB" : "1 vCPU, 64 MiB").waitFor();
  }
  await axe(page);
  await page.getByRole("link", { name: "Logs of node 2" }).click();
  await logOf(page).getByText("I am the last").waitFor();
  await page.getByRole("button", { name: "Node" }).click();
  await page.getByRole("option", { name: "Node 1" }).click();
  await logOf(page)
    .getByText(/the (first|second) of node 1/)
    .waitFor();
  await page.getByRole("button", { name: "Container" }).click();
  await page.getByRole("option", { name: /Container second/ }).click();
  await logOf(page).getByText("the second of node 1").waitFor();
  assert.match(page.url(), /node=1.*container=second/);
});

test("a task of two containers: the log of each, and what each came to", { skip: NO_BROWSER }, async (t) => {
  const containers = [
    { ...container("echo the work is done; exit 3"), name: "work", essential: true },
    { ...container("echo beside it; exit 0"), name: "side", essential: false },
  ];
  await batch.send(
    new RegisterJobDefinitionCommand({
      ...{ jobDefinitionName: "task", type: "container", ecsProperties: { taskProperties: [{ containers }] } },
    }),
  );
  const jobId = await submit("task");
  await ended(batch, jobId);
  const page = await browser.open(t, `${server.url}/jobs/${jobId}?tab=logs`);
  await page.getByRole("button", { name: "Container" }).click();
  await page.getByRole("option", { name: /Container work\s*Exit code 3/ }).waitFor();
  await page.getByRole("option", { name: /Container side\s*Exit code 0/ }).click();
  await logOf(page).getByText("beside it").waitFor();
  await page.getByRole("button", { name: "Container" }).click();
  await page.getByRole("option", { name: /Container work/ }).click();
  await logOf(page).getByText("the work is done").waitFor();
});
