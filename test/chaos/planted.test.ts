import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import { runChaos } from "./run.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const LENGTH_MS = 8_000;
/** On a busy machine one of them may have nothing to do with the bug. */
const SEEDS = 5;

/** Bugs in a copy of the server: the suite finds each within seconds. */
interface Planted {
  readonly bug: string;
  readonly edits: readonly Edit[];
  readonly finding: RegExp;
}

interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const PLANTED: readonly Planted[] = [
  {
    bug: "a submission is acknowledged before it is kept",
    edits: [
      {
        file: "src/api/batch/jobs/submit-job.ts",
        from: "await insert(backend, job);",
        to: "void insert(backend, job).catch(() => {});",
      },
      {
        file: "src/store/sqlite/database.ts",
        from: "setImmediate(() => setImmediate(() => this.#flush()))",
        to: "setTimeout(() => this.#flush(), 300)",
      },
    ],
    finding: /was acknowledged/,
  },
  {
    bug: "a program is started twice",
    edits: [
      {
        file: "src/drivers/process/script.ts",
        from: `    become "$attempt" "$2" &\n`,
        to: `    ( become "$attempt" "$2" ) &\n    become "$attempt" "$2" &\n`,
      },
    ],
    finding: /ran twice/,
  },
  {
    bug: "a server that starts does not see what runs",
    edits: [
      {
        file: "src/drivers/process/attempts.ts",
        from: "const attemptIds = journals.list();",
        to: "const attemptIds: string[] = [];",
      },
    ],
    finding: /ended with 0, and the history says no exit code \(Host EC2|still ran when/,
  },
];

describe("the suite finds a bug that is planted into a copy of the server", { concurrency: true }, () => {
  for (const { bug, edits, finding } of PLANTED) {
    test(bug, async (t) => {
      const launcher = copyWith(t, edits);
      const findings: string[] = [];
      for (let seed = 1; seed <= SEEDS && !findings.some((one) => finding.test(one)); seed += 1) {
        const found = await runChaos(
          { seed, lengthMs: LENGTH_MS, store: "sqlite", servers: 1, hasEngine: false, launcher },
          () => {},
        );
        findings.push(...found.findings);
        if (found.evidence !== undefined) rmSync(found.evidence, { recursive: true });
      }
      assert.match(findings.join("\n") || `nothing in ${SEEDS} seeds`, finding);
    });
  }
});

/** Returns the launcher of the copy. */
function copyWith(t: TestContext, edits: readonly Edit[]): string {
  const copy = mkdtempSync(join(tmpdir(), "longshore-planted-"));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  for (const name of ["src", "scripts", "longshore", "package.json", "package-lock.json"]) {
    cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const { file, from, to } of edits) {
    const text = readFileSync(join(copy, file), "utf8");
    assert.equal(text.split(from).length, 2, `${file} has ${JSON.stringify(from)} once`);
    writeFileSync(
      join(copy, file),
      text.replace(from, () => to),
    );
  }
  return join(copy, "longshore");
}
