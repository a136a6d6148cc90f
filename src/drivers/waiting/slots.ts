/** Lets so many do something at a time; the others wait for a slot, in the order in which they came. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(most: number) {
    this.#free = most;
  }

  /** Runs the task in a slot, as soon as there is one. Who has lost interest meanwhile gets one all the same: the task looks for itself. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      return await task();
    } finally {
      this.#give();
    }
  }

  /** For who has a slot: gives it to others while the task runs, which may take long, and waits for another one then. */
  async without<T>(task: () => Promise<T>): Promise<T> {
    this.#give();
    try {
      return await task();
    } finally {
      await this.#take();
    }
  }

  async #take(): Promise<void> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
