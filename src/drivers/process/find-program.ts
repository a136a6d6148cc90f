import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import path from "node:path";
import type { Refusal } from "./spec.ts";

/** Container engines use this when a container sets no PATH. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface Program {
  readonly kind: "program";
  /** Absolute. */
  readonly file: string;
}

/**
 * Finds the file that a command names, as execvp and container engines do: with a slash it is a path from the working
 * directory, without one it is looked for in `searchPath`. The reasons are the container engines' own, so that what
 * matches on them works here too.
 */
export function findProgram(
  command: string,
  searchPath: string | undefined,
  workingDirectory: string,
): Program | Refusal {
  if (command.includes("/")) return atPath(command, path.resolve(workingDirectory, command));
  for (const folder of (searchPath ?? DEFAULT_PATH).split(":")) {
    const file = path.resolve(workingDirectory, folder, command);
    if (isExecutableFile(file)) return withInterpreter(command, file);
  }
  return refusal(command, "executable file not found in $PATH");
}

function atPath(command: string, file: string): Program | Refusal {
  const found = lookAt(file);
  if (found === undefined) return refusal(command, `stat ${command}: no such file or directory`);
  if (found.isDirectory()) return refusal(command, "is a directory");
  if (!isExecutableFile(file)) return refusal(command, "permission denied");
  return withInterpreter(command, file);
}

/** A script whose interpreter is missing fails only in the kernel, and its shell would say so in the program's log. */
function withInterpreter(command: string, file: string): Program | Refusal {
  const interpreter = /^#![ \t]*(\S+)/.exec(beginningOf(file))?.[1];
  if (interpreter === undefined || !path.isAbsolute(interpreter) || isExecutableFile(interpreter)) {
    return { kind: "program", file };
  }
  return refusal(command, `its interpreter ${interpreter}: no such file or directory`);
}

/** As much as the kernel reads to find an interpreter; nothing when the file may be run but not read. */
function beginningOf(file: string): string {
  const buffer = Buffer.alloc(256);
  try {
    const descriptor = openSync(file, "r");
    try {
      return buffer.toString("latin1", 0, readSync(descriptor, buffer));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "";
  }
}

function isExecutableFile(file: string): boolean {
  if (lookAt(file)?.isFile() !== true) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lookAt(file: string) {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined; // A folder that may not be read, a name that is too long, a loop of links: not there for us.
  }
}

function refusal(command: string, why: string): Refusal {
  return { kind: "refusal", reason: `CannotStartContainerError: exec: "${command}": ${why}` };
}
