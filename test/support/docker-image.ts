import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import Dockerode from "dockerode";
import { findSocket } from "../../src/drivers/docker/engine/probe.ts";

const REPOSITORY = "longshore-test/busybox";
const TAG = "1";
/** From the package busybox-static: a program that needs nothing else in its image. */
const BUSYBOX = "/bin/busybox";

let building: Promise<string> | undefined;

/** A client of the engine under test. */
export async function testEngine(): Promise<Dockerode> {
  // A test may keep its own process busy for longer than a server waits for an answer.
  const socketPath = await findSocket(undefined, 10_000);
  if (socketPath === undefined) throw new Error("No container engine answers.");
  return new Dockerode({ socketPath });
}

/** The name of an image with a shell and the usual small programs. Builds it, from this machine's busybox, unless the engine has it; nothing is pulled. */
export function ensureTestImage(): Promise<string> {
  building ??= build();
  return building;
}

async function build(): Promise<string> {
  return importTestImage(await testEngine());
}

/** The same for another engine. */
export async function importTestImage(docker: Dockerode): Promise<string> {
  const name = `${REPOSITORY}:${TAG}`;
  const isThere = await docker
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (isThere) return name;
  const answer = await docker.importImage(Readable.from([archive()]), { repo: REPOSITORY, tag: TAG });
  const said = await text(answer as Readable);
  if (said.includes('"error"')) throw new Error(`The test image was not built: ${said}`);
  return name;
}

/** A root file system as a tar archive. */
function archive(): Buffer {
  const root = mkdtempSync(path.join(tmpdir(), "longshore-image-"));
  try {
    // A temporary directory is its owner's alone; this one is every user's root.
    chmodSync(root, 0o755);
    for (const directory of ["bin", "etc", "tmp"]) mkdirSync(path.join(root, directory));
    chmodSync(path.join(root, "tmp"), 0o1777);
    copyFileSync(BUSYBOX, path.join(root, BUSYBOX));
    for (const applet of execFileSync(BUSYBOX, ["--list"], { encoding: "utf8" }).trim().split("\n")) {
      if (applet !== "busybox") symlinkSync("busybox", path.join(root, "bin", applet));
    }
    writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\nworker:x:1234:1234::/:/bin/sh\n");
    return execFileSync("tar", ["-c", "--owner=0", "--group=0", "-C", root, "."], { maxBuffer: 64 * 1024 * 1024 });
  } finally {
    rmSync(root, { recursive: true });
  }
}
