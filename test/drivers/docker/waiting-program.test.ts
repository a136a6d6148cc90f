import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Architecture } from "../../../src/drivers/docker/tasks/waiting-program.ts";
import { waitingProgram } from "../../../src/drivers/docker/tasks/waiting-program.ts";
import { until } from "../../support/until.ts";

const ARCHITECTURES: Partial<Record<NodeJS.Architecture, Architecture>> = { x64: "amd64", arm64: "arm64" };
const architecture = process.platform === "linux" ? ARCHITECTURES[process.arch] : undefined;

const skip = architecture === undefined && "no such program for this machine";

test("the program sleeps, cares for no child, and ends when it is killed", { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-wait-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "wait");
  writeFileSync(file, waitingProgram(architecture!), { mode: 0o755 });
  const program = spawn(file, { stdio: "ignore" });
  const exited = once(program, "exit");
  t.after(() => program.kill("SIGKILL"));
  const status = (name: string): string =>
    new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(readFileSync(`/proc/${program.pid}/status`, "utf8"))![1]!;
  const SIGCHLD_BIT = 1n << 16n;
  await until("it ignores SIGCHLD", () => (BigInt(`0x${status("SigIgn")}`) & SIGCHLD_BIT) !== 0n);
  await until("it sleeps", () => status("State") === "S");
  program.kill("SIGCHLD");
  program.kill("SIGKILL");
  assert.deepEqual(await exited, [null, "SIGKILL"]);
});
