export interface Turns {
  /** Resolves when it is the caller's turn: first come, first served. */
  next(): Promise<void>;
  /** How many wait for theirs. */
  waiting(): number;
}

/**
 * No more than `most` go ahead in one turn of the event loop: a thousand jobs that start together, at a millisecond or two each, must not keep everybody
 * else from being answered until the last one has.
 */
export function createTurns(most: number): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;

  function begin(): void {
    const upNow = waiting.splice(0, most);
    taken = upNow.length;
    if (taken > 0) setImmediate(begin);
    for (const go of upNow) go();
  }

  return {
    next() {
      if (taken === 0) setImmediate(begin);
      if (taken >= most) return new Promise((resolve) => void waiting.push(resolve));
      taken += 1;
      return Promise.resolve();
    },
    waiting: () => waiting.length,
  };
}
