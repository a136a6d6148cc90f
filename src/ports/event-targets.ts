import type { EventEnvelope } from "./event-report.ts";

/** How far each target is, and what it could not be given. */
export interface TargetTable {
  /** The place of the last event that is settled for a target; undefined: it was never known. */
  cursor(target: string): Promise<number | undefined>;
  /** Everything up to this place is delivered, or among the dead letters. One write. */
  settle(target: string, cursor: number, dead: readonly NewDeadLetter[]): Promise<void>;
  /** Of one target or of all, the newest first. */
  deadLetters(query: DeadLetterQuery): Promise<DeadLetter[]>;
  countDeadLetters(): Promise<ReadonlyMap<string, number>>;
  removeDeadLetters(ids: readonly number[]): Promise<number>;
  /** It was tried once more. */
  failedAgain(id: number, error: string): Promise<void>;
}

export interface NewDeadLetter {
  readonly target: string;
  /** The event's place in the log. */
  readonly seq: number;
  readonly event: EventEnvelope;
  readonly error: string;
  readonly attempts: number;
  /** Epoch ms. */
  readonly at: number;
}

export interface DeadLetter extends NewDeadLetter {
  readonly id: number;
}

export interface DeadLetterQuery {
  readonly target?: string;
  readonly ids?: readonly number[];
  readonly before?: number;
  readonly limit: number;
}

/** What the leader delivers to. */
export interface EventTargets {
  states(): Promise<TargetState[]>;
  /** Tries dead letters once each; those that are delivered are removed. */
  retry(query: DeadLetterQuery): Promise<RetriedLetters>;
}

export interface RetriedLetters {
  readonly delivered: number;
  readonly failed: number;
}

export interface TargetState {
  readonly name: string;
  readonly type: "webhook" | "eventbridge";
  /** Where it delivers to, without what may be secret in it. */
  readonly to: string;
  readonly status: "idle" | "delivering" | "retrying";
  /** How many places of the log are behind it, at most. */
  readonly lag: number;
  readonly deadLetters: number;
  readonly delivered: number;
  /** Epoch ms. */
  readonly lastDeliveredAt?: number;
  readonly lastError?: { readonly at: number; readonly message: string; readonly attempts: number };
  /** Events that were removed from the log before they could be delivered. */
  readonly missed: number;
}
