import type { EventKind, NewEvent } from "../core/events/event.ts";
import type { Scope } from "./store.ts";

/** One entry of the event log. */
export type LoggedEvent = Logged & NewEvent;

interface Logged {
  /** Its place: later events have higher ones, with gaps. */
  readonly seq: number;
  /** Epoch ms. */
  readonly at: number;
  readonly scope: Scope;
}

/** What of the log is there. */
export interface EventBounds {
  /** All events up to this place have been removed; 0: none. */
  readonly removedTo: number;
  /** The place of the newest event there ever was; 0: there was none. */
  readonly last: number;
}

export interface EventPage {
  /** In the order that was asked for. */
  readonly events: readonly LoggedEvent[];
  /** Everything up to this place, or down to it, has been looked at. */
  readonly lookedTo: number;
}

export interface EventFilter {
  /** Of one account and region, or of one account; absent: all. */
  readonly scope?: Scope;
  readonly kinds?: readonly EventKind[];
}

/**
 * The log of what happened. Events are written in the commit of the change that they tell, so there is one for each change that was kept, and none for
 * any other; `seq` is the order of those commits.
 */
export interface EventLog {
  bounds(): Promise<EventBounds>;
  /** The events behind `after` and up to `upTo`, at most `limit`, in order. Looks at a bounded number of them. */
  after(after: number, upTo: number, limit: number, filter: EventFilter): Promise<EventPage>;
  /** The events before `before`, at most `limit`, the newest first. Looks at a bounded number of them; `lookedTo` is 0 when there are no more. */
  before(before: number, limit: number, filter: EventFilter): Promise<EventPage>;
  /** The same of one job, by its id. */
  ofJob(scope: Scope, jobId: string, before: number, limit: number): Promise<EventPage>;
  /** The same of what is about a queue or an environment, and is no change of a job's status. */
  ofResource(scope: Scope, resource: string, before: number, limit: number): Promise<EventPage>;
  /** Of a job that is not there any more, as far as the log still knows, what it was called and when it was submitted, epoch ms; of a child its array's. */
  submissionOf(jobId: string): Promise<{ readonly name: string; readonly at: number } | undefined>;
  /** Calls `listener` when there may be new events. Returns how to stop that. */
  watch(listener: () => void): () => void;
  /** Removes the oldest events, at most `limit`: those before `time`, and those that are more than `kept`. Returns how many. */
  remove(bite: { readonly time: number; readonly kept: number; readonly limit: number }): Promise<number>;
}
