import assert from "node:assert/strict";
import { after, test } from "node:test";
import { DescribeJobDefinitionsCommand } from "@aws-sdk/client-batch";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { HOSTILE } from "../support/hostile.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after }, { driver: "process" });
const batch = batchClient({ after }, server.url);

async function revisions() {
  const found = await batch.send(new DescribeJobDefinitionsCommand({ jobDefinitionName: "render" }));
  return (found.jobDefinitions ?? []).toSorted((a, b) => a.revision! - b.revision!);
}

test("a definition and its revisions: registered, compared, deregistered", { skip: NO_BROWSER }, async (t) => {
  const page = await browser.open(t, `${server.url}/definitions`, { height: 1400, expected: [/status of 400/] });
  await page.getByRole("button", { name: "Create definition" }).click();
  const create = page.getByRole("dialog", { name: "Create a job definition" });
  await create.getByRole("textbox", { name: "Name" }).fill("render");
  await create.getByRole("textbox", { name: "Command" }).fill(`echo\n${HOSTILE["html"]}`);
  const json = create.getByRole("textbox", { name: "All of it, as JSON" });
  await json.fill("{");
  await create.getByRole("button", { name: "Register" }).click();
  await create.getByText("This is no JSON").waitFor();
  await json.fill(
    JSON.stringify({
      type: "container",
      containerProperties: {
        ...{ image: "busybox", command: ["echo", HOSTILE["html"]] },
        resourceRequirements: [
          { type: "VCPU", value: "1" },
          { type: "MEMORY", value: "256" },
        ],
      },
    }),
  );
  await create.getByRole("textbox", { name: "Attempts" }).fill("99");
  await create.getByRole("button", { name: "Register" }).click();
  const attempts = create.getByRole("textbox", { name: "Attempts" });
  await create.locator("[aria-invalid='true']").waitFor();
  assert.equal(await attempts.getAttribute("aria-invalid"), "true", "the server's refusal is shown at the attempts");
  await attempts.fill("2");
  await create.getByRole("button", { name: "Register" }).click();
  await page.getByText("render:1 was registered.").first().waitFor();
  await page.getByRole("heading", { level: 1, name: "render" }).waitFor();
  // As text, not as markup: else the browser would complain, and there would be an image.
  await page.getByText("<script>alert(1)</script>").first().waitFor();

  await page.getByRole("button", { name: "New revision" }).click();
  const revise = page.getByRole("dialog", { name: "A new revision of render" });
  await revise.getByRole("textbox", { name: "Memory, MiB" }).fill("512");
  await revise.getByRole("button", { name: "Register" }).click();
  await page.getByText("render:2 was registered.").first().waitFor();
  const difference = page.getByRole("region", { name: "From Revision 1 to Revision 2" });
  await difference.waitFor();
  assert.deepEqual(await difference.locator("del").allTextContents(), ['−         "value": "256"']);
  assert.deepEqual(await difference.locator("ins").allTextContents(), ['+         "value": "512"']);
  assert.deepEqual(
    (await revisions()).map(({ retryStrategy, status }) => [retryStrategy?.attempts, status]),
    [
      [2, "ACTIVE"],
      [2, "ACTIVE"],
    ],
  );
  await screenshot(page, "console-definition");
  await axe(page);

  await page.getByRole("button", { name: "Show revision 1" }).click();
  await page.getByRole("button", { name: "Deregister" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Deregister" }).click();
  await page.getByText("This revision is INACTIVE").first().waitFor();
  assert.deepEqual(
    (await revisions()).map(({ status }) => status),
    ["INACTIVE", "ACTIVE"],
  );
  await page.setViewportSize({ width: 390, height: 844 });
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  assert.equal(new URL(page.url()).searchParams.get("revision"), "1", "what is shown is in the address");
  await page.getByRole("button", { name: "Show revision 2" }).click();
  await page.getByRole("button", { name: "Submit a job" }).click();
  await page.waitForURL(/\/jobs\?submit=1&definition=render/);
  await page.getByRole("dialog", { name: "Submit job" }).getByText("render:2").first().waitFor();
});
