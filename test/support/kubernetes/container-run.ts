import type { ContainerLog } from "./container-log.ts";

/** How a container ended. `oom`: it was killed for its memory. */
export interface Exit {
  readonly exitCode: number;
  readonly oom: boolean;
}

/** A container that was started. */
export interface ContainerRun {
  readonly log: ContainerLog;
  /** Settles when it is over and its log is complete. */
  readonly exited: Promise<Exit>;
  /** To its first process; SIGKILL ends all of its processes. */
  signal(name: "SIGTERM" | "SIGKILL"): void;
}

/** It could not be started: the text of the runtime. */
export class StartError extends Error {}
