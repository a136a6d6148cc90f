import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import type { TestContext } from "node:test";
import axeCore from "axe-core";
import type { AxeResults } from "axe-core";
import type { Browser, ConsoleMessage, Page } from "playwright-core";
import { chromium } from "playwright-core";

/** Debian's and Alpine's package. */
const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const ROOT = join(import.meta.dirname, "..", "..");
const IMAGES = join(ROOT, "docs", "images");
/** The machine may be busy with other tests. */
const TIMEOUT_MS = 30_000;

/** Why the tests of a file are skipped, if so: for `test`'s option `skip`. */
export const NO_BROWSER: string | false = existsSync(CHROMIUM) ? false : `there is no ${CHROMIUM}`;

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
  /** What the browser may complain about on its console: answers that the test wants to be errors. */
  readonly expected?: readonly RegExp[];
  /** In the same browser profile as that page: with its cookies. */
  readonly beside?: Page;
}

export interface ConsoleBrowser {
  /** A page of its own profile. When the test is over, it fails if the browser complained: errors, rejections, violations of the policy. */
  open(t: TestContext, url: string, options?: PageOptions): Promise<Page>;
}

/** One Chromium for all tests of a file. To be called at its top. */
export function consoleBrowser(): ConsoleBrowser {
  let browser: Browser | undefined;
  before(async () => {
    if (NO_BROWSER !== false) return;
    assert.ok(existsSync(join(ROOT, "console", "dist", ".built")), "Build the console first: npm run console");
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  after(() => browser?.close());
  return {
    async open(t, url, { width = 1280, height = 900, scheme = "light", expected = [], beside } = {}) {
      const context =
        beside?.context() ??
        (await browser!.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce" }));
      const page = await context.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      const complaints: string[] = [];
      page.on("console", (message) => {
        const text = complaintOf(message);
        if (text !== undefined && !expected.some((pattern) => pattern.test(text))) complaints.push(text);
      });
      page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
      t.after(async () => {
        await (beside === undefined ? context : page).close();
        assert.deepEqual(complaints, [], "what the browser complained about");
      });
      await page.goto(url);
      return page;
    },
  };
}

function complaintOf(message: ConsoleMessage): string | undefined {
  if (message.type() !== "error" && message.type() !== "warning") return undefined;
  return `${message.type()}: ${message.text()} (${message.location().url})`;
}

/** Fails if axe finds something serious or critical, in light or in dark. */
export async function axe(page: Page): Promise<void> {
  await page.evaluate(axeCore.source);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
    const serious = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
    assert.deepEqual(serious, [], `axe on ${page.url()} (${colorScheme})`);
  }
  await page.emulateMedia({ colorScheme: null });
}

/** A picture for the README and the docs, docs/images/NAME.png: made again with LONGSHORE_WRITE_SCREENSHOTS=1. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if ((process.env.LONGSHORE_WRITE_SCREENSHOTS ?? "") === "") return;
  mkdirSync(IMAGES, { recursive: true });
  await page.evaluate("document.fonts.ready");
  await page.screenshot({ path: join(IMAGES, `${name}.png`) });
}

/** In the page: resolves when it has loaded nothing for half a second. */
const AT_REST = `new Promise((resolve) => {
  let count = -1;
  const timer = setInterval(() => {
    const now = performance.getEntriesByType("resource").length;
    if (now === count) { clearInterval(timer); resolve(); }
    count = now;
  }, 500);
})`;

/** The compressed size of all script that the page loads until it is at rest, in bytes. */
export async function scriptBytes(page: Page): Promise<number> {
  await page.evaluate(AT_REST);
  return page.evaluate<number>(
    `performance.getEntriesByType("resource").filter(({ name }) => /\\.js($|\\?)/.test(name)).reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`,
  );
}
