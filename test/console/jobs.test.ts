import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { spawnServer } from "../e2e/server.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";
import { HOSTILE_TAG, writeManyJobs } from "./many-jobs.ts";

const JOBS = 100_000;

const browser = consoleBrowser();
const server = await spawnServer({ after }, { vcpus: 4 });
await call("/v1/describejobqueues", {});
await server.stop();
await writeManyJobs(server.dataDir, JOBS, Date.now() - 3_600_000);
await server.start();

interface Found {
  readonly jobs: readonly { readonly jobId: string; readonly jobName: string; readonly status: string }[];
}

async function call<Answer = object>(path: string, body: object): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as Answer;
}

async function submit(jobName: string, script: string, more: object = {}): Promise<string> {
  const containerOverrides = { command: ["sh", "-c", script] };
  const request = { jobName, jobQueue: "default", jobDefinition: "default", containerOverrides, ...more };
  return (await call<{ jobId: string }>("/v1/submitjob", request)).jobId;
}

async function jobsNamed(name: string): Promise<Found["jobs"]> {
  return (await call<Found>("/longshore/job-search", { filters: { name } })).jobs;
}

const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name }).first();
const firstName = (page: Page) => page.locator("tbody tr").first().getByRole("link").first().textContent();

test(
  "100,000 jobs: pages there and back, filters that are the address, views with names",
  { skip: NO_BROWSER },
  async (t) => {
    const page = await browser.open(t, `${server.url}/jobs?size=20&name=%5Eold-`);
    await page.getByRole("link", { name: `old-${JOBS - 1}`, exact: true }).waitFor();
    await page.getByText("FAILED 9,999").waitFor();
    assert.equal(await page.locator("tbody tr").count(), 20);
    await page.getByRole("button", { name: "Next page" }).click();
    await page.getByRole("link", { name: `old-${JOBS - 21}`, exact: true }).waitFor();
    assert.match(page.url(), /at=/);
    await page.getByRole("button", { name: "Previous page" }).click();
    await page.getByRole("link", { name: `old-${JOBS - 1}`, exact: true }).waitFor();

    // Rare ones are found among all, and what is asked for is in the address.
    await page.goto(`${server.url}/jobs?name=%3Aold-4242&status=FAILED&sort=oldest&columns=name,tags`);
    await page.getByRole("link", { name: "old-42420", exact: true }).waitFor();
    assert.equal(await firstName(page), "old-42420");
    await page.getByText(`note=${HOSTILE_TAG}`).first().waitFor();
    const filter = page.getByRole("combobox", { name: "Find jobs" });
    await page.getByRole("button", { name: "Clear filters" }).click();
    await filter.fill("old-777");
    await filter.press("Enter");
    await page.waitForURL(/name=%3Aold-777/);
    await page.getByRole("link", { name: "old-777", exact: true }).waitFor();

    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "Save this view…" }).click();
    await page.getByRole("dialog").getByRole("textbox", { name: "Name" }).fill('<img src=x onerror="alert(1)">');
    await page.getByRole("button", { name: "Save", exact: true }).click();
    const saved = new URL(page.url()).search;
    await page.goto(`${server.url}/jobs?status=RUNNING`);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "<img src=x" }).click();
    await page.getByRole("link", { name: "old-777", exact: true }).waitFor();
    assert.equal(new URL(page.url()).search, saved);
    await axe(page);
  },
);

test(
  "rows change in place, newer jobs are announced and stay away, selected jobs are stopped once",
  { skip: NO_BROWSER },
  async (t) => {
    const go = join(server.dataDir, "go");
    const wait = `while [ ! -e '${go}' ]; do sleep 0.05; done`;
    await submit("waits-first", wait);
    const page = await browser.open(t, `${server.url}/jobs?size=20`);
    const row = rowOf(page, "waits-first");
    await row.getByText("RUNNING").waitFor();
    await row.getByRole("checkbox").check();
    await submit("comes-later", wait);
    await page.getByRole("button", { name: "1 newer job" }).waitFor();
    assert.equal(await firstName(page), "waits-first");
    writeFileSync(go, "");
    await row.getByText("SUCCEEDED").waitFor();
    assert.ok(await row.getByRole("checkbox").isChecked());
    await page.getByRole("button", { name: "1 newer job" }).click();
    await page.getByRole("link", { name: "comes-later" }).waitFor();

    const ids = [await submit("to-stop", "sleep 600"), await submit("to-stop", "sleep 600")];
    await page.goto(`${server.url}/jobs?name=to-stop`);
    await page.getByText("RUNNING", { exact: true }).nth(1).waitFor();
    await screenshot(page, "console-jobs");
    await page.getByRole("button", { name: "All that match" }).click();
    await page.getByRole("menuitem", { name: "Terminate all that match…" }).click();
    const terminate = page.getByRole("button", { name: "Terminate 2 jobs" });
    await page.getByText("2 jobs: 2 RUNNING.").waitFor();
    await axe(page);
    await terminate.dblclick();
    await page.getByText("2 jobs were asked to end").waitFor();
    await page.getByRole("button", { name: "Close" }).last().click();
    await until("both have failed", async () => {
      const jobs = await jobsNamed("to-stop");
      return jobs.length === ids.length && jobs.every(({ status }) => status === "FAILED");
    });
    await rowOf(page, "to-stop").getByText("FAILED").waitFor();
  },
);

test(
  "submitted after a dry run, cloned with changes, run again: all of it, or the failed children",
  { skip: NO_BROWSER },
  async (t) => {
    const ok = join(server.dataDir, "ok");
    const script = `test $((AWS_BATCH_JOB_ARRAY_INDEX % 2)) -eq 0 || test -e '${ok}'`;
    const array = await submit("halves", script, { arrayProperties: { size: 4 } });
    await until("the array is over", async () => (await jobsNamed("halves"))[0]?.status === "FAILED");
    const page = await browser.open(t, `${server.url}/jobs?submit=1`, { expected: [/400 \(Bad Request\)/] });
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("by-hand");
    await dialog.getByRole("button", { name: /^Queue/ }).click();
    await page.getByRole("option", { name: "default" }).click();
    await dialog.getByRole("button", { name: /^Job definition/ }).click();
    await page.getByRole("option", { name: "default:1" }).click();
    await dialog.getByLabel("Command").fill(`sh -c "exit 0"`);
    await dialog.getByLabel("Array size").fill("1");
    await dialog.getByRole("button", { name: "Submit", exact: true }).click();
    await page.getByText("A whole number from 2 to 1000000.").waitFor();
    await dialog.getByLabel("Array size").fill("");
    await dialog.getByLabel("Command").fill("echo Ref::nothing");
    await page.getByRole("button", { name: "Try without submitting" }).click();
    await page.getByText("It would be refused").waitFor();
    await dialog.getByLabel("Command").fill(`sh -c "exit 0"`);
    await page.getByRole("button", { name: "Try without submitting" }).click();
    await page.getByText("It would start now.").waitFor();
    await dialog.getByRole("button", { name: "Submit", exact: true }).click();
    await page.waitForURL(/jobs\/[0-9a-f-]{36}$/);
    assert.equal((await jobsNamed("by-hand")).length, 1);

    await page.goto(`${server.url}/jobs?submit=1&clone=${array}`);
    await dialog.getByRole("textbox", { name: "Name", exact: true }).fill("cloned");
    assert.equal(await dialog.getByLabel("Array size").inputValue(), "4");
    assert.match(await dialog.getByLabel("Command").inputValue(), /AWS_BATCH_JOB_ARRAY_INDEX % 2/);
    await dialog.getByLabel("Array size").fill("2");
    await dialog.getByRole("button", { name: "Submit", exact: true }).click();
    await page.waitForURL(/jobs\/[0-9a-f-]{36}$/);
    assert.equal((await jobsNamed("cloned")).length, 1);

    writeFileSync(ok, "");
    await page.goto(`${server.url}/jobs?id=${array}`);
    await rowOf(page, "halves").getByRole("checkbox").check();
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Run failed children again" }).click();
    await page.waitForURL(/jobs\/[0-9a-f-]{36}$/);
    await until("they succeed", async () => {
      const [again] = await jobsNamed("halves");
      return again?.jobId !== array && again?.status === "SUCCEEDED";
    });
    assert.ok(existsSync(ok));
  },
);
