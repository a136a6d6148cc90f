/** Holds attempts to their memory. */
export interface MemoryLimits {
  /** Before the start. Returns the file through which a process comes under the limit by writing 0 to it, if there is one. */
  prepare(attemptId: string, memoryMiB: number): string | undefined;
  /** The program runs, in the process group `group`; also for programs that an earlier server started. */
  started(attemptId: string, group: number, memoryMiB: number): void;
  /** Whether something of the attempt was killed for its memory since `prepare`. */
  wasExceeded(attemptId: string): boolean;
  /** After the end, or when it never began: kills what is left and removes the limit. Repeating it does nothing. */
  release(attemptId: string): void;
  /** Resolves when all that was released is gone: within about a second. */
  close(): Promise<void>;
}
