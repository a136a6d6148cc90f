import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateSchedulingPolicyCommand,
  DescribeJobQueuesCommand,
  DescribeQuotaShareCommand,
} from "@aws-sdk/client-batch";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { createServiceQueue, submitService, trainingRequest, untilServiceStatus } from "../support/service-jobs.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after }, { driver: "process", vcpus: 8 });
const batch = batchClient({ after }, server.url);
const LIMITS = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }];
const POLICY = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/quota";

test(
  "a queue for training is edited; its quota shares are created, changed and deleted",
  { skip: NO_BROWSER },
  async (t) => {
    await batch.send(
      new CreateSchedulingPolicyCommand({
        name: "quota",
        quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" },
      }),
    );
    await createServiceQueue(batch, "shared", LIMITS, { schedulingPolicyArn: POLICY });
    const page = await browser.open(t, `${server.url}/queues/shared`, { height: 1400, expected: [/status of 400/] });
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    const edit = page.getByRole("dialog", { name: "Edit job queue shared" });
    await edit.getByRole("textbox", { name: "Priority" }).fill("7");
    await edit.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("The job queue shared was changed.").waitFor();
    const { jobQueues } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: ["shared"] }));
    assert.equal(jobQueues![0]!.priority, 7);
    await until("the queue is VALID again", async () => {
      const told = await batch.send(new DescribeJobQueuesCommand({ jobQueues: ["shared"] }));
      return told.jobQueues![0]!.status === "VALID";
    });

    await page.getByRole("button", { name: "Create quota share" }).click();
    const create = page.getByRole("dialog", { name: "Create a quota share" });
    await create.getByRole("textbox", { name: "Name" }).fill("red");
    await create.getByRole("textbox", { name: "Its own capacity" }).fill("four");
    await create.getByRole("button", { name: "Create" }).click();
    await create.getByText("Like ml.g6.xlarge=4").waitFor();
    await create.getByRole("textbox", { name: "Its own capacity" }).fill("ml.p5.48xlarge=1");
    await create.getByRole("button", { name: "Create" }).click();
    await until("the server's refusal is at its member", async () => {
      const own = create.getByRole("textbox", { name: "Its own capacity" });
      return (await own.getAttribute("aria-invalid")) === "true" && (await create.getByText(/ml\.p5/).count()) > 0;
    });
    await create.getByRole("textbox", { name: "Its own capacity" }).fill("ml.g6.xlarge=2");
    await create.getByRole("button", { name: "Create" }).click();
    const shares = page.getByRole("grid", { name: "Quota shares of this queue" });
    await shares.getByText("2 ml.g6.xlarge").waitFor();
    await axe(page);

    const arn = `${jobQueues![0]!.jobQueueArn}/quota-share/red`;
    const described = () => batch.send(new DescribeQuotaShareCommand({ quotaShareArn: arn }));
    await until("the share is VALID", async () => (await described()).status === "VALID");
    await shares.getByRole("button", { name: "Edit quota share red" }).click();
    const change = page.getByRole("dialog", { name: "Edit quota share red" });
    await change.getByRole("textbox", { name: "Its own capacity" }).fill("ml.g6.xlarge=3");
    await change.getByRole("button", { name: "Lends and borrows" }).click();
    await page.getByRole("option", { name: /^LEND_AND_BORROW/ }).click();
    await change.getByRole("textbox", { name: "Most that it borrows" }).fill("50");
    await change.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("The quota share red was changed.").waitFor();
    const { capacityLimits, resourceSharingConfiguration } = await described();
    assert.deepEqual(capacityLimits, [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 3 }]);
    assert.deepEqual(resourceSharingConfiguration, { strategy: "LEND_AND_BORROW", borrowLimit: 50 });

    await until("the share is VALID again", async () => (await described()).status === "VALID");
    await shares.getByRole("button", { name: "Delete quota share red" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disable and delete" }).click();
    await shares.getByText("2 ml.g6.xlarge").waitFor({ state: "detached" });
    await page.getByText("No quota shares").waitFor();
  },
);

test("service jobs are listed; one is shown with its log, and ended", { skip: NO_BROWSER }, async (t) => {
  await createServiceQueue(batch, "training");
  const jobId = await submitService(batch, trainingRequest("echo epoch 1 of 3; sleep 600"), { jobName: "bert" });
  await untilServiceStatus(batch, jobId, "RUNNING");
  const page = await browser.open(t, `${server.url}/queues/training`, { height: 1400 });
  await page.getByRole("grid", { name: "Service jobs" }).getByRole("link", { name: "bert" }).click();
  await page.getByRole("heading", { level: 1, name: "bert" }).waitFor();
  await page.getByText("epoch 1 of 3", { exact: true }).first().waitFor();
  await page.getByRole("grid", { name: "Attempts" }).waitFor();
  await page.getByText('"TrainingJobName": "train"').waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Terminate" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Terminate" }).click();
  await until("it has ended", async () => (await untilServiceStatus(batch, jobId, "FAILED")).isTerminated);
  await page.getByText("FAILED").first().waitFor();
});
