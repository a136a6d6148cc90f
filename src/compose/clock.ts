import type { Clock, Stopwatch } from "../ports/clock.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The kernel's monotonic clock: nobody sets it, and it goes on while this process is stopped. */
export const systemStopwatch: Stopwatch = { elapsedMs: () => performance.now() };

/**
 * Of those who remove what is old: a clock that is set forward makes nothing older, as far as this process has seen. Where it was wrong before, things are kept
 * until the next start.
 */
export function patientClock(clock: Clock, stopwatch: Stopwatch): Clock {
  const begunAt = clock.now() - stopwatch.elapsedMs();
  return {
    now: () => Math.min(clock.now(), Math.ceil(begunAt + stopwatch.elapsedMs())),
    after: (...args) => clock.after(...args),
  };
}
