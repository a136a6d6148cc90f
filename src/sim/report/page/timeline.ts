import type { Series } from "../series.ts";

/** More points than this are not seen. */
const MOST_POINTS = 300;

const UNITS = [
  { name: "days", seconds: 86_400 },
  { name: "hours", seconds: 3_600 },
  { name: "minutes", seconds: 60 },
  { name: "seconds", seconds: 1 },
] as const;

export type TimeUnit = (typeof UNITS)[number];

/** The largest unit of which there are three or more. */
export function timeUnitFor(seconds: number): TimeUnit {
  return UNITS.find((unit) => seconds >= 3 * unit.seconds) ?? UNITS.at(-1)!;
}

/** A value that holds from one time to another, in a unit of time. */
export interface Step {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** The means of buckets, as many together as make at most `most` steps. */
export function stepsOf(
  { bucketSeconds }: Series,
  values: readonly number[],
  unit: TimeUnit,
  most = MOST_POINTS,
): Step[] {
  const together = Math.max(1, Math.ceil(values.length / most));
  const width = bucketSeconds / unit.seconds;
  const steps: Step[] = [];
  for (let from = 0; from < values.length; from += together) {
    const part = values.slice(from, from + together);
    const value = part.reduce((sum, one) => sum + one, 0) / part.length;
    steps.push({ from: from * width, to: (from + part.length) * width, value });
  }
  return steps;
}
