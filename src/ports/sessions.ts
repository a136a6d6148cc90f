/** Sessions need no record to be valid; that one has been ended has. */
export interface EndedSessionTable {
  /** The ids of those that would still be valid. */
  all(now: number): Promise<string[]>;
  /** @param validUntil epoch ms: afterwards nobody needs to know any more. */
  insert(id: string, validUntil: number, now: number): Promise<void>;
}
