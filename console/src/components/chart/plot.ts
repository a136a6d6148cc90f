import type { TimeChartProps } from "./time-chart.tsx";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const TIME_WITH_SECONDS = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
/** Between the times that are written under the plot. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 30, 90].map((days) => days * DAY_MS),
];
const MOST_TICKS = 6;
const MOST_LEVELS = 5;

/** A chart as it is drawn, in the units of its values. */
export interface Plot {
  /** All times of all series, rising, epoch ms. */
  readonly times: readonly number[];
  /** Of each series, at each of the times; undefined where it has none. */
  readonly values: readonly (readonly (number | undefined)[])[];
  /** What each series stands on at each of the times. */
  readonly bases: readonly (readonly number[])[];
  readonly highest: number;
  /** Values and times that are written at the axes. */
  readonly levels: readonly number[];
  readonly ticks: readonly number[];
  readonly timeText: (at: number) => string;
  readonly exactTime: (at: number) => string;
}

type PlotOptions = Pick<TimeChartProps, "series" | "kind" | "from" | "to" | "threshold">;

export function plotOf({ series, kind, from, to, threshold }: PlotOptions): Plot {
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b);
  const values = series.map(({ points }) => {
    const byTime = new Map(points.map(({ at, value }) => [at, value]));
    return times.map((at) => byTime.get(at));
  });
  const sums = times.map(() => 0);
  const bases = values.map((own) =>
    own.map((value, index) => {
      const base = kind === "area" ? sums[index]! : 0;
      sums[index]! += value ?? 0;
      return base;
    }),
  );
  const tops = kind === "area" ? sums : values.flat().filter((value) => value !== undefined);
  const step = roundStep(Math.max(threshold?.value ?? 0, ...tops) || 1);
  const count = Math.ceil((Math.max(threshold?.value ?? 0, ...tops) || 1) / step);
  const tickStep = STEPS_MS.find((ms) => (to - from) / ms <= MOST_TICKS) ?? STEPS_MS.at(-1)!;
  const ticks = Array.from({ length: MOST_TICKS + 1 }, (_, index) => firstTick(from, tickStep) + index * tickStep);
  const text = tickStep >= DAY_MS ? DAY : tickStep < MINUTE_MS ? TIME_WITH_SECONDS : TIME;
  return {
    ...{ times, values, bases, highest: count * step },
    levels: Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6))),
    ticks: ticks.filter((at) => at <= to),
    timeText: (at) => text.format(at),
    exactTime: (at) => EXACT.format(at),
  };
}

/** Round in the time of whoever looks: at full hours, at midnight. */
function firstTick(from: number, stepMs: number): number {
  const offsetMs = new Date(from).getTimezoneOffset() * MINUTE_MS;
  return Math.ceil((from - offsetMs) / stepMs) * stepMs + offsetMs;
}

/** 1, 2 or 5 times a power of ten, so that few of them are as much as `highest`. */
function roundStep(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(highest / MOST_LEVELS));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => highest / step <= MOST_LEVELS)!;
}
