import type { Clock } from "../../src/ports/clock.ts";

/** The machine's own time, for tests that run real programs. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};
