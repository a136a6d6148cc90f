const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Epoch ms of a date, a local time, or a time ago ("2h ago", "7d"); undefined for all else. */
export function timeOf(text: string, now: number): number | undefined {
  const ago = /^(\d{1,6})\s*(s|min|m|h|d)(\s+ago)?$/i.exec(text.trim());
  if (ago !== null) return Math.max(0, now - Number(ago[1]) * UNITS[ago[2]!.toLowerCase()]!);
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i.test(text.trim())) return undefined;
  // A date alone would be read as one of UTC.
  const local = text.trim().length === 10 ? `${text.trim()}T00:00` : text.trim().replace(" ", "T");
  const time = Date.parse(local);
  return Number.isNaN(time) || time < 0 ? undefined : time;
}
