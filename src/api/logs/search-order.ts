import type { LogPosition } from "../../ports/logs.ts";

/** Forward: the earliest events first. The order over streams is: time, name of the stream, place in it. */
export type Direction = "forward" | "backward";

/** Where a search over several streams stands: what comes before this in its order has been looked at. */
export interface SearchCursor {
  readonly time: number;
  /** The last event that has been looked at, which is of that time. Without it, nothing of that time has been looked at. */
  readonly event?: { readonly stream: string; readonly position: LogPosition };
}

export interface TimeRange {
  readonly startTime?: number;
  /** Exclusive. */
  readonly endTime?: number;
}
