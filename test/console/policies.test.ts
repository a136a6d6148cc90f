import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateJobQueueCommand,
  DescribeConsumableResourceCommand,
  DescribeSchedulingPoliciesCommand,
} from "@aws-sdk/client-batch";
import { register } from "../api/server.ts";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { submit } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after }, { driver: "process", vcpus: 1 });
const batch = batchClient({ after }, server.url);
const POLICY = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/teams";

async function policy() {
  const found = await batch.send(new DescribeSchedulingPoliciesCommand({ arns: [POLICY] }));
  return found.schedulingPolicies?.[0];
}

test("a policy is made and changed, with a preview of who is next", { skip: NO_BROWSER }, async (t) => {
  const page = await browser.open(t, `${server.url}/policies`);
  await page.getByText("No scheduling policies").first().waitFor();
  await page.getByRole("button", { name: "Create policy" }).first().click();
  const create = page.getByRole("dialog", { name: "Create a scheduling policy" });
  await create.getByRole("textbox", { name: "Name" }).fill("teams");
  await create.getByRole("textbox", { name: "Compute reservation, %" }).fill("100");
  await create.getByRole("button", { name: "Create" }).click();
  await create.getByText("A whole number from 0 to 99.").waitFor();
  await create.getByRole("textbox", { name: "Compute reservation, %" }).fill("0");
  await create.getByRole("button", { name: "Create" }).click();
  await page.getByText("The scheduling policy teams was created.").first().waitFor();

  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  await batch.send(
    new CreateJobQueueCommand({
      jobQueueName: "fair",
      priority: 1,
      schedulingPolicyArn: POLICY,
      computeEnvironmentOrder,
    }),
  );
  await register(batch, "prioritised", { command: ["sleep", "600"] }, { schedulingPriority: 1 });
  for (const shareIdentifier of ["blue", "red", "blue", "red"]) {
    await until("the queue takes jobs", () =>
      submit(batch, ["sleep", "600"], { jobQueue: "fair", jobDefinition: "prioritised", shareIdentifier }).catch(
        () => undefined,
      ),
    );
  }
  await page.getByRole("button", { name: "teams" }).click();
  await page.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "Edit scheduling policy teams" });
  await edit.getByRole("button", { name: "Add weight" }).click();
  await edit.getByRole("textbox", { name: "Share of weight 1" }).fill("blue");
  await edit.getByRole("textbox", { name: "Weight 1", exact: true }).fill("7");
  const preview = edit.getByRole("table", { name: "Shares of fair with these weights" });
  await preview.getByText("7 (now 1)").waitFor();
  await axe(page);
  await edit.getByRole("textbox", { name: "Weight 1", exact: true }).fill("1000");
  await edit.getByRole("button", { name: "Save changes" }).click();
  await edit.getByText("A weight is a number from 0.0001 to 999.9999.").waitFor();
  await edit.getByRole("textbox", { name: "Weight 1", exact: true }).fill("7");
  await edit.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("The scheduling policy teams was changed.").first().waitFor();
  assert.deepEqual((await policy())?.fairsharePolicy?.shareDistribution, [
    { shareIdentifier: "blue", weightFactor: 7 },
  ]);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByText("uses it").waitFor();
  assert.ok(await page.getByRole("dialog").getByRole("button", { name: "Delete" }).isDisabled());
});

test("a consumable resource: who waits for it, more of it, none of it; on a phone", { skip: NO_BROWSER }, async (t) => {
  const page = await browser.open(t, `${server.url}/consumables?action=create`, { width: 390, height: 844 });
  const create = page.getByRole("dialog", { name: "Create a consumable resource" });
  await create.getByRole("textbox", { name: "Name" }).fill("licences");
  await create.getByRole("button", { name: "Create" }).click();
  await page.getByText("The consumable resource licences was created.").first().waitFor();
  await submit(batch, ["true"], {
    jobName: "needs-two",
    consumableResourcePropertiesOverride: {
      consumableResourceList: [{ consumableResource: "licences", quantity: 2 }],
    },
  });
  await page.getByRole("button", { name: "licences" }).click();
  await page.getByRole("link", { name: "needs-two" }).waitFor();
  await axe(page);
  await page.getByRole("button", { name: "Change quantity" }).click();
  const quantity = page.getByRole("dialog", { name: "Change how much of licences there is" });
  await quantity.getByRole("button", { name: "What to do" }).click();
  await page.getByRole("option", { name: /^Add/ }).click();
  await quantity.getByRole("textbox", { name: "Quantity" }).fill("4");
  await quantity.getByRole("button", { name: "Change" }).click();
  await page.getByText("The quantity of licences was changed.").first().waitFor();
  const { totalQuantity } = await batch.send(new DescribeConsumableResourceCommand({ consumableResource: "licences" }));
  assert.equal(totalQuantity, 5);
  await page.getByRole("button", { name: "Edit tags" }).click();
  const tags = page.getByRole("dialog", { name: "Tags of licences" });
  await tags.getByRole("button", { name: "Add tag" }).click();
  await tags.getByRole("textbox", { name: "Key of tag 1" }).fill("vendor");
  await tags.getByRole("textbox", { name: "Value of tag 1" }).fill("acme");
  await tags.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("vendor=acme").first().waitFor();
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No consumable resources").first().waitFor();
});
