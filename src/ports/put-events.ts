import type { LogLine, LogReader } from "./logs.ts";

/** The events that PutLogEvents brought. The keys are those of streams whose origin is `put`. */
export interface PutEvents extends LogReader {
  /** Keeps events that are in order of time. Resolves, when they are durable, to false if there is no such stream (any more). */
  append(logId: string, events: readonly LogLine[], now: number): Promise<boolean>;
}
