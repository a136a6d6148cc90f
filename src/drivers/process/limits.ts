import type { Usage, UsedSoFar } from "../../core/usage.ts";
import type { AttemptSpec } from "../../ports/driver.ts";

/** What an attempt may have of the machine. */
export type Allowance = Pick<AttemptSpec, "memoryMiB" | "vcpuMilli" | "vcpuCeilingMilli"> & {
  /** Beyond its memory; by default none. */
  readonly swapMiB?: number;
};

/** Holds attempts to what they may have, finds out what they use, and ends all that belongs to them. */
export interface Limits {
  /** Whether swap is limited too. */
  readonly limitsSwap: boolean;
  /** By which its processes are known, wherever they go; none where the kernel keeps them together. */
  variables(attemptId: string): Readonly<Record<string, string>>;
  /** Before the start. Returns the files to each of which a process writes 0 to come under the limits. */
  prepare(attemptId: string, allowance: Allowance): readonly string[];
  /** The program runs, as leader of the process group `group`; also one that an earlier server started. */
  started(attemptId: string, group: number, memoryMiB: number): void;
  /** Whether something of the attempt was killed for its memory since `prepare`. */
  wasExceeded(attemptId: string): boolean;
  /** So far, or until its end; as much as is known. */
  usageOf(attemptId: string): Usage;
  /** What these use now; of what is not seen there is nothing. */
  usedSoFar(attemptIds: readonly string[]): Promise<Map<string, UsedSoFar>>;
  /** The program ran and is over: what it left behind is killed. */
  end(attemptId: string): void;
  /**
   * After `end`, or when it never began: resolves when nothing of it is left that can be found; true when nothing can be left. Repeating it does nothing.
   */
  release(attemptId: string): Promise<boolean>;
  /** Attempts go on. Resolves when all that was to be removed is gone. */
  close(): Promise<void>;
}

/** Where the kernel keeps an attempt's processes together, but does not limit their memory: that is watched. */
export function withMemoryOf(watch: Limits, groups: Limits): Limits {
  return {
    limitsSwap: false,
    variables: (attemptId) => watch.variables(attemptId),
    prepare: (attemptId, allowance) => groups.prepare(attemptId, allowance),
    started(attemptId, group, memoryMiB) {
      groups.started(attemptId, group, memoryMiB);
      watch.started(attemptId, group, memoryMiB);
    },
    wasExceeded: (attemptId) => watch.wasExceeded(attemptId),
    usageOf: (attemptId) => ({ ...watch.usageOf(attemptId), ...groups.usageOf(attemptId) }),
    usedSoFar: (attemptIds) => watch.usedSoFar(attemptIds),
    end(attemptId) {
      groups.end(attemptId);
      watch.end(attemptId);
    },
    async release(attemptId) {
      await watch.release(attemptId);
      return groups.release(attemptId);
    },
    close: async () => void (await Promise.all([groups.close(), watch.close()])),
  };
}
