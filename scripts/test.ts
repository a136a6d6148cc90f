import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

/**
 * Runs the tests: `node scripts/test.ts [PART OF A PATH]...` runs the test files whose path contains one of the parts, or all.
 * In CI (the variable CI is set) a skipped test is a failure: there, everything that the tests need must be there.
 */

const CONCURRENT_FILES = 2;
const TEST_TIMEOUT_MS = 120_000;

const root = dirname(import.meta.dirname);
const parts = process.argv.slice(2);
const files = globSync("test/**/*.test.ts", { cwd: root })
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part.replace(/^\.\//, ""))))
  .sort();

if (files.length === 0) {
  console.error(`No test file matches ${parts.join(" ") || "test/**/*.test.ts"}.`);
  process.exit(1);
}

const skipped: string[] = [];
const inCi = (process.env.CI ?? "") !== "";

const events = run({
  cwd: root,
  files: files.map((file) => join(root, file)),
  concurrency: CONCURRENT_FILES,
  timeout: TEST_TIMEOUT_MS,
  execArgv: ["--disable-warning=ExperimentalWarning"],
  forceExit: true,
});

events.on("test:pass", ({ name, file, skip }) => {
  if (skip !== undefined && skip !== false) skipped.push(`${file ?? ""}: ${name}${skip === true ? "" : ` (${skip})`}`);
});
events.on("test:summary", ({ success, file }) => {
  if (file === undefined && !success) process.exitCode = 1;
});
events.on("test:fail", ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
events.once("end", () => {
  if (!inCi || skipped.length === 0) return;
  process.exitCode = 1;
  console.error(`Skipped in CI, which counts as failed:\n  ${skipped.join("\n  ")}`);
});

events.compose(spec).pipe(process.stdout);
