import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CreateJobQueueCommand, DescribeComputeEnvironmentsCommand } from "@aws-sdk/client-batch";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { ended, submit, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after }, { driver: "process", vcpus: 4 });
const batch = batchClient({ after }, server.url);

async function environmentOf(name: string) {
  const found = await batch.send(new DescribeComputeEnvironmentsCommand({ computeEnvironments: [name] }));
  return found.computeEnvironments?.[0];
}

test("an environment launches an instance for a job: both are shown, and why", { skip: NO_BROWSER }, async (t) => {
  const page = await browser.open(t, `${server.url}/environments`, { height: 1500, expected: [/status of 400/] });
  await page.getByRole("button", { name: "Create environment" }).click();
  const dialog = page.getByRole("dialog", { name: "Create a compute environment" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("packed");
  await dialog.getByRole("textbox", { name: "Most vCPUs" }).fill("0");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("A whole number from 1").waitFor();
  await dialog.getByRole("textbox", { name: "Most vCPUs" }).fill("4");
  await dialog.getByRole("textbox", { name: "Instance types" }).fill("c5.nothing");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByText("Instance type can only be one of").waitFor();
  const types = dialog.getByRole("textbox", { name: "Instance types" });
  assert.equal(await types.getAttribute("aria-invalid"), "true", "the server's refusal is shown at the types");
  await types.fill("c5.large");
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByText("The compute environment packed was created.").first().waitFor();
  await until("it is valid", async () => (await environmentOf("packed"))?.status === "VALID");
  await batch.send(
    new CreateJobQueueCommand({
      ...{ jobQueueName: "packed", priority: 1 },
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: "packed" }],
    }),
  );
  await page.getByRole("link", { name: "packed" }).click();
  await page.getByText("Nothing was launched or terminated yet").first().waitFor();

  const jobId = await until("the queue takes jobs", () =>
    submit(batch, ["sleep", "600"], { jobName: "render", jobQueue: "packed" }).catch(() => undefined),
  );
  await untilStatus(batch, jobId, "RUNNING");
  const instances = page.getByRole("grid", { name: "Instances" });
  await instances.getByRole("link", { name: "render" }).waitFor();
  await instances.getByText("c5.large").waitFor();
  await instances.getByText("$0.085").waitFor();
  await page.getByText("Together $0.085 per hour.").waitFor();
  const timeline = page.getByRole("list", { name: "Scaling decisions" });
  await timeline.getByText("Running", { exact: true }).waitFor();
  const reasons = await timeline.textContent();
  assert.match(reasons!, /Launch/);
  assert.match(reasons!, /c5\.large i-/);
  await screenshot(page, "console-environment");
  await axe(page);

  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByText("uses it: take it out of that queue").waitFor();
  assert.ok(await page.getByRole("dialog").getByRole("button", { name: "Disable and delete" }).isDisabled());
  await page.keyboard.press("Escape");

  await instances.getByRole("button", { name: /^Terminate instance i-/ }).click();
  const terminate = page.getByRole("dialog", { name: "Terminate instance" });
  await terminate.getByRole("link", { name: "render" }).waitFor();
  await terminate.getByRole("button", { name: "Terminate" }).click();
  await page
    .getByText(/The instance i-\w+ is being terminated/)
    .first()
    .waitFor();
  const lost = await ended(batch, jobId);
  assert.match(lost.statusReason ?? "", /terminated/);
});

test("an environment is changed by its rules, disabled and deleted; on a phone", { skip: NO_BROWSER }, async (t) => {
  const page = await browser.open(t, `${server.url}/environments?create=1`, { width: 390, height: 844 });
  const dialog = page.getByRole("dialog", { name: "Create a compute environment" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("own");
  await dialog.getByRole("button", { name: "Type" }).click();
  await page.getByRole("option", { name: /^UNMANAGED/ }).click();
  await dialog.getByRole("textbox", { name: "Service role" }).fill("batch");
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByText("The compute environment own was created.").first().waitFor();
  await page.getByRole("link", { name: "own" }).click();
  await page.getByText("No hosts").first().waitFor();
  await page.getByRole("button", { name: "Add host" }).first().click();
  const host = page.getByRole("dialog", { name: "Add a host to own" });
  await host.getByRole("textbox", { name: "Name" }).fill("here");
  await host.getByRole("button", { name: "Add host" }).click();
  await host.getByText("Where its engine is").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  await axe(page);

  await page.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "Edit own" });
  await edit.getByRole("textbox", { name: "vCPUs that reservations count with" }).fill("8");
  await edit.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("The compute environment own was changed.").first().waitFor();
  assert.equal((await environmentOf("own"))?.unmanagedvCpus, 8);
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByText("This environment is disabled").first().waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.waitForURL(`${server.url}/environments`);
  await until("it is gone", async () => (await environmentOf("own")) === undefined);
});
