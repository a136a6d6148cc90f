import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/events.ts";
import type { Machine } from "../../ports/machine.ts";
import type { Store } from "../../ports/store.ts";

/** What events are told with. */
export interface EventsBackend {
  readonly events: EventLog;
  readonly store: Pick<Store, "jobs" | "environments" | "clusterId">;
  readonly machine: Pick<Machine, "hostName">;
  readonly clock: Clock;
}
