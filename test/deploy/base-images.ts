import { execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { ROOT } from "../../scripts/lock.ts";
import { testEngine } from "../support/docker-image.ts";

/** Stand-ins for the images that the Dockerfile builds on, made of what this machine has: nothing can be pulled where tests run. */

const REPOSITORY = "longshore-test/deploy";
/** What is built on them has it, too: so all of it can be found and removed. */
const LABEL = "longshore-test=deploy";
/** From the package busybox-static. */
const BUSYBOX = "/bin/busybox";
/** What the launcher and the process driver need and that one has not. */
const OTHER_PROGRAMS = ["/usr/bin/cksum", "/bin/bash"];
const NODE = realpathSync(join(ROOT, "node_modules", ".bin", "node"));
/** With the stamp of scripts/install.sh, which then has nothing to do. */
const PACKAGES = realpathSync(join(ROOT, "node_modules"));
/** What only checks and tests the code, what nothing imports (ace-builds), and what the Dockerfile removes anyway: two thirds of all. */
const NOT_FOR_BUILDING = [
  ...["*.d.ts", "*.d.mts", "*.d.cts", "*.map", "node_modules/.cache", "node-linux-*/include", "node-linux-*/share"],
  ...["@oxlint", "@oxlint-tsgolint", "@oxfmt", "@oxc-parser", "@oxc-resolver", "oxfmt", "oxlint", "knip"],
  ...["@typescript", "typescript", "playwright-core", "axe-core", "fast-check"],
  ...["ace-builds", "@aws-sdk/client-ec2", "@aws-sdk/client-sts", "zod"],
].map((name) => (/^node_modules|\*/.test(name) ? name : `node_modules/${name}`));

/** For BASE_IMAGE: a shell, small programs and the libraries that Node is linked to, as in debian:bookworm-slim. */
export function importBaseImage(): Promise<string> {
  return importImage("base", (root) => {
    addSystem(root);
    return [];
  });
}

/** For BUILD_IMAGE: that, npm, and the packages that are installed here. */
export function importBuildImage(): Promise<string> {
  return importImage("build", (root) => {
    addSystem(root);
    const npm = realpathSync(execFileSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim());
    cpSync(dirname(dirname(npm)), join(root, "usr/lib/npm"), { recursive: true });
    symlinkSync("/usr/lib/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm"));
    symlinkSync("/opt/longshore/node_modules/.bin/node", join(root, "usr/local/bin/node"));
    return [
      ...NOT_FOR_BUILDING.map((pattern) => `--exclude=${pattern}`),
      "--transform=s,^node_modules,opt/longshore/node_modules,S",
      ...["-C", dirname(PACKAGES), "node_modules"],
    ];
  });
}

/** Both, and all that was built on them. */
export async function removeImages(): Promise<void> {
  const filters = { label: [LABEL], dangling: ["false"] };
  await (await testEngine()).pruneImages({ filters });
}

/** @param fill makes a root file system, and says what else tar is to put into it. */
async function importImage(tag: string, fill: (root: string) => readonly string[]): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "longshore-image-"));
  try {
    // A temporary directory is its owner's alone; this one is every user's root.
    chmodSync(root, 0o755);
    const tar = spawn("tar", ["-c", "--owner=0", "--group=0", "-C", root, ".", ...fill(root)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const answer = await (
      await testEngine()
    ).importImage(tar.stdout, {
      ...{ repo: REPOSITORY, tag, changes: `LABEL ${LABEL}` },
    });
    const said = await text(answer as Readable);
    if (said.includes('"error"') || tar.exitCode !== 0) throw new Error(`${REPOSITORY}:${tag} was not made: ${said}`);
  } finally {
    rmSync(root, { recursive: true });
  }
  return `${REPOSITORY}:${tag}`;
}

function addSystem(root: string): void {
  for (const directory of ["bin", "etc", "tmp", "usr/bin", "usr/local/bin"]) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  chmodSync(join(root, "tmp"), 0o1777);
  cpSync(BUSYBOX, join(root, BUSYBOX));
  for (const applet of execFileSync(BUSYBOX, ["--list"], { encoding: "utf8" }).trim().split("\n")) {
    if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  }
  symlinkSync("/bin/env", join(root, "usr/bin/env"));
  for (const file of [...OTHER_PROGRAMS, ...[NODE, ...OTHER_PROGRAMS].flatMap(librariesOf)]) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    cpSync(realpathSync(file), join(root, file));
  }
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
}

/** Paths, the loader's among them. */
function librariesOf(program: string): string[] {
  const printed = execFileSync("ldd", [program], { encoding: "utf8" });
  const linked = [...printed.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]!);
  const c = linked.find((path) => path.endsWith("/libc.so.6"));
  if (c === undefined)
    throw new Error(`${program} is not linked to a C library of the kind that packages are built for.`);
  // A part of the C library that Node has no need of; what builds the console has.
  return [...linked, join(dirname(c), "librt.so.1")];
}
