import { useEffect, useRef, useState } from "react";
import type { JobFilters, JobStopAnswer } from "../../api/job-search.ts";
import { stopStep } from "../../api/job-search.ts";

interface Count {
  readonly found: Readonly<Record<string, number>>;
  readonly arrays: number;
  readonly isCounting: boolean;
  /** All were counted. */
  readonly isWhole: boolean;
  readonly error?: unknown;
}

interface Progress {
  readonly state: "running" | "done" | "aborted" | "failed";
  readonly stopped: number;
  readonly refused: JobStopAnswer["refused"];
  readonly error?: unknown;
}

/** Counting ends here: "at least so many" is enough to be asked. */
const MAX_COUNTING_MS = 8_000;

/** Counts the jobs at once, and stops them step by step when told to, once. */
export function useStopping(action: "cancel" | "terminate", filters: JobFilters) {
  const [count, setCount] = useState<Count>({ found: {}, arrays: 0, isCounting: true, isWhole: false });
  const [progress, setProgress] = useState<Progress>();
  const stopping = useRef<AbortController | undefined>(undefined);
  const [asked] = useState(filters);

  useEffect(() => {
    const aborted = new AbortController();
    void countAll(asked, aborted.signal, setCount);
    return () => aborted.abort();
  }, [asked]);

  const start = (reason: string): void => {
    if (stopping.current !== undefined) return;
    stopping.current = new AbortController();
    void stopAll({ action, filters: asked, reason }, stopping.current.signal, setProgress);
  };
  return { count, progress, start, abort: () => stopping.current?.abort() };
}

async function countAll(filters: JobFilters, signal: AbortSignal, tell: (count: Count) => void): Promise<void> {
  const found: Record<string, number> = {};
  const until = Date.now() + MAX_COUNTING_MS;
  let arrays = 0;
  let pageToken: string | undefined;
  try {
    do {
      const step = await stopStep({ filters, action: "count", ...(pageToken !== undefined && { pageToken }) }, signal);
      for (const [status, number] of Object.entries(step.found)) found[status] = (found[status] ?? 0) + number;
      arrays += step.arrays;
      pageToken = step.nextToken;
      const isWhole = pageToken === undefined;
      tell({ found: { ...found }, arrays, isWhole, isCounting: !isWhole && Date.now() < until });
    } while (pageToken !== undefined && Date.now() < until);
  } catch (error) {
    if (!signal.aborted) tell({ found, arrays, isWhole: false, isCounting: false, error });
  }
}

async function stopAll(
  request: { readonly action: "cancel" | "terminate"; readonly filters: JobFilters; readonly reason: string },
  signal: AbortSignal,
  tell: (progress: Progress) => void,
): Promise<void> {
  let stopped = 0;
  const refused: { readonly jobId: string; readonly message: string }[] = [];
  const now = (state: Progress["state"]): Progress => ({ state, stopped, refused: [...refused] });
  tell(now("running"));
  let pageToken: string | undefined;
  try {
    do {
      const step = await stopStep({ ...request, ...(pageToken !== undefined && { pageToken }) }, signal);
      stopped += Object.values(step.found).reduce((sum, number) => sum + number, 0);
      refused.push(...step.refused);
      pageToken = step.nextToken;
      tell(now(pageToken === undefined ? "done" : "running"));
    } while (pageToken !== undefined);
  } catch (error) {
    tell(signal.aborted ? now("aborted") : { ...now("failed"), error });
  }
}
