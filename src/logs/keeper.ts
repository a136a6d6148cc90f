import type { Clock } from "../ports/clock.ts";
import type { LogGroups } from "../ports/log-groups.ts";
import type { LogRemoval, LogRemovals } from "../ports/log-streams.ts";
import type { LogFiles } from "./files.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GROUPS_AT_ONCE = 100;
const STREAMS_AT_ONCE = 50;
const EVENTS_AT_ONCE = 5_000;

/** Removes for good what was deleted, and what is older than its group keeps it. */
export interface LogKeeper {
  /** Something was deleted: it is removed soon. Otherwise that happens every hour. */
  nudge(): void;
  /** Resolves when nothing is being removed any more. What is left is removed after the next start. */
  close(): Promise<void>;
}

export interface KeptLogs {
  readonly groups: LogGroups;
  readonly removals: LogRemovals;
  readonly files: Pick<LogFiles, "remove">;
  readonly clock: Clock;
}

export function createLogKeeper(
  options: KeptLogs & { readonly onError: (what: string, error: unknown) => void },
): LogKeeper {
  const { clock } = options;
  let isClosed = false;
  let isNudged = false;
  let round: Promise<void> | undefined;
  let cancel: (() => void) | undefined;

  async function work(): Promise<void> {
    do {
      isNudged = false;
      await removeOldLogs(options, () => isClosed);
    } while (isNudged);
  }

  function begin(): void {
    if (isClosed || round !== undefined) return;
    cancel?.();
    cancel = clock.after(HOUR_MS, begin);
    round = work()
      .catch((error: unknown) => options.onError("removing old logs failed; it is tried again in an hour", error))
      .finally(() => {
        round = undefined;
      });
  }

  begin();
  return {
    nudge() {
      isNudged = !isClosed;
      begin();
    },
    async close() {
      isClosed = true;
      isNudged = false;
      cancel?.();
      await round;
    },
  };
}

/** Removes, bit by bit, all that there is to remove now, unless `isOver` says to stop. */
export async function removeOldLogs(kept: KeptLogs, isOver: () => boolean): Promise<void> {
  const { groups, removals, clock } = kept;
  await removeDeleted(kept, isOver);
  let after = 0;
  for (;;) {
    const page = isOver() ? [] : await groups.expiring(after, GROUPS_AT_ONCE);
    for (const { id, retentionInDays } of page) {
      await removeExpired(kept, id, clock.now() - retentionInDays * DAY_MS, isOver);
      after = id;
    }
    if (page.length < GROUPS_AT_ONCE) break;
  }
  if (!isOver()) await removals.forgetGroups();
}

async function removeDeleted({ removals, files }: KeptLogs, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const streams = await removals.deleted(STREAMS_AT_ONCE);
    if (streams.length === 0) return;
    const put = streams.filter(({ origin }) => origin === "put").map(({ logId }) => logId);
    while (put.length > 0 && (await removals.removePut(put, EVENTS_AT_ONCE)) === EVENTS_AT_ONCE) {
      if (isOver()) return;
    }
    await removeStreams(streams, removals, files);
  }
}

async function removeExpired(
  { removals, files }: KeptLogs,
  group: number,
  before: number,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver() && (await removals.removePutBefore(group, before, EVENTS_AT_ONCE)) === EVENTS_AT_ONCE);
  while (!isOver()) {
    const streams = await removals.expired(group, before, STREAMS_AT_ONCE);
    if (streams.length === 0) return;
    await removeStreams(streams, removals, files);
  }
}

/** The files first: what is noted as removed must be gone. */
async function removeStreams(
  streams: readonly LogRemoval[],
  removals: LogRemovals,
  files: KeptLogs["files"],
): Promise<void> {
  for (const { logId, origin } of streams) if (origin === "job") files.remove(logId);
  await removals.done(streams.map(({ logId }) => logId));
}
