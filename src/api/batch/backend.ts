import type { Clock } from "../../ports/clock.ts";
import type { Machine } from "../../ports/machine.ts";
import type { Scheduler } from "../../ports/scheduler.ts";
import type { Store } from "../../ports/store.ts";
import type { PageTokens } from "../wire/page-tokens.ts";
import type { Limits } from "./limits.ts";

/** What the Batch handlers work with. */
export interface Backend {
  readonly store: Omit<Store, "scheduling" | "clusterId" | "tokenKey" | "close">;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly tokens: PageTokens;
  readonly limits: Limits;
  /** What pods run on. */
  readonly machine: Pick<Machine, "hostName">;
  /** Longshore's version, for messages. */
  readonly version: string;
}
