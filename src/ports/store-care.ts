/** `more`: there is another step to do. `busy`: also, and others use the store: they come first. */
export type Tended = "done" | "more" | "busy";

/** What a store needs from time to time besides reads and writes. Each step is some milliseconds. */
export interface StoreCare {
  /** Gives a little of the space back that nothing is in any more. */
  giveBack(): Promise<Tended>;
}
