import type { Clock } from "../../ports/clock.ts";
import type { LogGroup, LogGroups } from "../../ports/log-groups.ts";
import type { LogStream, LogStreams } from "../../ports/log-streams.ts";
import type { LogReader } from "../../ports/logs.ts";
import type { PutEvents } from "../../ports/put-events.ts";
import type { TagTable } from "../../ports/store.ts";
import type { PageTokens } from "../wire/page-tokens.ts";

/** What the handlers of CloudWatch Logs work with. */
export interface LogsBackend {
  readonly groups: LogGroups;
  readonly streams: LogStreams;
  /** The output of attempts. */
  readonly output: LogReader;
  readonly putEvents: PutEvents;
  readonly tags: TagTable;
  readonly clock: Clock;
  readonly tokens: PageTokens;
  /** Called when something was deleted, so that its events are removed soon. */
  readonly removed: () => void;
}

export function readerOf(backend: LogsBackend, { origin }: LogStream): LogReader {
  return origin === "job" ? backend.output : backend.putEvents;
}

const DAY_MS = 24 * 3_600_000;

/** The time before which the group's events are too old to be shown; undefined when they are kept for ever. */
export function visibleFrom({ settings }: LogGroup, now: number): number | undefined {
  return settings.retentionInDays === undefined ? undefined : now - settings.retentionInDays * DAY_MS;
}
