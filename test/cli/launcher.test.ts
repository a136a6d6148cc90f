import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Cli, LAUNCHER, ROOT } from "./longshore.ts";

const VERSION = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;

test("the launcher works through a chain of symbolic links and from any directory", async (t) => {
  const cli = new Cli(t);
  const absolute = join(cli.home, "first link");
  symlinkSync(LAUNCHER, absolute);
  symlinkSync("first link", join(cli.home, "second"));
  mkdirSync(join(cli.home, "elsewhere"));
  const { code, stdout } = await cli.startProgram("../second", ["--version"], { cwd: join(cli.home, "elsewhere") })
    .ended;
  assert.equal(code, 0);
  assert.equal(stdout, `${VERSION}\n`);
});

test("the launcher is found on PATH", async (t) => {
  const cli = new Cli(t);
  const env = { PATH: `${ROOT}:${process.env.PATH}` };
  assert.equal((await cli.startProgram("longshore", ["--version"], { env }).ended).stdout, `${VERSION}\n`);
});

/**
 * A project with the real launcher and install script, and one package: a Node of its own that is this one. So npm installs in
 * a moment and asks no registry.
 */
function project(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "longshore launcher-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const directory of ["scripts", "src/cli", "node-here/bin"])
    mkdirSync(join(root, directory), { recursive: true });
  copyFileSync(LAUNCHER, join(root, "longshore"));
  copyFileSync(join(ROOT, "scripts/install.sh"), join(root, "scripts/install.sh"));
  const main = "const given: string[] = process.argv.slice(2); console.log(JSON.stringify([process.cwd(), ...given]));";
  writeFileSync(join(root, "src/cli/main.ts"), main);
  writeFileSync(join(root, "node-here/bin/node"), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
  chmodSync(join(root, "node-here/bin/node"), 0o755);
  const here = { name: "node-here", version: "1.0.0", bin: { node: "bin/node" } };
  writeFileSync(join(root, "node-here/package.json"), JSON.stringify(here));
  const dependencies = { "node-here": "file:node-here" };
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "p", version: "1.0.0", dependencies }));
  const packages = {
    "": { name: "p", version: "1.0.0", dependencies },
    "node-here": { version: "1.0.0", bin: { node: "bin/node" } },
    "node_modules/node-here": { resolved: "node-here", link: true },
  };
  const lock = { name: "p", version: "1.0.0", lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(lock));
  return root;
}

test("the first use installs, says so on stderr, and the next is silent; arguments and directory arrive as they are", async (t) => {
  const cli = new Cli(t);
  const root = project(t);
  const args = ["--", "two words", "", "a\nb", "$HOME"];
  const first = await cli.startProgram(join(root, "longshore"), args).ended;
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^Installing Longshore \(once.*\n$/);
  assert.deepEqual(JSON.parse(first.stdout), [cli.home, ...args]);
  const second = await cli.startProgram(join(root, "longshore"), []).ended;
  assert.deepEqual(second, { code: 0, stdout: `${JSON.stringify([cli.home])}\n`, stderr: "" });
});

test("of several first uses at once one installs and all work", async (t) => {
  const cli = new Cli(t);
  const root = project(t);
  const all = await Promise.all([1, 2, 3].map((n) => cli.startProgram(join(root, "longshore"), [`${n}`]).ended));
  assert.deepEqual(
    all.map(({ code, stdout }) => [code, stdout]),
    [1, 2, 3].map((n) => [0, `${JSON.stringify([cli.home, `${n}`])}\n`]),
  );
  assert.equal(all.filter(({ stderr }) => stderr.includes("Installing Longshore")).length, 1);
  assert.equal(existsSync(join(root, ".installing")), false);
});

test("an installation that died half-way is done again, whatever it left", async (t) => {
  const cli = new Cli(t);
  const root = project(t);
  mkdirSync(join(root, ".installing"));
  // No process has this id: it is above every system's limit.
  writeFileSync(join(root, ".installing/pid"), "99999999\n");
  mkdirSync(join(root, "node_modules/node-here"), { recursive: true });
  const { code, stdout, stderr } = await cli.startProgram(join(root, "longshore"), ["x"]).ended;
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), [cli.home, "x"]);
});

test("another package-lock.json is installed again; what npm says is shown only when it fails", async (t) => {
  const cli = new Cli(t);
  const root = project(t);
  assert.equal((await cli.startProgram(join(root, "longshore"), []).ended).code, 0);
  const lock = join(root, "package-lock.json");
  writeFileSync(lock, `${readFileSync(lock, "utf8")}\n`);
  assert.match((await cli.startProgram(join(root, "longshore"), []).ended).stderr, /^Installing Longshore/);
  writeFileSync(lock, "not a lock file");
  writeFileSync(join(root, "package.json"), "not JSON");
  const failed = await cli.startProgram(join(root, "longshore"), []).ended;
  assert.notEqual(failed.code, 0);
  assert.equal(failed.stdout, "");
  assert.match(failed.stderr, /npm error/);
  assert.match(failed.stderr, /run this again\.\n$/);
});

test("without npm the message says what to install", async (t) => {
  const cli = new Cli(t);
  const root = project(t);
  const bin = join(cli.home, "bin");
  mkdirSync(bin);
  for (const tool of ["sh", "dirname", "cksum", "readlink"]) symlinkSync(`/usr/bin/${tool}`, join(bin, tool));
  symlinkSync(process.execPath, join(bin, "node"));
  const withoutNpm = await cli.startProgram(join(root, "longshore"), [], { env: { PATH: bin } }).ended;
  assert.equal(withoutNpm.code, 1);
  assert.match(withoutNpm.stderr, /npm is not installed.*run this again/);
  rmSync(join(bin, "node"));
  const withoutNode = await cli.startProgram(join(root, "longshore"), [], { env: { PATH: bin } }).ended;
  assert.equal(withoutNode.code, 1);
  assert.match(withoutNode.stderr, /Node\.js is not installed.*run this again/);
});

/** With a console that is built by a script of this text. */
function projectWithConsole(t: TestContext, script: string): string {
  const root = project(t);
  mkdirSync(join(root, "console/src"), { recursive: true });
  writeFileSync(join(root, "console/src/main.ts"), "");
  writeFileSync(join(root, "scripts/console.ts"), script);
  return root;
}

const BUILDS = `
import { mkdirSync, writeFileSync } from "node:fs";
const dist = new URL("../console/dist/", import.meta.url);
mkdirSync(dist, { recursive: true });
writeFileSync(new URL(".built", dist), "");`;

test("`up` builds the console once, and again when its sources have changed; other commands do not", async (t) => {
  const cli = new Cli(t);
  const root = projectWithConsole(t, BUILDS);
  const use = async (...args: string[]) => (await cli.startProgram(join(root, "longshore"), args).ended).stderr;
  assert.doesNotMatch(await use("run"), /console/);
  assert.match(await use("up"), /Building the console \(once/);
  assert.equal(await use("up"), "");
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(root, "console/src/main.ts"), later, later);
  assert.equal(await use("run"), "");
  assert.match(await use("up"), /Building the console/);
});

test("`up` starts where the console cannot be built, says so, and does not try the same again", async (t) => {
  const cli = new Cli(t);
  const root = projectWithConsole(t, `console.error("no room"); process.exit(1);`);
  const first = await cli.startProgram(join(root, "longshore"), ["up"]).ended;
  assert.equal(first.code, 0);
  assert.deepEqual(JSON.parse(first.stdout), [cli.home, "up"]);
  assert.match(first.stderr, /no room[^]*could not be built[^]*starts without a new console/);
  assert.equal((await cli.startProgram(join(root, "longshore"), ["up"]).ended).stderr, "");
});
