/** What a server closes when it stops: what was opened last goes first. */
export class Closing {
  readonly #tasks: (() => unknown)[] = [];
  #done: Promise<void> | undefined;

  /** Before everything that is there already. */
  first(task: () => unknown): void {
    this.#tasks.unshift(task);
  }

  /** One after the other, once however often it is asked for. */
  all(): Promise<void> {
    return (this.#done ??= this.#run());
  }

  async #run(): Promise<void> {
    for (const task of this.#tasks) await task();
  }
}
