import { useNow } from "./now.ts";

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const ABSOLUTE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const SHORT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** Each unit with how many of it make the next one. */
const UNITS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 30],
  ["month", 12],
  ["year", Infinity],
] as const;

/** With the time zone. */
export function absoluteTime(at: number): string {
  return ABSOLUTE.format(at);
}

export function relativeTime(at: number, now: number): string {
  let amount = Math.round((at - now) / 1000);
  // Clocks of the browser and the server need not agree to the second.
  if (Math.abs(amount) <= 2) return "now";
  for (const [unit, next] of UNITS) {
    if (Math.abs(amount) < next) return RELATIVE.format(amount, unit);
    amount = Math.trunc(amount / next);
  }
  return ABSOLUTE.format(at);
}

export interface TimeProps {
  /** Epoch ms, or a date as the API's own types have it. */
  readonly at: number | Date | undefined;
  /** `absolute` shows the date and keeps the relative time for the title. */
  readonly as?: "relative" | "absolute";
}

/** "3 minutes ago", with the date in its title; a dash where there is no time. */
export function Time({ at, as = "relative" }: TimeProps) {
  const now = useNow(1_000);
  if (at === undefined) return <>–</>;
  const epochMs = Number(at);
  const relative = relativeTime(epochMs, now);
  return (
    <time
      dateTime={new Date(epochMs).toISOString()}
      title={as === "relative" ? absoluteTime(epochMs) : relative}
      style={{ whiteSpace: "nowrap" }}
    >
      {as === "relative" ? relative : SHORT.format(epochMs)}
    </time>
  );
}
