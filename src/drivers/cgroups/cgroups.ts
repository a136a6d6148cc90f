import type { Usage, UsedSoFar } from "../../core/usage.ts";

/**
 * Control groups below one that is Longshore's own, in whichever version this machine has. A group's name is its path below that one,
 * such as `attempt` or `instance/attempt`; names with the same parent may replace each other.
 */
export interface Cgroups {
  readonly version: 1 | 2;
  /** What can be limited here. A limit that cannot be is passed over: ask first where that matters. */
  readonly limits: Readonly<Record<"memory" | "swap" | "cpu", boolean>>;
  /** Makes the group, with those above it, and limits it; one that is there gets these limits. Throws the system's error. */
  make(name: string, limits: CgroupLimits): void;
  /** Files: a process that writes 0 to each of them is in the group, and so are its children from then on. */
  entrancesOf(name: string): readonly string[];
  /** The groups just below this one; of Longshore's own group without a name. */
  namesBelow(name?: string): readonly string[];
  /** Ids of the processes in the group itself. None when there is no such group. */
  processesIn(name: string): readonly number[];
  /** Kills what is in the group itself. Where the kernel has no kill of whole groups, one that forks faster than it can be found may escape: do it until none is left. */
  kill(name: string): void;
  /** Since it was made or `forgetUsage`, all that was in it together, also what is over. Empty when there is no such group. */
  usageOf(name: string): Usage;
  /** What is in it now. Undefined when there is no such group, or it does not count that. */
  usedSoFar(name: string): UsedSoFar | undefined;
  /** How many processes were killed for its memory since it was made; undefined when there is no such group, or no limit on memory. */
  oomKills(name: string): number | undefined;
  /** The group goes on with another name. False when the kernel cannot do that, or the other name is taken. */
  rename(from: string, to: string): boolean;
  /** Begins to count anew, in an empty group. False when the kernel cannot do that. */
  forgetUsage(name: string): boolean;
  /** Whether next to nothing of what its processes have left in memory, such as the pages of files, still counts as the group's. */
  isClean(name: string): boolean;
  /** True when it is gone; false while something is in it or below it. */
  remove(name: string): boolean;
}

export interface CgroupLimits {
  readonly memoryMiB?: number;
  /** Beyond its memory; by default none. */
  readonly swapMiB?: number;
  readonly cpu?: CpuLimit;
}

/** 1000 are one vCPU: the weight of an ordinary process. To a ceiling it is held also while processors are idle. */
export interface CpuLimit {
  readonly vcpuMilli: number;
  readonly ceilingMilli?: number;
}

export const BYTES_PER_MIB = 1024 * 1024;
/** Of processor time that a ceiling gives out at a time, as container engines do. */
export const CEILING_PERIOD_US = 100_000;
/** The kernel gives out no less. */
const LEAST_QUOTA_US = 1000;

/** Microseconds of processor time in each period. */
export function quotaUs(vcpuMilli: number): number {
  return Math.max(LEAST_QUOTA_US, Math.round((vcpuMilli * CEILING_PERIOD_US) / 1000));
}

export function usageFrom(cpuMs: number | undefined, peakMemoryMiB: number | undefined): Usage {
  return { ...(cpuMs !== undefined && { cpuMs }), ...(peakMemoryMiB !== undefined && { peakMemoryMiB }) };
}
