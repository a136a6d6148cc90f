import type { Machine } from "../../ports/machine.ts";
import type { Scheduler } from "../../ports/scheduler.ts";
import type { Store } from "../../ports/store.ts";
import type { PageTokens } from "../wire/page-tokens.ts";

/** What tells of the machine and the tasks that run on it. */
export interface MachineBackend {
  readonly store: Pick<Store, "environments" | "jobs">;
  readonly scheduler: Pick<Scheduler, "goneInstances" | "instances" | "occupancy" | "terminateInstance">;
  readonly tokens: PageTokens;
  readonly machine: Machine;
}
