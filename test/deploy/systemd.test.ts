import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { ROOT } from "../../scripts/lock.ts";

/** deploy/systemd/longshore.service, by systemd's own words; no systemd runs where tests do. */

const UNIT = readFileSync(join(ROOT, "deploy", "systemd", "longshore.service"), "utf8");
/** Of 100. */
const EXPOSURE_LIMIT = 25;
/** Systemd knows it from version 254 on; older ones say so and go on. */
const KNOWN_LATER = /Unknown key( name)? 'DelegateSubgroup'/;

const skip =
  spawnSync("systemd-analyze", ["--version"]).status === 0 ? false : "there is no systemd-analyze on this machine";

function analyze(t: TestContext, unit: string, ...args: string[]): { status: number | null; said: string[] } {
  const directory = mkdtempSync(join(tmpdir(), "longshore-unit-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "longshore.service");
  // Where it is installed here, so that it is found.
  writeFileSync(file, unit.replaceAll("/opt/longshore", ROOT));
  const { status, stdout, stderr } = spawnSync("systemd-analyze", [...args, file], { encoding: "utf8" });
  return { status, said: `${stdout}${stderr}`.split("\n").filter((line) => line !== "") };
}

const verify = (t: TestContext, unit: string): string[] =>
  analyze(t, unit, "verify", "--man=no", "--recursive-errors=no").said.filter((line) => !KNOWN_LATER.test(line));

test("the unit is one that systemd takes", { skip }, (t) => {
  assert.deepEqual(verify(t, UNIT), []);
  assert.match(verify(t, UNIT.replace("KillMode=process", "KillMode=nobody")).join("\n"), /kill mode/);
});

test("it leaves running jobs alone, and keeps the service from what it has no need of", { skip }, (t) => {
  assert.match(UNIT, /^KillMode=process$/m);
  assert.doesNotMatch(UNIT, /^PrivateTmp=/m);
  const security = ["security", "--offline=yes", `--threshold=${EXPOSURE_LIMIT}`];
  const { status, said } = analyze(t, UNIT, ...security);
  assert.equal(status, 0, said.at(-1));
  assert.notEqual(analyze(t, UNIT.replace(/^(NoNew|Protect|Restrict|Capab).*$/gm, ""), ...security).status, 0);
});
