/** Time as everything else sees it. Only compose.ts and tests make one; nothing else reads the machine's clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `task` once, `delayMs` from now. Returns a function that cancels it; cancelling twice, or late, does nothing. */
  after(delayMs: number, task: () => void): () => void;
}

/** How much time passes, whatever becomes of the clock: it is never set, and goes on while the process is frozen. */
export interface Stopwatch {
  /** Milliseconds since some moment before the start. */
  elapsedMs(): number;
}
