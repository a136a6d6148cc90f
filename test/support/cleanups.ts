/** Takes everything away in the end, the newest first. Serves as the owner of what tests make. */
export class Cleanups {
  readonly #tasks: (() => unknown)[] = [];

  after(task: () => unknown): void {
    this.#tasks.push(task);
  }

  /** Goes on after one that fails. Returns what went wrong. */
  async run(): Promise<string[]> {
    const wrong: string[] = [];
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      try {
        await task();
      } catch (error) {
        wrong.push(`clean-up: ${String(error)}`);
      }
    }
    return wrong;
  }
}
