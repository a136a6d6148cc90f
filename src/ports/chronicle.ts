import type { EnvironmentPoint, QueuePoint } from "../core/chronicle/point.ts";

/** How long one entry of the chronicle lasts, seconds: a minute, ten, an hour. */
export const CHRONICLE_STEPS = [60, 600, 3_600] as const;
export type ChronicleStep = (typeof CHRONICLE_STEPS)[number];

/** For how long each is kept, ms: a day and some of minutes, a week and some, and 90 days. */
export const CHRONICLE_KEPT_MS: Readonly<Record<ChronicleStep, number>> = {
  60: 26 * 3_600_000,
  600: 8 * 24 * 3_600_000,
  3600: 90 * 24 * 3_600_000,
};

/** What one span of time was, of all accounts. A queue in which nothing was, and nothing happened, is left out. */
export interface ChronicleEntry {
  /** Epoch ms: its beginning, a multiple of its step. */
  readonly at: number;
  /** By ARN. */
  readonly queues: ReadonlyMap<string, QueuePoint>;
  readonly environments: ReadonlyMap<string, EnvironmentPoint>;
}

export interface ChronicleQuery {
  readonly step: ChronicleStep;
  /** Epoch ms. */
  readonly from: number;
  /** Not included. */
  readonly to: number;
  /** `account/region`. */
  readonly scope: string;
  /** ARNs of queues and environments; absent: all of the scope. */
  readonly arns?: readonly string[];
}

/** What is kept of how queues and environments did over time, for charts. */
export interface Chronicle {
  /** Adds what a minute was. What was written of the same minute before is its first part. */
  addMinute(entry: ChronicleEntry): Promise<void>;
  /** Makes longer entries of such as are whole before `now`, and removes what is too old. False when there may be more to do. */
  roll(now: number): Promise<boolean>;
  /** In order of time. Times at which nothing at all was written are not there. */
  read(query: ChronicleQuery): Promise<ChronicleEntry[]>;
}
