/** RFC 3339 to epoch ms. Undefined for what is absent, and for the times that stand for "never": the years 1 and 1970. */
export function instantOf(timestamp: string | null | undefined): number | undefined {
  if (timestamp === undefined || timestamp === null) return undefined;
  const parsed = Date.parse(timestamp);
  return Number.isNaN(parsed) || parsed <= 0 ? undefined : parsed;
}

/**
 * Statuses have whole seconds, cut off. What was seen within that very second happened no later than it was seen; otherwise the second's end is the
 * latest that it can have been.
 */
export function latestWithin(second: number, seenAt: number): number {
  return Math.max(second, Math.min(seenAt, second + 999));
}
