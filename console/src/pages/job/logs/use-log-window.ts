import { useEffect, useMemo, useSyncExternalStore } from "react";
import { isWorthRetrying } from "../../../api/call.ts";
import { lineMark } from "./log-search.ts";
import type { LogLine, LogView } from "./log-window.ts";
import { LogWindow } from "./log-window.ts";
import type { LogSource } from "./read-log.ts";
import { readLog } from "./read-log.ts";

/** Between two looks at the log's end: soon after it grew, later when it rests. */
const SOONEST_MS = 200;
const LATEST_MS = 1_000;
const AFTER_ERROR_MS = 3_000;

export interface OpenLog {
  readonly window: LogWindow;
  readonly view: LogView;
}

export interface LogPlace {
  readonly timestamp: number;
  readonly mark: string;
}

/**
 * A log that is open in memory. While `follows`, what is written to it arrives by itself, each line once; not while nobody sees the page.
 *
 * @param isOver nothing more will be written.
 */
export function useLogWindow(source: LogSource, follows: boolean, isOver: boolean): OpenLog {
  const { logGroupName, logStreamName } = source;
  const log = useMemo(() => new LogWindow(readLog({ logGroupName, logStreamName })), [logGroupName, logStreamName]);
  const view = useSyncExternalStore(log.subscribe, log.view);
  const isOpen = !view.isOpening;
  useEffect(() => {
    if (!follows || !isOpen) return undefined;
    const stop = new AbortController();
    void follow(log, isOver, stop.signal);
    return () => stop.abort();
  }, [log, follows, isOpen, isOver]);
  return { window: log, view };
}

/** Finds the line of a link: it is then among those in memory. */
export function findLine(log: LogWindow, { timestamp, mark }: LogPlace): Promise<LogLine | undefined> {
  return log.openAt(timestamp, (line) => line.timestamp === timestamp && lineMark(line.message) === mark);
}

async function follow(log: LogWindow, isOver: boolean, stop: AbortSignal): Promise<void> {
  let pauseMs = SOONEST_MS;
  while (!stop.aborted) {
    await untilVisible(stop);
    const hasGrown = await log.readAfter();
    const { error } = log.view();
    if (stop.aborted || (error !== undefined && !isWorthRetrying(error))) return;
    if (!hasGrown && isOver && error === undefined) return;
    pauseMs = hasGrown ? SOONEST_MS : Math.min(LATEST_MS, pauseMs * 1.5);
    await pause(error === undefined ? pauseMs : AFTER_ERROR_MS, stop);
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms);
    stop.addEventListener("abort", () => {
      window.clearTimeout(timer);
      resolve();
    });
  });
}

function untilVisible(stop: AbortSignal): Promise<void> {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.visibilityState !== "visible" && !stop.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    stop.addEventListener("abort", look);
  });
}
