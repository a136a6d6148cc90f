import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import type { Clock } from "../../ports/clock.ts";
import type { CgroupLimits, Cgroups } from "../cgroups/cgroups.ts";
import { openCgroups } from "../cgroups/open.ts";
import type { Allowance, Limits } from "./limits.ts";
import { createSpareGroups, isSpareName } from "./spare-groups.ts";

export interface AttemptGroupsSettings {
  readonly groups: Cgroups;
  readonly clock: Clock;
  /** The driver's directory, which exists: other drivers on this machine have other ones, and groups of their own. */
  readonly directory: string;
  /** Whether somebody has claimed the attempt and it is not forgotten. */
  readonly isKnown: (attemptId: string) => boolean;
}

/** In this time whatever an earlier server has handed to its shells is claimed. */
const HANDED_OVER_MS = 60_000;
const RETRY_MS = 10;
/** What was killed goes at once, unless the kernel is busy for it, with a slow disk for example. */
const RETRIES_MAX = 500;

/** Control groups that a process of ours can enter, or undefined. `bash`: its absolute path. */
export function openEnterableGroups(bash: string): Cgroups | undefined {
  return openCgroups((groups) => letsIn(groups, bash));
}

function letsIn(groups: Cgroups, bash: string): boolean {
  const probe = `probe-${process.pid}`;
  try {
    groups.make(probe, { memoryMiB: 64, cpu: { vcpuMilli: 1000 } });
    const enter = 'for file; do echo 0 > "$file" || exit 1; done';
    const entered = spawnSync(bash, ["--noprofile", "--norc", "-c", enter, "bash", ...groups.entrancesOf(probe)]);
    return entered.status === 0 && (!groups.limits.memory || groups.oomKills(probe) !== undefined);
  } finally {
    groups.remove(probe);
  }
}

/** Each attempt is in a control group of its own, from before it becomes its program until it is forgotten. */
export function createAttemptGroups({ groups, clock, directory, isKnown }: AttemptGroupsSettings): Limits {
  const prefix = ownPrefix(directory);
  const groupOf = (attemptId: string): string => prefix + attemptId;
  const spares = createSpareGroups(groups, prefix);
  /** Of the groups that this server made. */
  const limitsOf = new Map<string, CgroupLimits>();
  /** Groups that still have processes in them, which were killed and take a moment to go. */
  const emptying = new Map<string, Promise<boolean>>();

  /** Whether it is gone at last. */
  function remove(group: string): Promise<boolean> {
    if (groups.remove(group)) return Promise.resolve(true);
    let gone = emptying.get(group);
    if (gone === undefined) {
      gone = removeLater(group, RETRIES_MAX).finally(() => emptying.delete(group));
      emptying.set(group, gone);
    }
    return gone;
  }

  async function removeLater(group: string, triesLeft: number): Promise<boolean> {
    groups.kill(group);
    await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
    return groups.remove(group) || (triesLeft > 0 && removeLater(group, triesLeft - 1));
  }

  /** Groups that an earlier server left behind. An empty one may yet be entered, by an attempt that lies in the pipe of an old shell. */
  function sweep(which: "used" | "all"): void {
    for (const name of groups.namesBelow()) {
      const attemptId = name.slice(prefix.length);
      if (!name.startsWith(prefix) || limitsOf.has(attemptId) || spares.has(name)) continue;
      // In this order: who has entered it had claimed it before, so that one without a claim has been forgotten.
      const isUsed = isSpareName(attemptId) || groups.processesIn(name).length > 0;
      if ((isUsed || which === "all") && !isKnown(attemptId)) void remove(name);
    }
  }

  sweep("used");
  const cancelSweep = clock.after(HANDED_OVER_MS, () => sweep("all"));

  return {
    limitsSwap: groups.limits.swap,
    variables: () => ({}),
    prepare(attemptId, allowance) {
      const group = groupOf(attemptId);
      const limits = limitsFor(allowance);
      limitsOf.set(attemptId, limits);
      if (!spares.take(group, limits)) groups.make(group, limits);
      return groups.entrancesOf(group);
    },
    started: () => {},
    wasExceeded: (attemptId) => (groups.oomKills(groupOf(attemptId)) ?? 0) > 0,
    usageOf: (attemptId) => groups.usageOf(groupOf(attemptId)),
    async usedSoFar(attemptIds) {
      const seen = attemptIds.map((attemptId) => [attemptId, groups.usedSoFar(groupOf(attemptId))] as const);
      return new Map(seen.flatMap(([attemptId, used]) => (used === undefined ? [] : [[attemptId, used]])));
    },
    end: (attemptId) => groups.kill(groupOf(attemptId)),
    release(attemptId) {
      const group = groupOf(attemptId);
      const limits = limitsOf.get(attemptId);
      limitsOf.delete(attemptId);
      if (limits !== undefined && spares.keep(group, limits)) return Promise.resolve(true);
      return remove(group);
    },
    async close() {
      cancelSweep();
      spares.removeAll();
      await Promise.all(emptying.values());
    },
  };
}

/** By the directory itself, not its path: two containers on one machine may each have a directory of the same path. */
function ownPrefix(directory: string): string {
  const { dev, ino } = statSync(directory);
  return `${dev.toString(16)}-${ino.toString(16)}-`;
}

function limitsFor({ memoryMiB, swapMiB = 0, vcpuMilli, vcpuCeilingMilli: ceilingMilli }: Allowance): CgroupLimits {
  return { memoryMiB, swapMiB, cpu: { vcpuMilli, ...(ceilingMilli !== undefined && { ceilingMilli }) } };
}
