/** How much of what is still free one holder may have. With 3, a single one gets three quarters of all, and of two each three sevenths. */
const FACTOR = 3;

/**
 * A limited amount of something that several hold. Nobody gets all of it: a holder may have at most three times of what stays free, so that some is
 * left for the next one, however many there are (Choudhury and Hahne, "Dynamic queue length thresholds", 1998).
 */
export class Shares {
  readonly #limit: number;
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get total(): number {
    return this.#total;
  }

  /** False, and nothing is taken, when there is no room. */
  take(holder: string, amount: number): boolean {
    const free = this.#limit - this.#total;
    const held = this.#held.get(holder) ?? 0;
    // Who has nothing yet gets what is left: else a limit of one would let nobody in.
    if (amount > free || (held > 0 && held + amount > FACTOR * (free - amount))) return false;
    this.#total += amount;
    this.#held.set(holder, held + amount);
    return true;
  }

  giveBack(holder: string, amount: number): void {
    const left = (this.#held.get(holder) ?? 0) - amount;
    this.#total -= amount;
    if (left > 0) this.#held.set(holder, left);
    else this.#held.delete(holder);
  }
}
