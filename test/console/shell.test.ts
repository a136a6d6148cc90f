import assert from "node:assert/strict";
import { after, test } from "node:test";
import { spawnServer } from "../e2e/server.ts";
import { axe, consoleBrowser, NO_BROWSER, scriptBytes } from "./browser.ts";

/** Compressed. */
const MOST_SCRIPT_BYTES = 250_000;
/** Far above what it takes (see the diagnostics), as the machine may be busy with other tests. */
const USABLE_WITHIN_MS = 20_000;
/** In the page, the time since it was asked for. */
const USABLE_AFTER = `Math.round(performance.now())`;

const PAGES = [
  ...["/", "/jobs", "/definitions", "/queues", "/queues/default", "/environments", "/environments/default"],
  ...["/policies", "/consumables", "/what-if", "/no/such/page"],
];

const browser = consoleBrowser();
const server = await spawnServer({ after });

test("each page is small and soon there", { skip: NO_BROWSER }, async (t) => {
  const first = await browser.open(t, server.url);
  await first.getByRole("heading", { level: 1 }).waitFor();
  for (const path of PAGES) {
    const page = await browser.open(t, server.url + path, { beside: first });
    await page.getByRole("heading", { level: 1 }).waitFor();
    const tookMs = await page.evaluate<number>(USABLE_AFTER);
    const bytes = await scriptBytes(page);
    t.diagnostic(`${path}: ${Math.round(bytes / 1000)} kB of script, usable after ${tookMs} ms`);
    assert.ok(bytes > 0 && bytes <= MOST_SCRIPT_BYTES, `${path} loads ${bytes} bytes of script`);
    assert.ok(tookMs < USABLE_WITHIN_MS, `${path} is usable after ${tookMs} ms`);
    // Each that is open holds a connection for its events, and browsers have six for a server.
    await page.close();
  }
});

test("the frame is accessible, with the keyboard alone, on a phone too", { skip: NO_BROWSER }, async (t) => {
  const page = await browser.open(t, server.url, { width: 390, height: 844 });
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the page");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const link = page.getByRole("link", { name: "Job queues" });
  await link.waitFor();
  await link.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/queues`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  await axe(page);
});
