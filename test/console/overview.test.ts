import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CreateJobQueueCommand, UpdateJobQueueCommand } from "@aws-sdk/client-batch";
import { apiServer } from "../api/server.ts";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { axe, consoleBrowser, NO_BROWSER, screenshot } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after });
const batch = batchClient({ after }, server.url);

test(
  "a fresh server says how to begin; jobs then show themselves, and what fails is told with its fix",
  { skip: NO_BROWSER },
  async (t) => {
    const page = await browser.open(t, server.url, { width: 1400, height: 1000 });
    await page.getByRole("heading", { level: 2, name: "Submit a first job" }).waitFor();
    await page.getByText("Nothing needs attention.").waitFor();
    await page.getByText(`endpoint_url="${server.url}"`).waitFor();
    await axe(page);

    const hostile = `"><img src=x onerror=alert(1)>`;
    const running = await submitScript(batch, "sleep 600", { jobName: "long" });
    await untilStatus(batch, running, "RUNNING");
    // No key is pressed and nothing is loaded again: the page hears of it.
    const figure = (label: string) => page.locator("dl > div", { hasText: label }).getByRole("link");
    await until("the number is shown", async () => (await figure("Running").textContent()) === "1");
    await page.getByRole("heading", { level: 2, name: "Submit a first job" }).waitFor({ state: "detached" });

    const failed = ["1", "2", "3"].map(() => submitScript(batch, `echo '${hostile}'; exit 7`, { jobName: "fails" }));
    for (const id of await Promise.all(failed)) await untilStatus(batch, id, "FAILED");
    const list = page.getByRole("listitem").filter({ hasText: "exit code 7" });
    await list.getByRole("link", { name: /3 jobs of default:1 failed/ }).waitFor();
    await list.getByRole("button", { name: "Read its log" }).waitFor();

    const { jobQueueArn } = await batch.send(
      new CreateJobQueueCommand({
        ...{ jobQueueName: "paused", priority: 1 },
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: "default" }],
      }),
    );
    const waiting = await submitScript(batch, "true", {
      jobQueue: "paused",
      containerOverrides: { command: ["true"], resourceRequirements: [{ type: "VCPU", value: "16" }] },
    });
    await untilStatus(batch, waiting, "RUNNABLE");
    await batch.send(new UpdateJobQueueCommand({ jobQueue: jobQueueArn!, state: "DISABLED" }));
    const paused = page.getByRole("listitem").filter({ hasText: "Queue paused is disabled" });
    await paused.waitFor();
    await axe(page);
    await screenshot(page, "console-overview");
    const enable = paused.getByRole("button", { name: "Enable the queue" });
    await enable.focus();
    await page.keyboard.press("Enter");
    await page.getByText("Queue paused is enabled.").waitFor();
    await paused.waitFor({ state: "detached" });

    await figure("Running").click();
    await page.waitForURL(`${server.url}/jobs?status=STARTING&status=RUNNING`);
  },
);

test("the overview fits a phone", { skip: NO_BROWSER }, async (t) => {
  const page = await browser.open(t, server.url, { width: 390, height: 844, scheme: "dark" });
  await page.getByRole("heading", { level: 2, name: "Needs attention" }).waitFor();
  await page.getByRole("heading", { level: 2, name: "Over time" }).waitFor();
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  await screenshot(page, "console-phone");
});

test("events that could not be delivered are tried again with one click", { skip: NO_BROWSER }, async (t) => {
  let isDown = true;
  const receiver = createServer((request, response) => {
    request.resume();
    response.writeHead(isDown ? 400 : 204).end();
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  t.after(() => {
    receiver.closeAllConnections();
    receiver.close();
  });
  const directory = mkdtempSync(join(tmpdir(), "longshore-overview-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const secret = join(directory, "secret");
  writeFileSync(secret, "hush");
  const target = {
    ...{ name: "chat", type: "webhook", url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` },
    ...{ secret: { file: secret }, attempts: 1, filter: { detail: { status: ["SUCCEEDED"] } } },
  };
  const other = await apiServer(t, { configuration: { targets: [target] } });
  await untilStatus(other.batch, await submitScript(other.batch, "true"), "SUCCEEDED");
  const page = await browser.open(t, other.url, { expected: [/status of 502/] });
  const item = page.getByRole("listitem").filter({ hasText: "An event could not be delivered to chat" });
  await item.waitFor();
  await item.getByRole("button", { name: "Try again" }).click();
  await page.getByText("1 of 1 events were refused by chat.").waitFor();
  isDown = false;
  await item.getByRole("button", { name: "Try again" }).click();
  await page.getByText("An event was delivered to chat.").waitFor();
  await item.waitFor({ state: "detached" });
});
