import { useNow } from "./now.ts";

/** The two largest units: "1 d 4 h", "3 min 20 s", "0.4 s". */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const parts = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3_600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount], at) => at === 0 || amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/** Of a length in milliseconds, or from a time to another one: without an end it runs. */
export type DurationProps =
  | { readonly ms: number | undefined }
  | { readonly from: number | Date | undefined; readonly to?: number | Date | undefined };

export function Duration(props: DurationProps) {
  const now = useNow();
  const ms = "ms" in props ? props.ms : lengthOf(props.from, props.to, now);
  return <span style={{ whiteSpace: "nowrap" }}>{ms === undefined ? "–" : durationText(ms)}</span>;
}

function lengthOf(from: number | Date | undefined, to: number | Date | undefined, now: number): number | undefined {
  return from === undefined ? undefined : Number(to ?? now) - Number(from);
}
