import { Shares } from "./shares.ts";

/** Does so much at a time; what has no place waits. Accounts come one after the other, and one alone gets three quarters of the places. */
export class Slots {
  readonly #shares: Shares;
  /** What waits, by account, the account that is next first. None of the lists is empty. */
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(limit: number) {
    this.#shares = new Shares(limit);
  }

  /** Resolves, or rejects, as the work does. */
  async run<Result>(account: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting.has(account) || !this.#shares.take(account, 1)) await this.#place(account);
    try {
      return await work();
    } finally {
      this.#shares.giveBack(account, 1);
      this.#fill();
    }
  }

  #place(account: string): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(account);
      if (waiting === undefined) this.#waiting.set(account, [resolve]);
      else waiting.push(resolve);
    });
  }

  #fill(): void {
    for (const [account, waiting] of this.#waiting) {
      if (!this.#shares.take(account, 1)) continue;
      waiting.shift()!();
      this.#waiting.delete(account);
      // Behind the others, and looked at again while there is room.
      if (waiting.length > 0) this.#waiting.set(account, waiting);
    }
  }
}
