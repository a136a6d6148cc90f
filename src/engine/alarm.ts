import type { Clock } from "../ports/clock.ts";

/** Sleep that something else can end. */
export class Alarm {
  readonly #clock: Pick<Clock, "after">;
  #isRinging = false;
  #wake: () => void = () => {};

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  /** Until the time is over, or somebody rings; at once when somebody has rung since the last sleep. */
  async sleep(ms: number): Promise<void> {
    if (!this.#isRinging) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(ms, resolve);
        this.#wake = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#isRinging = false;
    this.#wake = () => {};
  }

  ring(): void {
    this.#isRinging = true;
    this.#wake();
  }
}
