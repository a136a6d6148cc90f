import assert from "node:assert/strict";
import { after, test } from "node:test";
import { TerminateJobCommand } from "@aws-sdk/client-batch";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after }, { vcpus: 2, memoryMiB: 8_192 });
const batch = batchClient({ after }, server.url);

const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
const FAILED_RED = [163, 23, 11];

test("10,000 children are a grid that is live, and goes by pointer and keyboard", { skip: NO_BROWSER }, async (t) => {
  const id = await submitScript(batch, `[ "$AWS_BATCH_JOB_ARRAY_INDEX" = 3 ] && exit 42; exit 0`, {
    jobName: "many",
    arrayProperties: { size: 10_000 },
  });
  t.after(() => batch.send(new TerminateJobCommand({ jobId: id, reason: "enough" })));
  const page = await browser.open(t, `${server.url}/jobs/${id}?tab=children`);
  const grid = page.getByRole("application");
  await grid.waitFor();
  const failed = page.getByRole("button", { name: /^FAILED/ });
  const countOf = async (status: string): Promise<number> => {
    const text = await page.getByRole("button", { name: new RegExp(`^${status} `) }).textContent();
    return Number(text!.replaceAll(/\D/g, ""));
  };
  // Nothing is asked for anew by the test: the page hears of it.
  await until("child 3 has failed", async () => (await countOf("FAILED")) === 1);
  const before = await countOf("SUCCEEDED");
  await until("more have succeeded", async () => (await countOf("SUCCEEDED")) > before);
  assert.match((await grid.getAttribute("aria-label"))!, /^10000 children: .*1 FAILED/);

  // The canvas has the screen's own pixels, and the cell of child 3 the colour of failures.
  const columns = Number(await grid.getAttribute("data-columns"));
  const pitch = Number(await grid.getAttribute("data-pitch"));
  assert.ok(columns * pitch > 300 && pitch >= 4, `${columns} columns of ${pitch} pixels`);
  const colour = await page.evaluate<number[]>(`(() => {
    const canvas = document.querySelector(".child-grid-canvas");
    const ratio = canvas.width / canvas.clientWidth;
    if (ratio !== devicePixelRatio) throw new Error("blurred: " + ratio);
    return [...canvas.getContext("2d").getImageData(${3 * pitch} * ratio, 3 * ratio, 1, 1).data].slice(0, 3);
  })()`);
  assert.deepEqual(colour, FAILED_RED);

  await failed.click();
  assert.equal(new URL(page.url()).searchParams.get("children"), "FAILED");
  await grid.focus();
  // To the first one, and from there to the next that is shown.
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.getByText("Child 3, FAILED").waitFor({ state: "attached" });
  await page.getByText("exit code 42").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.getByText(`Child ${3 + columns},`).waitFor({ state: "attached" });
  await failed.click();
  await axe(page);
  await screenshot(page, "console-array");

  await batch.send(new TerminateJobCommand({ jobId: `${id}:9999`, reason: HOSTILE }));
  await page.getByText(HOSTILE, { exact: true }).waitFor();

  const box = (await grid.boundingBox())!;
  await page.mouse.click(box.x + 3.5 * pitch, box.y + pitch / 2 + 3);
  await page.waitForURL(`**/jobs/${id}:3`);
  await page.goBack();
  await grid.waitFor();
  await grid.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/jobs/${id}:0`);
});

test("on a phone the grid fits; a larger array is shown in parts", { skip: NO_BROWSER }, async (t) => {
  const id = await submitScript(batch, "exit 0", { jobName: "more", arrayProperties: { size: 25_000 } });
  await batch.send(new TerminateJobCommand({ jobId: id, reason: "enough" }));
  await untilStatus(batch, id, "FAILED");
  const page = await browser.open(t, `${server.url}/jobs/${id}?tab=children`, { width: 390, height: 844 });
  await page.getByText("0–9,999").waitFor();
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  await page.getByRole("button", { name: "Children after" }).click();
  await page.getByRole("button", { name: "Children after" }).click();
  await page.getByText("20,000–24,999").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("from"), "20000");
  await page.getByRole("application").focus();
  await page.keyboard.press("Control+End");
  await page.getByText("Child 24999, FAILED").waitFor({ state: "attached" });
});
