import type { ServerResponse } from "node:http";
import type { Clock } from "../../ports/clock.ts";

/** Ends the connections of clients that do not take their answers: what such a one was to get would stay in memory for as long as it likes. */
export class AnswersInTime {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** By the time at which each must be gone, in order of it. */
  readonly #pending = new Map<ServerResponse, number>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** The answer is being sent. `gone` is to be called when it was, or its connection has ended. */
  sending(response: ServerResponse): void {
    if (response.req.socket.destroyed) return;
    this.#pending.set(response, this.#clock.now() + this.#timeoutMs);
    this.#cancel ??= this.#clock.after(this.#timeoutMs, () => this.#endLate());
  }

  gone(response: ServerResponse): void {
    this.#pending.delete(response);
  }

  close(): void {
    this.#cancel?.();
  }

  #endLate(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    for (const [response, until] of this.#pending) {
      if (until > now) {
        this.#cancel = this.#clock.after(until - now, () => this.#endLate());
        return;
      }
      this.#pending.delete(response);
      response.req.socket.destroy();
    }
  }
}
