import type { QueryKey } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { liveConnection } from "./live-connection.ts";
import type { LiveEvent, LiveState } from "./live-connection.ts";

export type { LiveEvent } from "./live-connection.ts";

/** Events may come by the thousand: what they concern is asked for again at most so often. */
const AT_MOST_EVERY_MS = 1_000;

/**
 * Asks again for the queries whose keys begin with one of `prefixes`, soon after each event that `concerns` lets through (default: each). Where the
 * server has no events, and after a time without a connection, that is done from time to time instead.
 *
 * Both may be new at each drawing; what counts is the prefixes' text.
 */
export function useLive(prefixes: readonly QueryKey[], concerns: (event: LiveEvent) => boolean = always): void {
  const queries = useQueryClient();
  const text = JSON.stringify(prefixes);
  useEffect(() => {
    let timer: number | undefined;
    let lastAt = 0;
    const invalidate = (): void => {
      timer = undefined;
      lastAt = Date.now();
      for (const queryKey of JSON.parse(text) as QueryKey[]) void queries.invalidateQueries({ queryKey });
    };
    const unsubscribe = liveConnection.subscribe((event) => {
      if (event !== undefined && !concerns(event)) return;
      timer ??= window.setTimeout(invalidate, Math.max(0, lastAt + AT_MOST_EVERY_MS - Date.now()));
    });
    return () => {
      window.clearTimeout(timer);
      unsubscribe();
    };
    // `concerns` is taken as it was when the prefixes were given: it must only depend on what they have.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [queries, text]);
}

/** For what the frame says about how fresh the pages are. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(liveConnection.watch, () => liveConnection.state);
}

function always(): boolean {
  return true;
}
