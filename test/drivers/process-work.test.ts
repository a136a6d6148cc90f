import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openWorkDirectories } from "../../src/drivers/process/work-directories.ts";

function workTest(name: string, run: (base: string) => Promise<void>): void {
  test(name, async () => {
    const base = mkdtempSync(join(tmpdir(), "longshore-work-"));
    try {
      await run(base);
    } finally {
      rmSync(base, { recursive: true });
    }
  });
}

const inode = (path: string): number => statSync(path).ino;

workTest("a directory that was left empty serves again, and goes with the driver", async (base) => {
  const work = openWorkDirectories(base);
  const first = work.make("first");
  const seen = inode(first);
  await work.remove("first", true);
  assert.ok(!readdirSync(base).includes("first"));
  const second = work.make("second");
  assert.deepEqual([inode(second), readdirSync(second), statSync(second).mode & 0o777], [seen, [], 0o700]);
  assert.equal(work.make("second"), second, "once more, by a server that does not know it");
  await work.remove("second", true);
  work.close();
  assert.deepEqual(readdirSync(base), []);
});

workTest("what somebody may still work in, or is not as it was made, is removed", async (base) => {
  const work = openWorkDirectories(base);
  work.make("watched");
  await work.remove("watched", false);
  writeFileSync(join(work.make("full"), "file"), "");
  await work.remove("full", true);
  chmodSync(work.make("open"), 0o777);
  await work.remove("open", true);
  const elsewhere = mkdtempSync(join(tmpdir(), "longshore-elsewhere-"));
  try {
    rmdirSync(work.make("link"));
    symlinkSync(elsewhere, join(base, "link"));
    await work.remove("link", true);
    assert.deepEqual(readdirSync(base), []);
    assert.ok(statSync(elsewhere).isDirectory());
  } finally {
    rmdirSync(elsewhere);
  }
  await work.remove("never made", true);
});

workTest("the next driver begins without those of one that was killed", async (base) => {
  const killed = openWorkDirectories(base);
  killed.make("a");
  await killed.remove("a", true);
  assert.deepEqual(readdirSync(base), ["spare-1"]);
  openWorkDirectories(base);
  assert.deepEqual(readdirSync(base), []);
});
