import assert from "node:assert/strict";
import { after, test } from "node:test";
import { TerminateJobCommand } from "@aws-sdk/client-batch";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { submit, submitScript } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after }, { vcpus: 2, memoryMiB: 8_192 });
const batch = batchClient({ after }, server.url);

test("a job's dependencies are drawn, live, with what they wait for", { skip: NO_BROWSER }, async (t) => {
  const prepare = await submit(batch, ["sleep", "600"], { jobName: "prepare" });
  const split = await submitScript(batch, "true", {
    ...{ jobName: "split", arrayProperties: { size: 20 }, dependsOn: [{ jobId: prepare }] },
  });
  const map = await submitScript(batch, "true", {
    ...{ jobName: "map", arrayProperties: { size: 20 } },
    dependsOn: [{ jobId: split, type: "N_TO_N" }, { type: "SEQUENTIAL" }],
  });
  const reduce = await submit(batch, ["true"], { jobName: "reduce", dependsOn: [{ jobId: map }] });
  const alarm = await submit(batch, ["true"], {
    jobName: "alarm",
    // The type is Longshore's own.
    dependsOn: [{ jobId: map, type: "AFTER_NOT_OK" as never }, { jobId: `${split}:5` }],
  });
  const page = await browser.open(t, `${server.url}/jobs/${reduce}?tab=graph`);
  const job = (id: string) => page.locator(`a[data-job="${id}"]`);
  await job(reduce).waitFor();
  assert.equal(await page.locator("a[data-job]").count(), 4);
  await page.locator(".react-flow__edge-text", { hasText: "N_TO_N" }).waitFor();
  await job(map).getByText("SEQUENTIAL").waitFor();
  await page.getByText(/^Waits for prepare \((RUNNING|RUNNABLE|STARTING)\)/).waitFor();
  assert.equal(await page.locator(".graph-job.critical").count(), 4);
  await axe(page);
  await screenshot(page, "console-graph");

  // By keyboard: to what is waited for, and into it.
  await job(reduce).focus();
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.evaluate("document.activeElement.dataset.job"), map);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/jobs/${map}?tab=graph`);
  await job(alarm).waitFor();
  await page.locator(".react-flow__edge-text", { hasText: "AFTER_NOT_OK" }).waitFor();
  await page.getByRole("button", { name: "As a list" }).click();
  await page.getByText(/waits for map \(AFTER_NOT_OK\); split, child 5/).waitFor();

  await batch.send(new TerminateJobCommand({ jobId: prepare, reason: `<img src=x onerror="alert(1)">` }));
  for (const id of [prepare, split, map, alarm]) {
    await until(`${id} is shown as over`, async () => /FAILED/.test((await job(id).textContent()) ?? ""));
  }
  await job(prepare).click();
  await page.waitForURL(`**/jobs/${prepare}?tab=graph`);
});

test("500 jobs are drawn, found and gone through", { skip: NO_BROWSER }, async (t) => {
  const root = await submit(batch, ["sleep", "600"], { jobName: "root" });
  t.after(() => batch.send(new TerminateJobCommand({ jobId: root, reason: "enough" })));
  let layer = [root];
  for (let number = 1; number < 500;) {
    const size = Math.min(25, 500 - number);
    const before = layer;
    const first = number;
    layer = await Promise.all(
      Array.from({ length: size }, (_, at) => {
        const on = [...new Set([before[at % before.length]!, before[(at * 7 + 3) % before.length]!])];
        return submit(batch, ["true"], { jobName: `job-${first + at}`, dependsOn: on.map((jobId) => ({ jobId })) });
      }),
    );
    number += size;
  }
  const page = await browser.open(t, `${server.url}/jobs/${root}?tab=graph`);
  await page.locator("a[data-job]").first().waitFor();
  assert.equal(await page.locator("a[data-job]").count(), 500);
  await page.getByText("0 that it waits for, 499 that wait for it").waitFor();
  const search = page.getByRole("searchbox", { name: "Find a job by name or id" });
  await search.fill("job-321");
  await page.getByText("1 of 1").waitFor();
  const found = page.locator(".graph-job.found");
  await until("it is in the middle, in a size that can be read", async () => {
    const [box, frame] = [await found.boundingBox(), await page.locator(".graph-frame").boundingBox()];
    if (box === null || frame === null) return false;
    const middle = Math.abs(box.x + box.width / 2 - frame.x - frame.width / 2);
    return middle < 20 && box.width > 150;
  });
  await screenshot(page, "console-graph-500");
  await page.getByRole("button", { name: "Fit View" }).click();
  await until("all are seen, as colours", async () => (await page.locator(".graph-job.far").count()) === 500);
  await axe(page);
});
