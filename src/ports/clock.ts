/** Time as everything else sees it. Only compose.ts and tests make one; nothing else reads the machine's clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `task` once, `delayMs` from now. Returns a function that cancels it; cancelling twice, or late, does nothing. */
  after(delayMs: number, task: () => void): () => void;
}
