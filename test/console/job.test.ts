import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { ended, submitScript, untilStatus } from "../support/jobs.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot, scriptBytes } from "./browser.ts";

/** The page of a job, in each of its states. */

const browser = consoleBrowser();
const server = await spawnServer({ after }, { vcpus: 2, memoryMiB: 4_096 });
const batch = batchClient({ after }, server.url);
const go = join(server.dataDir, "go");
const MOST_SCRIPT_BYTES = 250_000;

const tab = (page: Page, name: string) => page.getByRole("tab", { name });
const pathOf = (jobId: string): string => `${server.url}/jobs/${encodeURIComponent(jobId)}`;

test("a job that waits says why, and shows its log once it runs", { skip: NO_BROWSER }, async (t) => {
  const holder = await submitScript(batch, `while [ ! -e '${go}' ]; do sleep 0.05; done`, {
    jobName: "holder",
    timeout: { attemptDurationSeconds: 3_600 },
    tags: { team: "blue" },
    containerOverrides: { environment: [{ name: "STAGE", value: "<b>train</b> & test" }] },
  });
  await untilStatus(batch, holder, "RUNNING");
  const waiting = await submitScript(batch, "echo it runs", {
    jobName: "waiting",
    dependsOn: [{ jobId: holder }],
    containerOverrides: { resourceRequirements: [{ type: "VCPU", value: "2" }] },
  });
  const page = await browser.open(t, pathOf(waiting));
  await page.getByRole("heading", { level: 1, name: "waiting" }).waitFor();
  assert.equal(await tab(page, "Why it waits").getAttribute("aria-selected"), "true");
  await page.getByRole("heading", { name: "1. Depends on a job" }).waitFor();
  await page.getByRole("heading", { name: "2. No room" }).waitFor();
  await page
    .getByText(/^in (\d+ minutes|1 hour)$/)
    .first()
    .waitFor();
  assert.ok((await page.getByRole("link", { name: holder }).count()) >= 2, "it leads to the job that it waits for");
  await axe(page);
  await screenshot(page, "console-job-waiting");
  const bytes = await scriptBytes(page);
  assert.ok(bytes <= MOST_SCRIPT_BYTES, `the page loads ${bytes} bytes of script`);

  const running = await browser.open(t, pathOf(holder), { beside: page });
  await running.getByText("It has written nothing yet").waitFor();
  await tab(running, "As it ran").click();
  await running.getByText("<b>train</b> & test", { exact: true }).waitFor();
  await running.getByRole("rowheader", { name: "AWS_BATCH_JOB_ID" }).waitFor();
  await tab(running, "Timeline").click();
  await running.getByText(/by its timeout of 1 h/).waitFor();
  await tab(running, "Use and cost").click();
  await running.getByRole("heading", { name: "Cost so far" }).waitFor();
  await running.getByRole("heading", { name: "CPU and memory" }).waitFor();
  await axe(running);
  await screenshot(running, "job-running");

  writeFileSync(go, "");
  await page.getByText("it runs", { exact: true }).waitFor();
  assert.equal(await tab(page, "Logs").getAttribute("aria-selected"), "true");
  await page.getByText("SUCCEEDED").first().waitFor();
});

test("a job that failed says what went wrong; each attempt is told", { skip: NO_BROWSER }, async (t) => {
  const jobId = await submitScript(
    batch,
    `echo "attempt $AWS_BATCH_JOB_ATTEMPT"; echo "no such file: <input>" >&2; exit 3`,
    {
      jobName: "failing",
      retryStrategy: { attempts: 5, evaluateOnExit: [{ onExitCode: "3", action: "RETRY" }] },
    },
  );
  await ended(batch, jobId);
  const page = await browser.open(t, pathOf(jobId));
  await page.getByText("no such file: <input>", { exact: true }).waitFor();
  await page.getByText("attempt 5", { exact: true }).waitFor();
  assert.equal(await tab(page, "What went wrong").getAttribute("aria-selected"), "true");
  await axe(page);
  await tab(page, "What went wrong").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.waitForURL(/tab=timeline/);
  await page.getByRole("heading", { name: "Attempt 1" }).waitFor();
  assert.equal(await page.getByText("Tried again, as rule 1 of its retry strategy").count(), 4);
  await axe(page);
  await page.getByRole("link", { name: "Log of attempt 2" }).click();
  await page.getByText("attempt 2", { exact: true }).waitFor();
  await page.reload();
  await page.getByText("attempt 2", { exact: true }).waitFor();
});

test("a job is copied for other tools; its secrets are not shown", { skip: NO_BROWSER }, async (t) => {
  const jobId = await submitScript(batch, "echo $((1 + 1))", { jobName: "copied" });
  await ended(batch, jobId);
  const page = await browser.open(t, `${pathOf(jobId)}?tab=copy`);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy AWS CLI" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const copied = await page.evaluate<string>("navigator.clipboard.readText()");
  assert.match(copied, /^aws batch submit-job \\\n {2}--job-name copied \\\n/);
  await page.getByRole("heading", { name: "Docker" }).waitFor();
  await axe(page);
  await tab(page, "JSON").click();
  await page.getByText(`"jobId": "${jobId}"`).waitFor();
});

test(
  "a child of an array has a page, on a phone too; a job that is not there says so",
  { skip: NO_BROWSER },
  async (t) => {
    const parent = await submitScript(batch, "echo child $AWS_BATCH_JOB_ARRAY_INDEX", {
      jobName: "children",
      arrayProperties: { size: 2 },
    });
    await ended(batch, parent);
    const page = await browser.open(t, pathOf(`${parent}:1`), { width: 390, height: 844 });
    await page.getByText("child 1", { exact: true }).waitFor();
    await page.getByRole("link", { name: parent }).waitFor();
    for (const name of ["Timeline", "Use and cost", "As it ran", "Copy as"]) {
      await tab(page, name).click();
      await page.getByRole("heading", { level: 2 }).first().waitFor();
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390, `${name} is as wide as the phone`);
    }
    await axe(page);
    await page.goto(pathOf("nobody"));
    await page.getByText("There is no job nobody.").waitFor();
  },
);
