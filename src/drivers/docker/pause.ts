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
