import { useSyncExternalStore } from "react";

/** One timer for all that shows a time, and none while nothing does. */
const EVERY_MS = 1_000;
const listeners = new Set<() => void>();
let timer: number | undefined;
let now = Date.now();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= window.setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, EVERY_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** Epoch ms in steps of `everyMs`: what uses it is drawn anew once a step. */
export function useNow(everyMs = EVERY_MS): number {
  return useSyncExternalStore(subscribe, () => {
    const current = timer === undefined ? (now = Date.now()) : now;
    return Math.floor(current / everyMs) * everyMs;
  });
}
