/** The longest delay that timers take, ms: who waits for longer looks again then. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
