import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { findProgram } from "./find-program.ts";
import { HAS_PROC } from "./process-table.ts";
import { hasGpus } from "./gpus.ts";
import { inherited } from "./spec.ts";
import type { ArgumentLimits, Host } from "./spec.ts";
import type { UserFiles } from "./users.ts";

/** This machine cannot run processes for us. The message says what to install. */
export class ProcessDriverUnavailable extends Error {
  override readonly name = "ProcessDriverUnavailable";
}

/** What the driver uses of this machine. */
export interface Machine extends Omit<Host, "limitsSwap"> {
  /** Absolute paths. */
  readonly bash: string;
  readonly env: string;
  /**
   * What to put before a command so that it runs under the kernel's batch policy, where there is one: a program that wakes up then does not
   * push the server, or anything interactive, off its core. Its share of the processor stays the same.
   */
  readonly batchPolicy: readonly string[];
}

/** Throws ProcessDriverUnavailable when a program that the driver needs is missing. */
export function readMachine(): Machine {
  const userId = process.getuid?.() ?? 0;
  const setprivFile = setpriv();
  return {
    environment: inherited(process.env),
    userId,
    groupId: process.getgid?.() ?? 0,
    userName: userName(userId),
    setpriv: setprivFile,
    whyNobodyElse: whyNobodyElse(userId, setprivFile),
    userFiles,
    hasGpus: hasGpus(),
    architecture: process.arch,
    limits: argumentLimits(),
    bash: needed("bash", "bash (apt-get install bash, apk add bash, dnf install bash)"),
    env: needed("env", "coreutils (apt-get install coreutils, apk add coreutils, dnf install coreutils)"),
    batchPolicy: batchPolicy(),
  };
}

function setpriv(): string | undefined {
  const found = findProgram("setpriv", process.env["PATH"], process.cwd());
  return found.kind === "program" ? found.file : undefined;
}

/** Only a superuser can become somebody else, and not in every container. */
function whyNobodyElse(userId: number, setprivFile: string | undefined): string | undefined {
  if (userId !== 0) return "the server does not run as root";
  if (setprivFile === undefined) return "setpriv (package util-linux) is not in the server's PATH";
  const tried = spawnSync(setprivFile, ["--reuid=65534", "--regid=65534", "--clear-groups", "true"], {
    stdio: "ignore",
  });
  return tried.status === 0 ? undefined : "the server's root may not become another user";
}

function userFiles(): UserFiles {
  return { passwd: textOf("/etc/passwd"), group: textOf("/etc/group") };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // A system without it has its users elsewhere: numbers still do.
  }
}

function batchPolicy(): readonly string[] {
  const chrt = findProgram("chrt", process.env["PATH"], process.cwd());
  if (chrt.kind !== "program") return [];
  const prefix = [chrt.file, "-b", "0"] as const;
  return spawnSync(prefix[0], [...prefix.slice(1), "true"], { stdio: "ignore" }).status === 0 ? prefix : [];
}

function needed(program: string, packageNames: string): string {
  const found = findProgram(program, process.env["PATH"], process.cwd());
  if (found.kind === "program") return found.file;
  throw new ProcessDriverUnavailable(
    `The process driver needs ${program}, and it is not in PATH (${process.env["PATH"] ?? "not set"}). Install ${packageNames}, or choose the docker driver.`,
  );
}

/** A user id without an entry in the password file (a container's, say) has no name. */
function userName(userId: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(userId);
  }
}

/** Linux: a string has 32 pages, all have a quarter of the stack, 128 KiB at least and 6 MiB at most. macOS: 1 MiB in all. */
function argumentLimits(): ArgumentLimits {
  const totalMax = 1024 * 1024;
  if (!HAS_PROC) return { stringBytes: totalMax, totalBytes: totalMax };
  const stack = /^Max stack size +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  const quarter = stack === null ? Number.POSITIVE_INFINITY : Number(stack[1]) / 4;
  return { stringBytes: 128 * 1024, totalBytes: Math.floor(Math.min(6 * 1024 * 1024, Math.max(128 * 1024, quarter))) };
}
