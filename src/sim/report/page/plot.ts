import type { ScaleLinear } from "d3-scale";
import { scaleLinear } from "d3-scale";
import { area, curveStepAfter, line } from "d3-shape";
import type { Markup } from "./markup.ts";
import { markup } from "./markup.ts";
import type { Step } from "./timeline.ts";

const WIDTH = 640;
const HEIGHT = 280;
const MARGIN = { top: 12, right: 12, bottom: 42, left: 62 };

export interface Axes {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
}

/** From 0 to these values, in a frame of one size: plots of equal bounds can be compared. */
export function axesTo(most: { readonly x: number; readonly y: number }): Axes {
  return {
    x: scaleLinear([0, Math.max(most.x, Number.MIN_VALUE)], [MARGIN.left, WIDTH - MARGIN.right]),
    y: scaleLinear([0, most.y > 0 ? most.y : 1], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(5),
  };
}

export interface Plot {
  /** What it shows, in a sentence. */
  readonly description: string;
  readonly axes: Axes;
  readonly xLabel: string;
  readonly yLabel: string;
  /** What stands below the x axis; without it, its numbers. */
  readonly xTicks?: readonly { readonly at: number; readonly label: string }[];
  readonly marks: readonly Markup[];
}

export function plotMarkup({ description, axes: { x, y }, xLabel, yLabel, xTicks, marks }: Plot): Markup {
  const xFormat = x.tickFormat(8);
  const yFormat = y.tickFormat(5, "~s");
  const bottom = HEIGHT - MARGIN.bottom;
  const ticks = xTicks ?? x.ticks(8).map((at) => ({ at: x(at), label: xFormat(at) }));
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${description}">
${y.ticks(5).map(
  (
    at,
  ) => markup`<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${round(y(at))}" y2="${round(y(at))}"/>
<text class="tick" x="${MARGIN.left - 6}" y="${round(y(at))}" dy="0.32em" text-anchor="end">${at === 0 ? "0" : yFormat(at)}</text>
`,
)}${marks}<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${bottom}" y2="${bottom}"/>
${ticks.map(({ at, label }) => markup`<text class="tick" x="${round(at)}" y="${bottom + 16}" text-anchor="middle">${label}</text>\n`)}<text class="label" x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${xLabel}</text>
<text class="label" transform="translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>
</svg>`;
}

export function lineMark({ x, y }: Axes, steps: readonly Step[], className: string): Markup {
  const path = line<Step>(
    (step) => x(step.from),
    (step) => y(step.value),
  )
    .curve(curveStepAfter)
    .digits(1);
  return markup`<path class="line ${className}" d="${path(closed(steps)) ?? ""}"/>\n`;
}

/** Between the values of `lower`, or 0, and those of `steps`. */
export function areaMark({ x, y }: Axes, steps: readonly Step[], className: string, lower?: readonly Step[]): Markup {
  const below = lower && closed(lower);
  const path = area<Step>(
    (step) => x(step.from),
    (_, index) => y(below?.[index]!.value ?? 0),
    (step) => y(step.value),
  )
    .curve(curveStepAfter)
    .digits(1);
  return markup`<path class="area ${className}" d="${path(closed(steps)) ?? ""}"/>\n`;
}

export function barMark(
  { y }: Axes,
  bar: { readonly from: number; readonly to: number; readonly value: number },
  className: string,
): Markup {
  const top = y(bar.value);
  return markup`<rect class="area ${className}" x="${round(bar.from)}" width="${round(bar.to - bar.from)}" y="${round(top)}" height="${round(y(0) - top)}"/>\n`;
}

/** The last step ends, too. */
function closed(steps: readonly Step[]): readonly Step[] {
  const last = steps.at(-1);
  return last === undefined ? [] : [...steps, { from: last.to, to: last.to, value: last.value }];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
