import type { PriceBook } from "../../core/cost/price.ts";
import type { Capacity } from "../../core/resources.ts";
import type { OversizedJobs } from "../../core/submission/oversized.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Machine } from "../../ports/machine.ts";
import type { Scheduler } from "../../ports/scheduler.ts";
import type { EnvironmentSettings, Store } from "../../ports/store.ts";
import type { PageTokens } from "../wire/page-tokens.ts";
import type { Limits } from "./limits.ts";

/** What the Batch handlers work with. */
export interface Backend {
  readonly store: Omit<Store, "scheduling" | "clusterId" | "tokenKey" | "close">;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly tokens: PageTokens;
  readonly limits: Limits;
  readonly prices: PriceBook;
  /** What this machine has in all, and what becomes of jobs that ask for more. */
  readonly capacity: Capacity;
  readonly oversizedJobs: OversizedJobs;
  /** Whether the jobs of an environment run on other machines, which this one's size says nothing of. */
  runsElsewhere(environment: EnvironmentSettings): boolean;
  /** How many jobs that are not over there may be. */
  readonly maxJobs: number;
  /** The part of the heap that is in use, from 0 to 1. */
  readonly heapUsed: () => number;
  /** What pods run on. */
  readonly machine: Pick<Machine, "hostName">;
  /** Longshore's version, for messages. */
  readonly version: string;
}
