import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { receiveBackup } from "../../src/cli/backup/receive.ts";
import type { BackupPart } from "../../src/ports/backups.ts";

const LOG = `logs/ab/${"ab".repeat(16)}.log`;
const NOTE = { madeAt: 1, version: "1", keyFingerprint: "f" };

const line = (part: BackupPart): string => `${JSON.stringify(part)}\n`;
const sum = (text: string): string => createHash("sha256").update(text).digest("hex");
const file = (name: string, text: string): string =>
  line({ kind: "file", name, bytes: text.length }) + text + line({ kind: "checksum", sha256: sum(text) });

function directory(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "longshore-receive-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** What a server sends, so many bytes at a time. */
async function* sent(text: string, atOnce = 1_000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += atOnce) yield bytes.subarray(at, at + atOnce);
}

test("the parts become files, however the network cuts them", async (t) => {
  const store = `bytes\nof {"a":\n store ${"x".repeat(500)}`;
  const text =
    line({ kind: "progress", copied: 1, total: 2 }) +
    file("longshore.db", store) +
    file(LOG, "") +
    line({ kind: "done", note: NOTE });
  for (const atOnce of [1, 7, 100_000]) {
    const into = directory(t);
    const seen: string[] = [];
    const received = await receiveBackup(sent(text, atOnce), into, ({ doing }) => seen.push(doing));
    assert.deepEqual(received, { note: NOTE, logFiles: 1, sha256: sum(store) });
    assert.equal(readFileSync(join(into, "longshore.db"), "utf8"), store);
    assert.equal(readFileSync(join(into, LOG), "utf8"), "");
    assert.equal(seen[0], "copying");
  }
});

const done = line({ kind: "done", note: NOTE });
const CASES: readonly [what: string, text: string, expected: RegExp][] = [
  ["cut off", file("longshore.db", "abc"), /ended it too early/],
  ["cut off in a file", line({ kind: "file", name: "longshore.db", bytes: 9 }) + "abc", /ended it too early/],
  ["without a store", file(LOG, "abc") + done, /ended it too early/],
  ["other bytes", file("longshore.db", "abc").replace("abc", "abd") + done, /other bytes than the server sent/],
  ["out of the directory", file("../longshore.db", "abc") + done, /no part of one: "\.\.\/longshore\.db"/],
  ["a key", file("secret.key", "abc") + done, /no part of one/],
  ["the server fails", line({ kind: "failed", message: "The disk is gone." }), /The disk is gone\./],
  ["something else", "<html>\n", /no Longshore server of this version/],
  ["something else without end", "x".repeat(100_000), /no Longshore server of this version/],
  ["twice", file("longshore.db", "abc") + file("longshore.db", "abc") + done, /EEXIST/],
];

for (const [what, text, expected] of CASES) {
  test(`what is not whole is refused: ${what}`, async (t) => {
    const into = directory(t);
    await assert.rejects(
      receiveBackup(sent(text), into, () => {}),
      expected,
    );
    assert.ok(!existsSync(join(into, "..", "longshore.db")));
  });
}
