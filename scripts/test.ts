import { globSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

/**
 * Runs the tests: `node scripts/test.ts [PART OF A PATH]...` runs the test files whose path contains one of the parts, or all but those that drive a
 * browser, which `npm run test:console` runs.
 * In CI (the variable CI is set) a skipped test is a failure: there, everything that the tests need must be there.
 */

const CONCURRENT_FILES = 2;
/** What takes a minute on a quiet machine may take four on a busy one. */
const TEST_TIMEOUT_MS = 300_000;
const SLOWEST_TOLD = 25;
const IN_A_BROWSER = "test/console/";

const root = dirname(import.meta.dirname);
const parts = process.argv.slice(2);
const files = globSync("test/**/*.test.ts", { cwd: root })
  .filter((file) =>
    parts.length === 0
      ? !file.startsWith(IN_A_BROWSER)
      : parts.some((part) => file.includes(part.replace(/^\.\//, ""))),
  )
  .sort();

if (files.length === 0) {
  console.error(`No test file matches ${parts.join(" ") || "test/**/*.test.ts"}.`);
  process.exit(1);
}

// Each file is a process of its own: they need not compile the same sources again.
process.env.NODE_COMPILE_CACHE ??= join(root, "node_modules", ".cache", "longshore");

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
const durations: { readonly file: string; readonly ms: number }[] = [];
events.on("test:summary", ({ success, file, duration_ms: ms }) => {
  if (file !== undefined) durations.push({ file: relative(root, file), ms });
  else if (!success) process.exitCode = 1;
});
events.on("test:fail", ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
events.once("end", () => {
  if (durations.length > SLOWEST_TOLD) {
    const slowest = durations.toSorted((one, other) => other.ms - one.ms).slice(0, SLOWEST_TOLD);
    console.log(
      `Slowest files:\n${slowest.map(({ file, ms }) => `  ${(ms / 1000).toFixed(1)} s  ${file}`).join("\n")}`,
    );
  }
  if (!inCi || skipped.length === 0) return;
  process.exitCode = 1;
  console.error(`Skipped in CI, which counts as failed:\n  ${skipped.join("\n  ")}`);
});

events.compose(spec).pipe(process.stdout);
