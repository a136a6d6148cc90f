import type { Requirements } from "../core/job.ts";

/** The engine as the API sees it. */
export interface Scheduler {
  /** There are new jobs or stop requests. Resolves when a tick has seen them. */
  nudge(): Promise<void>;
  /** Compute environments or job queues were written. Resolves when a tick has seen them. */
  nudgeResources(): Promise<void>;
  /** Why a RUNNABLE job waits, after the last tick; undefined when nothing is in its way. */
  waitingText(queueArn: string, jobId: string, requirements: Requirements): string | undefined;
}
