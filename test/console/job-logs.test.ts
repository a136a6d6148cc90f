import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { ended, submitScript } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

/** What a log shows, how it follows one that is written, and what it does with many lines or with hostile ones. */

const browser = consoleBrowser();
const server = await spawnServer({ after });
const batch = batchClient({ after }, server.url);

const logOf = (page: Page) => page.getByRole("region", { name: /^Log of/ });
const found = (page: Page) => page.getByRole("toolbar").getByRole("status");
const find = (page: Page, text: string) => page.getByRole("searchbox", { name: "Find" }).fill(text);

/** A job that says what is written into a pipe, and ends with it. */
async function talkingJob() {
  const pipe = join(server.dataDir, `pipe-${Math.random()}`);
  execFileSync("mkfifo", [pipe]);
  const jobId = await submitScript(batch, `exec cat '${pipe}'`, { jobName: "talking" });
  return { jobId, input: createWriteStream(pipe) };
}

test("lines appear as they are written, each once, until one scrolls away", { skip: NO_BROWSER }, async (t) => {
  const { jobId, input } = await talkingJob();
  const page = await browser.open(t, `${server.url}/jobs/${jobId}`);
  await page.getByText("It has written nothing yet").waitFor();
  const from = performance.now();
  input.write("the first\n");
  await logOf(page).getByText("the first").waitFor();
  t.diagnostic(`a line is seen ${Math.round(performance.now() - from)} ms after it was written`);
  for (let burst = 0; burst < 30; burst += 1) {
    input.write(Array.from({ length: 50 }, (_, index) => `line ${burst * 50 + index + 1}.\n`).join(""));
    if (burst % 10 === 0)
      await logOf(page)
        .getByText(`line ${burst * 50 + 50}.`, { exact: true })
        .waitFor();
  }
  await logOf(page).getByText("line 1500.", { exact: true }).waitFor();
  await find(page, "line ");
  await until("all lines are found once", async () => (await found(page).textContent()) === "1500 lines");
  await find(page, "LINE 777.");
  await until("it is found, whatever its case", async () => (await found(page).textContent()) === "1 lines");
  await page.getByRole("searchbox", { name: "Find" }).press("Enter");
  await logOf(page).locator("mark", { hasText: "line 777." }).waitFor();
  assert.equal(await page.getByRole("checkbox", { name: "Follow" }).isChecked(), false);
  input.write("while nobody follows\n");
  await page.getByRole("checkbox", { name: "Follow" }).check();
  await logOf(page).getByText("while nobody follows").waitFor();
  await find(page, "");
  await screenshot(page, "console-job-log");
  await until("it stays where one has scrolled", async () => {
    // What comes above the log may move it away from under the mouse.
    await logOf(page).hover();
    await page.mouse.wheel(0, -300);
    return !(await page.getByLabel("Follow").isChecked());
  });
  await page.getByRole("checkbox", { name: "Follow" }).check();
  input.end("the last, without an end of line");
  await logOf(page).getByText("the last, without an end of line").waitFor();
  await page.getByRole("checkbox", { name: "Follow" }).waitFor({ state: "detached" });
  await find(page, "line ");
  await until("none is there twice", async () => (await found(page).textContent())!.endsWith(" of 1500 lines"));
});

const HOSTILE = [
  '<img src="/x" onerror="document.title=1"><script>document.title=2</script>',
  String.raw`\033[31mred\033[0m and \033[1;44mbold on blue\033[0m and \033[38;5;208morange\033[0m`,
  String.raw`\033]0;a title\007\033[2J\033[1;1Hcursor`,
  String.raw`progress 10%%\rprogress 20%%`,
  String.raw`\342\200\256reversed`,
];

test("hostile lines are shown, and never run", { skip: NO_BROWSER }, async (t) => {
  const lines = HOSTILE.map((line) => `printf '${line}\\n'`).join("; ");
  const jobId = await submitScript(batch, `${lines}; head -c 200000 /dev/zero | tr '\\0' x; echo; echo end`);
  await ended(batch, jobId);
  const page = await browser.open(t, `${server.url}/jobs/${jobId}`);
  const log = logOf(page);
  await log.getByText(HOSTILE[0]!, { exact: true }).waitFor();
  assert.equal(await log.locator("img, script").count(), 0);
  assert.match(await page.title(), /Longshore$/);
  assert.equal(await log.locator(".log-fg-red").textContent(), "red");
  assert.equal(await log.locator(".log-bg-blue.log-bold").textContent(), "bold on blue");
  assert.equal(await log.getByText("orange", { exact: true }).getAttribute("style"), "color: rgb(255, 135, 0);");
  await log.getByText("␛]0;a title␇␛[2J␛[1;1Hcursor", { exact: true }).waitFor();
  await log.getByText("progress 10%␍progress 20%", { exact: true }).waitFor();
  await log.getByText("<U+202E>reversed", { exact: true }).waitFor();
  await log.getByRole("button", { name: "show all 200,000 characters" }).click();
  await until("the long line is there", async () => (await log.textContent())!.includes("x".repeat(200_000)));
  await axe(page);
});

/** More than the page keeps in memory. */
const MANY = 200_000;

test("of many lines any is found, linked to and kept as a file", { skip: NO_BROWSER }, async (t) => {
  const jobId = await submitScript(
    batch,
    "for from in 1 50001 100001 150001; do seq $from $((from + 49999)); sleep 0.05; done",
  );
  await ended(batch, jobId);
  const page = await browser.open(t, `${server.url}/jobs/${jobId}`);
  const log = logOf(page);
  const line = (text: string) => log.getByText(text, { exact: true });
  await line(String(MANY)).waitFor();
  assert.ok((await log.locator(".log-row").count()) < 200, "only what one can see is drawn");
  await log.focus();
  for (let pages = 0; pages < 5; pages += 1) await page.keyboard.press("PageUp");
  await page.getByRole("button", { name: "To the log's beginning" }).click();
  await line("1").waitFor();
  await page.getByRole("button", { name: "Search the whole log" }).click();
  await page.getByLabel("Filter pattern").fill('"177777"');
  await page.getByLabel("Filter pattern").press("Enter");
  await page.getByRole("button", { name: /177777$/ }).click();
  await log.locator(".log-row", { hasText: "177777" }).waitFor();
  await line("177777").waitFor();
  await line("177777").locator("xpath=../..").locator(".log-time").click();
  await page.waitForURL(/line=/);
  const linked = await browser.open(t, page.url(), { beside: page });
  await logOf(linked).locator(".log-row-selected", { hasText: "177777" }).waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), `${jobId}_attempt-1.log`);
  const text = readFileSync(await download.path(), "utf8");
  assert.equal(text, execFileSync("seq", ["1", String(MANY)], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }));
});
