import type { Clock } from "../ports/clock.ts";

const MAX_REST_MS = 1_000;

/** After a bite of work that nobody waits for, begun at `startedAt`: as long as it took, so that half of the time at least is for others. */
export async function restAfter(startedAt: number, clock: Clock): Promise<void> {
  const tookMs = Math.min(clock.now() - startedAt, MAX_REST_MS);
  if (tookMs > 0) await new Promise<void>((resolve) => void clock.after(tookMs, resolve));
}
