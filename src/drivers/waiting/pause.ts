import type { Clock } from "../../ports/clock.ts";

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it fires. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
    function giveUp(): void {
      cancel();
      reject(signal.reason);
    }
    signal.addEventListener("abort", giveUp, { once: true });
  });
}

/** What `done` comes to; rejects with the signal's reason as soon as it fires, and lets `done` go on. */
export function orAborted<T>(done: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) give();
    signal.addEventListener("abort", give, { once: true });
    done.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}
