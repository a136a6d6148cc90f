import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  DescribeJobQueuesCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import type { Page } from "playwright-core";
import { EC2, environmentRequest, register } from "../api/server.ts";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { HOSTILE } from "../support/hostile.ts";
import { submit, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after }, { driver: "process", vcpus: 2 });
const batch = batchClient({ after }, server.url);
const PREFIX = "arn:aws:batch:us-east-1:123456789012";

async function choose(page: Page, field: string, option: string | RegExp): Promise<void> {
  await page.getByRole("dialog").getByRole("button", { name: field }).click();
  await page.getByRole("option", { name: option }).click();
}

async function queueOf(name: string) {
  return (await batch.send(new DescribeJobQueuesCommand({ jobQueues: [name] }))).jobQueues?.[0];
}

test(
  "a queue is created, changed and deleted; what is wrong is said at its member",
  { skip: NO_BROWSER },
  async (t) => {
    const page = await browser.open(t, `${server.url}/queues`, { expected: [/status of 400/] });
    await page.getByRole("button", { name: "Create queue" }).click();
    const dialog = page.getByRole("dialog", { name: "Create a job queue" });
    const name = dialog.getByRole("textbox", { name: "Name" });
    await name.fill("no name");
    await dialog.getByRole("textbox", { name: "Priority" }).fill("-1");
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.getByText("A name has 1 to 128 letters").waitFor();
    await dialog.getByText("A whole number from 0").waitFor();
    await dialog.getByText("A queue needs at least one environment.").waitFor();
    assert.equal(await page.evaluate("document.activeElement.getAttribute('aria-invalid')"), "true");

    await name.fill("default");
    await dialog.getByRole("textbox", { name: "Priority" }).fill("3");
    await choose(page, "First environment", /^default/);
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.getByText("Object already exists").waitFor();
    assert.equal(await name.getAttribute("aria-invalid"), "true", "the server's refusal is shown at the name");

    await name.fill("second");
    await dialog.getByRole("checkbox", { name: "Backfill" }).check();
    await dialog.getByRole("button", { name: "Add tag" }).click();
    await dialog.getByRole("textbox", { name: "Key of tag 1" }).fill("team");
    await dialog.getByRole("textbox", { name: "Value of tag 1" }).fill("render");
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByText("The job queue second was created.").first().waitFor();
    assert.deepEqual((await queueOf("second"))?.tags, { team: "render", "longshore:backfill": "true" });

    await page.getByRole("searchbox", { name: "Find in job queues" }).fill("team=render");
    const rows = page.getByRole("grid", { name: "Job queues" }).getByRole("row");
    await until("the others are not shown", async () => (await rows.count()) === 2);
    await page.getByRole("link", { name: "second" }).click();
    await page.getByRole("heading", { level: 1, name: "second" }).waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    const edit = page.getByRole("dialog", { name: "Edit job queue second" });
    await edit.getByRole("textbox", { name: "Priority" }).fill("9");
    await edit.getByRole("textbox", { name: "Most jobs that run at a time" }).fill("5");
    await edit.getByRole("button", { name: "Remove tag team" }).click();
    await edit.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("The job queue second was changed.").first().waitFor();
    const changed = await queueOf("second");
    assert.equal(changed?.priority, 9);
    assert.deepEqual(changed?.tags, { "longshore:backfill": "true", "longshore:max-running-jobs": "5" });

    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disable and delete" }).click();
    await page.waitForURL(`${server.url}/queues`);
    await until("it is gone", async () => (await queueOf("second")) === undefined);
  },
);

test("the front of a queue moves as jobs start; its shares say who is next", { skip: NO_BROWSER }, async (t) => {
  const distribution = [{ shareIdentifier: "red", weightFactor: 0.5 }];
  await batch.send(
    new CreateSchedulingPolicyCommand({ name: "teams", fairsharePolicy: { shareDistribution: distribution } }),
  );
  await batch.send(
    new CreateJobQueueCommand({
      ...{ jobQueueName: "fair", priority: 5, schedulingPolicyArn: `${PREFIX}:scheduling-policy/teams` },
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: "default" }],
      tags: { note: "keep warm" },
    }),
  );
  await until("the queue is valid", async () => (await queueOf("fair"))?.status === "VALID");
  await register(batch, "prioritised", { command: ["sleep", "600"] }, { schedulingPriority: 1 });
  const of = (jobName: string, shareIdentifier: string) =>
    submit(batch, ["sleep", "600"], { jobName, jobQueue: "fair", jobDefinition: "prioritised", shareIdentifier });
  const running = [await of("red-1", "red"), await of("blue-1", "blue")];
  for (const id of running) await untilStatus(batch, id, "RUNNING");
  for (const [name, share] of [
    ["red-2", "red"],
    ["blue-2", "blue"],
    ["blue-3", "blue"],
  ] as const)
    await of(name, share);

  const page = await browser.open(t, `${server.url}/queues/fair`, { height: 1400 });
  const front = page.getByRole("grid", { name: "Front of the queue" });
  const firstJob = () => front.getByRole("row").nth(1).getByRole("link").textContent();
  await front.getByRole("link", { name: "blue-3" }).waitFor();
  assert.equal(await firstJob(), "red-2", "red has the lower weight");
  await page.getByText("Why the first job waits").first().waitFor();
  await page.getByText("Waiting for capacity").first().waitFor();
  await page.getByText("note=keep warm").first().waitFor();
  const shares = page.getByRole("grid", { name: "Shares of this queue" });
  const next = await shares.getByRole("row").nth(1).textContent();
  assert.match(next!, /1: next\s*red\s*0\.5/);
  await screenshot(page, "console-queue");
  const list = await browser.open(t, `${server.url}/queues`, { beside: page });
  const row = list.getByRole("grid", { name: "Job queues" }).getByRole("row").filter({ hasText: "fair" });
  await list.getByRole("columnheader", { name: "Oldest wait" }).waitFor();
  await row.getByText(/^\d+(\.\d+)? s$|^\d+ min/).waitFor();
  await list.close();
  await axe(page);

  await batch.send(new TerminateJobCommand({ jobId: running[0]!, reason: "make room" }));
  await until("the front has moved by itself", async () => (await firstJob()) === "blue-2");
  assert.equal(await page.evaluate("performance.getEntriesByType('navigation').length"), 1);
});

test("what others wrote is shown as it is, on a phone, with the keyboard", { skip: NO_BROWSER }, async (t) => {
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest("aside", EC2)));
  const page = await browser.open(t, `${server.url}/queues/default?action=edit`, { width: 390, height: 844 });
  const dialog = page.getByRole("dialog", { name: "Edit job queue default" });
  await dialog.getByRole("textbox", { name: "Priority" }).focus();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).search, "");
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  await axe(page);
  await page.goto(`${server.url}/queues?find=${encodeURIComponent(HOSTILE["html"]!)}`);
  await page.getByText("Nothing matches").first().waitFor();
  await page.goto(`${server.url}/queues/${encodeURIComponent(HOSTILE["html"]!)}`);
  await page
    .getByText(/could not be read|no job queue of this name/)
    .first()
    .waitFor();
});
