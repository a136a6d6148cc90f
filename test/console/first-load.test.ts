import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Request } from "playwright-core";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { submitScript, untilStatus } from "../support/jobs.ts";
import { consoleBrowser, NO_BROWSER } from "./browser.ts";

const browser = consoleBrowser();
const server = await spawnServer({ after });
const batch = batchClient({ after }, server.url);

/** Of the page itself, with its style sheets, its font and its answers. */
const MOST_REQUESTS = 30;

/** The large script is held back until everything else that the page begins with has been asked for. */
async function openHeld(t: Parameters<typeof browser.open>[0], path: string, wanted: readonly RegExp[]) {
  const page = await browser.open(t, "about:blank");
  const asked: string[] = [];
  const all = Promise.withResolvers<void>();
  page.on("request", (request: Request) => {
    asked.push(new URL(request.url()).pathname);
    if (wanted.every((pattern) => asked.some((one) => pattern.test(one)))) all.resolve();
  });
  await page.route(/\/assets\/frame-.*\.js$/, async (route) => {
    await all.promise;
    await route.continue();
  });
  await page.goto(`${server.url}${path}`, { waitUntil: "commit" });
  return { page, asked };
}

test(
  "what a page shows first is asked for before its large script is there, and once",
  { skip: NO_BROWSER },
  async (t) => {
    const running = await submitScript(batch, "sleep 600", { jobName: "long" });
    await untilStatus(batch, running, "RUNNING");
    const overview = [/\/assets\/overview-.*\.js$/, /^\/longshore\/server$/, /^\/longshore\/summary$/, /attention$/];
    const first = await openHeld(t, "/", overview);
    await first.page.locator("dl > div", { hasText: "Running" }).getByRole("link").waitFor();
    await first.page.getByText("Nothing needs attention.").waitFor();
    // Figures are asked for again when something happens.
    for (const pattern of overview.slice(0, 2)) assert.equal(first.asked.filter((one) => pattern.test(one)).length, 1);
    assert.ok(first.asked.length <= MOST_REQUESTS, first.asked.join("\n"));

    const ofJob = [/\/assets\/job-.*\.js$/, /^\/longshore\/server$/, /^\/v1\/describejobs$/];
    const second = await openHeld(t, `/jobs/${running}`, ofJob);
    await second.page.getByRole("heading", { level: 1, name: "long" }).waitFor();
    assert.equal(second.asked.filter((one) => one === "/longshore/server").length, 1);
  },
);
