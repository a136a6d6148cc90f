import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CreateJobQueueCommand, CreateSchedulingPolicyCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { ended, submit, untilStatus } from "../support/jobs.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after }, { vcpus: 1, memoryMiB: 8_192 });
const batch = batchClient({ after }, server.url);

/** Two teams and the night's jobs, behind one job that holds the machine. */
async function history(): Promise<void> {
  const shareDistribution = [
    { shareIdentifier: "research", weightFactor: 1 },
    { shareIdentifier: "production", weightFactor: 0.25 },
  ];
  const { arn } = await batch.send(
    new CreateSchedulingPolicyCommand({ name: "teams", fairsharePolicy: { shareDistribution } }),
  );
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  const queue = (jobQueueName: string, priority: number, schedulingPolicyArn?: string) =>
    batch.send(new CreateJobQueueCommand({ jobQueueName, priority, computeEnvironmentOrder, schedulingPolicyArn }));
  await queue("teams", 10, arn);
  await queue("night", 5);
  const blocker = await submit(batch, ["sleep", "600"]);
  await untilStatus(batch, blocker, "RUNNING");
  const arrayProperties = { size: 12 };
  const shared = { jobQueue: "teams", schedulingPriorityOverride: 1, arrayProperties };
  const ids = await Promise.all([
    submit(batch, ["sleep", "0.1"], { jobQueue: "night", arrayProperties }),
    submit(batch, ["sleep", "0.1"], { ...shared, shareIdentifier: "research" }),
    submit(batch, ["sleep", "0.1"], { ...shared, shareIdentifier: "production" }),
  ]);
  await batch.send(new TerminateJobCommand({ jobId: blocker, reason: "enough" }));
  for (const id of ids) await ended(batch, id);
}

test("a priority and a weight are changed, and who gains and who loses is shown", { skip: NO_BROWSER }, async (t) => {
  await history();
  const page = await browser.open(t, `${server.url}/what-if?hours=1`);
  await page.getByLabel("Priority of night").fill("5000");
  await page.getByText("A whole number from 0 to 1,000").waitFor();
  const simulate = page.getByRole("button", { name: "Simulate" });
  assert.ok(await simulate.isDisabled());
  await page.getByLabel("Priority of night").fill("20");
  await page.getByLabel("Weight factor of research").fill("0.01");
  await axe(page);
  await simulate.click();
  await page.getByRole("heading", { name: "Who gains and who loses" }).waitFor();
  const verdicts = page.getByRole("table", { name: "Waiting times by queue and share" });
  const rowOf = (name: string | RegExp) => verdicts.getByRole("row", { name }).textContent();
  assert.match((await rowOf(/^night/))!, /gains$/);
  assert.match((await rowOf(/^teams/))!, /loses$/);
  await page.getByText(/Simulated as it was, the median waiting time is/).waitFor();
  await page.getByText("What happened", { exact: true }).first().waitFor();
  await axe(page);
  await screenshot(page, "console-what-if");

  // The changes are in the address.
  await page.reload();
  assert.equal(await page.getByLabel("Priority of night").inputValue(), "20");
  await simulate.click();
  await page.getByRole("link", { name: "Apply: Queue night: priority 20" }).click();
  await page.waitForURL("**/queues/night?action=edit&priority=20");
});
