import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import type { Clock } from "../../ports/clock.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import { kill } from "./process-table.ts";

/** The files of one generation of the kernel's memory controller. */
interface Controller {
  readonly limit: string;
  /** Memory and swap together (v1), or swap alone (v2); only there when the kernel counts swap. */
  readonly swap: string;
  readonly swapBytes: (limitBytes: number) => number;
  /** Has a line "oom_kill N". */
  readonly events: string;
  /** Whether a cgroup can get another name, and so serve one attempt after the other. */
  readonly renames: boolean;
}

const V1: Controller = {
  limit: "memory.limit_in_bytes",
  swap: "memory.memsw.limit_in_bytes",
  swapBytes: (limitBytes) => limitBytes,
  events: "memory.oom_control",
  renames: true,
};
const V2: Controller = {
  limit: "memory.max",
  swap: "memory.swap.max",
  swapBytes: () => 0,
  events: "memory.events",
  renames: false,
};

/** All our cgroups are children of one with this name. Theirs are a prefix, one for each driver directory, and the attempt id. */
const PARENT = "longshore";
const PROCESSES = "cgroup.procs";
const REMOVE_RETRY_MS = 10;
const REMOVE_RETRIES_MAX = 100;

export interface CgroupSettings {
  /** Absolute path of bash. */
  readonly bash: string;
  readonly clock: Clock;
  /** The driver's directory, which exists: other drivers on this machine have other ones, and cgroups of their own. */
  readonly directory: string;
  /** Whether the attempt is still there. Cgroups of others were left behind by a server that was killed, and are removed. */
  readonly isKnown: (attemptId: string) => boolean;
}

/**
 * Limits by memory cgroups, or undefined where none can be made (no root, no delegation, not Linux). Finds out by making
 * one and sending a process through it.
 */
export function openMemoryCgroups(settings: CgroupSettings): MemoryLimits | undefined {
  const prefix = ownPrefix(settings.directory);
  for (const { folder, controller } of candidates()) {
    if (!works(folder, controller, settings.bash)) continue;
    sweep(folder, prefix, settings.isKnown);
    return createMemoryCgroups(path.join(folder, prefix), controller, settings.clock);
  }
  return undefined;
}

/** By the directory itself, not its path: two containers on one machine may each have a directory of the same path. */
function ownPrefix(directory: string): string {
  const { dev, ino } = statSync(directory);
  return `${dev.toString(16)}-${ino.toString(16)}-`;
}

function sweep(folder: string, prefix: string, isKnown: (attemptId: string) => boolean): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix) && !isKnown(name.slice(prefix.length))) removeCgroup(path.join(folder, name));
  }
}

/** Places for our parent cgroup: the root of the v1 memory hierarchy; in v2 our own cgroup, if delegated, then the root. */
function candidates(): { folder: string; controller: Controller }[] {
  const mounts = readLines("/proc/self/mounts").map((line) => line.split(" "));
  const found: { folder: string; controller: Controller }[] = [];
  for (const [, mount, type, options] of mounts) {
    if (mount === undefined) continue;
    if (type === "cgroup" && options?.split(",").includes("memory") === true) {
      found.push({ folder: path.join(mount, PARENT), controller: V1 });
    }
    if (type === "cgroup2") {
      const own =
        readLines("/proc/self/cgroup")
          .find((line) => line.startsWith("0::"))
          ?.slice(3) ?? "/";
      for (const place of new Set([path.join(mount, own), mount])) {
        found.push({ folder: path.join(place, PARENT), controller: V2 });
      }
    }
  }
  return found;
}

function works(folder: string, controller: Controller, bash: string): boolean {
  const probe = path.join(folder, `probe-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    if (controller === V2) enableBelow(folder);
    mkdirSync(probe);
  } catch {
    removeCgroup(folder);
    return false;
  }
  try {
    limit(probe, controller, 64);
    const entering = spawnSync(bash, [
      "--noprofile",
      "--norc",
      "-c",
      'echo 0 > "$1"',
      "bash",
      path.join(probe, PROCESSES),
    ]);
    return entering.status === 0 && oomKills(probe, controller) !== undefined;
  } catch {
    return false;
  } finally {
    removeCgroup(probe);
  }
}

/** In v2 a controller must be switched on at each level above the cgroup that uses it. */
function enableBelow(folder: string): void {
  for (const level of [path.dirname(folder), folder]) {
    const control = path.join(level, "cgroup.subtree_control");
    if (!readFileSync(control, "utf8").split(/\s/).includes("memory")) writeFileSync(control, "+memory");
  }
}

/** Enough for bursts of short jobs. */
const SPARES_MAX = 16;

/**
 * Empty cgroups, kept for the next attempts with the same limit: making and removing one costs the kernel more than a short job does. One that ever had
 * its limit exceeded, or still has a process in it, is none.
 */
class SpareCgroups {
  readonly #pathPrefix: string;
  readonly #controller: Controller;
  readonly #pathsByMiB = new Map<number, string[]>();
  #made = 0;
  #kept = 0;

  constructor(pathPrefix: string, controller: Controller) {
    this.#pathPrefix = pathPrefix;
    this.#controller = controller;
  }

  /** False when there is none for this limit, or the attempt has its cgroup already. */
  take(cgroup: string, memoryMiB: number): boolean {
    const paths = this.#pathsByMiB.get(memoryMiB);
    const spare = paths?.at(-1);
    if (paths === undefined || spare === undefined || !renamed(spare, cgroup)) return false;
    paths.pop();
    this.#kept -= 1;
    return true;
  }

  /** False when it must be removed instead. */
  keep(cgroup: string, memoryMiB: number): boolean {
    if (!this.#controller.renames || this.#kept >= SPARES_MAX) return false;
    if (!existsSync(cgroup) || readLines(path.join(cgroup, PROCESSES)).length > 0) return false;
    if (oomKills(cgroup, this.#controller) !== 0) return false;
    const spare = `${this.#pathPrefix}spare-${(this.#made += 1)}`;
    if (!renamed(cgroup, spare)) return false;
    const paths = this.#pathsByMiB.get(memoryMiB);
    if (paths === undefined) this.#pathsByMiB.set(memoryMiB, [spare]);
    else paths.push(spare);
    this.#kept += 1;
    return true;
  }

  removeAll(): void {
    for (const paths of this.#pathsByMiB.values()) for (const spare of paths) removeCgroup(spare);
    this.#pathsByMiB.clear();
    this.#kept = 0;
  }
}

function createMemoryCgroups(pathPrefix: string, controller: Controller, clock: Clock): MemoryLimits {
  const cgroupOf = (attemptId: string) => pathPrefix + attemptId;
  /** Cgroups that still have processes in them, which were killed and take a moment to go. */
  const emptying = new Set<string>();
  const whenAllGone: (() => void)[] = [];
  const spares = new SpareCgroups(pathPrefix, controller);
  /** Limits of the cgroups that this server made. */
  const memoryMiBs = new Map<string, number>();

  function remove(attemptId: string, triesLeft: number): void {
    if (removeCgroup(cgroupOf(attemptId)) || triesLeft === 0) {
      emptying.delete(attemptId);
      if (emptying.size === 0) for (const resolve of whenAllGone.splice(0)) resolve();
      return;
    }
    emptying.add(attemptId);
    for (const pid of readLines(path.join(cgroupOf(attemptId), PROCESSES))) kill(Number(pid), "SIGKILL");
    clock.after(REMOVE_RETRY_MS, () => remove(attemptId, triesLeft - 1));
  }

  return {
    prepare(attemptId, memoryMiB) {
      const cgroup = cgroupOf(attemptId);
      memoryMiBs.set(attemptId, memoryMiB);
      if (!spares.take(cgroup, memoryMiB)) {
        mkdirSync(cgroup, { recursive: true });
        limit(cgroup, controller, memoryMiB);
      }
      return path.join(cgroup, PROCESSES);
    },
    started: () => {},
    wasExceeded: (attemptId) => (oomKills(cgroupOf(attemptId), controller) ?? 0) > 0,
    release(attemptId) {
      const memoryMiB = memoryMiBs.get(attemptId);
      memoryMiBs.delete(attemptId);
      if (memoryMiB !== undefined && spares.keep(cgroupOf(attemptId), memoryMiB)) return;
      if (!emptying.has(attemptId)) remove(attemptId, REMOVE_RETRIES_MAX);
    },
    close() {
      spares.removeAll();
      return emptying.size === 0 ? Promise.resolve() : new Promise((resolve) => whenAllGone.push(resolve));
    },
  };
}

function limit(cgroup: string, controller: Controller, memoryMiB: number): void {
  const bytes = memoryMiB * 1024 * 1024;
  writeFileSync(path.join(cgroup, controller.limit), String(bytes));
  const swap = path.join(cgroup, controller.swap);
  if (existsSync(swap)) writeFileSync(swap, String(controller.swapBytes(bytes)));
}

/** Undefined when there is no such cgroup. */
function oomKills(cgroup: string, controller: Controller): number | undefined {
  const line = readLines(path.join(cgroup, controller.events)).find((text) => text.startsWith("oom_kill "));
  return line === undefined ? undefined : Number(line.slice("oom_kill ".length));
}

function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** True when it is gone; false while something in it lives. */
function removeCgroup(cgroup: string): boolean {
  if (!existsSync(cgroup)) return true;
  try {
    rmdirSync(cgroup);
    return true;
  } catch {
    return !existsSync(cgroup);
  }
}

/** No lines when there is no such file. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}
