import { area, line } from "d3-shape";
import type { KeyboardEvent, PointerEvent } from "react";
import { useId, useLayoutEffect, useRef, useState } from "react";
import type { Plot } from "./plot.ts";
import { plotOf } from "./plot.ts";
import type { TimeChartProps } from "./time-chart.tsx";
import "./time-chart.css";

const NUMBER = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 2 });
const plain = (value: number): string => NUMBER.format(value);

/** Pixels. Until it is known how wide the place is. */
const USUAL_WIDTH = 600;
const LEFT = 58;
const RIGHT = 8;
const TOP = 8;

/** The part of time-chart.tsx that is only loaded when it is seen. Cloudscape's charts would be a seventh of all script that a page may load. */
export default function TimeChartDrawing({
  label,
  series,
  kind = "line",
  from,
  to,
  threshold,
  format = plain,
  height = 200,
  empty = "Nothing was recorded in this time.",
}: TimeChartProps) {
  const [chosen, choose] = useState<number>();
  const hint = useId();
  const place = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(USUAL_WIDTH);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, entry!.contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  const plot = plotOf({ series, kind, from, to, ...(threshold !== undefined && { threshold }) });
  const x = (at: number): number => LEFT + ((width - LEFT - RIGHT) * (at - from)) / Math.max(1, to - from);
  const y = (value: number): number => TOP + (height - TOP) * (1 - value / plot.highest);
  const index = chosen === undefined ? undefined : Math.min(chosen, plot.times.length - 1);
  const point = (event: PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    choose(nearest(plot, from, to, (((event.clientX - box.left) / box.width) * width - LEFT) / (width - LEFT - RIGHT)));
  };
  const step = (event: KeyboardEvent): void => {
    const moved = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (moved === undefined) return;
    event.preventDefault();
    const last = plot.times.length - 1;
    choose(Math.min(last, Math.max(0, (index ?? (moved < 0 ? last + 1 : -1)) + moved)));
  };
  const told = index === undefined ? undefined : wordsAt(plot, index, series, format);
  if (plot.times.length === 0) {
    return (
      <figure ref={place} className="time-chart time-chart-empty" style={{ blockSize: `${height}px` }}>
        {empty}
      </figure>
    );
  }
  return (
    <figure ref={place} className="time-chart">
      <svg
        viewBox={`0 0 ${width} ${height + 24}`}
        // The drawing is itself what the arrow keys move in.
        // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-describedby={hint}
        aria-valuemin={0}
        aria-valuemax={plot.times.length - 1}
        aria-valuenow={index ?? plot.times.length - 1}
        aria-valuetext={told ?? wordsAt(plot, plot.times.length - 1, series, format)}
        onPointerMove={point}
        onPointerLeave={() => choose(undefined)}
        onKeyDown={step}
        onBlur={() => choose(undefined)}
      >
        {plot.levels.map((level) => (
          <g key={level} className="time-chart-grid">
            <line x1={LEFT} x2={width - RIGHT} y1={y(level)} y2={y(level)} />
            <text x={LEFT - 6} y={y(level) + 4} textAnchor="end">
              {format(level)}
            </text>
          </g>
        ))}
        {plot.ticks.map((at) => (
          <text key={at} className="time-chart-grid" x={x(at)} y={height + 18} textAnchor="middle">
            {plot.timeText(at)}
          </text>
        ))}
        {series.map(({ title, color }, number) => (
          <Drawn key={title} {...{ plot, number, kind, x, y }} {...(color !== undefined && { color })} />
        ))}
        {threshold !== undefined && (
          <line
            className="time-chart-threshold"
            x1={LEFT}
            x2={width - RIGHT}
            y1={y(threshold.value)}
            y2={y(threshold.value)}
          />
        )}
        {index !== undefined && (
          <line
            className="time-chart-chosen"
            x1={x(plot.times[index]!)}
            x2={x(plot.times[index]!)}
            y1={TOP}
            y2={height}
          />
        )}
      </svg>
      <figcaption>
        <ul className="time-chart-legend">
          {series.map(({ title, color }, number) => (
            <li key={title} data-series={number % 6} {...(color !== undefined && { style: { color } })}>
              <i aria-hidden="true" />
              <span>
                {title}
                {index !== undefined && `: ${valueText(plot.values[number]![index], format)}`}
              </span>
            </li>
          ))}
          {threshold !== undefined && (
            <li data-series="threshold">
              <i aria-hidden="true" />
              <span>{`${threshold.title}: ${format(threshold.value)}`}</span>
            </li>
          )}
          <li className="time-chart-time">{index === undefined ? "" : plot.exactTime(plot.times[index]!)}</li>
        </ul>
        <span id={hint} hidden>
          The arrow keys go from one time to the next.
        </span>
      </figcaption>
    </figure>
  );
}

interface DrawnProps {
  readonly plot: Plot;
  readonly number: number;
  readonly kind: "line" | "area";
  readonly color?: string;
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
}

/** A series: a line with gaps where nothing is known, or a layer upon the ones before. */
function Drawn({ plot, number, kind, color, x, y }: DrawnProps) {
  const values = plot.values[number]!;
  const base = plot.bases[number]!;
  const indexes = plot.times.map((_, index) => index);
  const isKnown = (index: number): boolean => values[index] !== undefined;
  const top = (index: number): number => y(base[index]! + values[index]!);
  const outline = line<number>((index) => x(plot.times[index]!), top).defined(isKnown)(indexes) ?? "";
  const layer = area<number>(
    (index) => x(plot.times[index]!),
    (index) => y(base[index]!),
    top,
  ).defined(isKnown)(indexes);
  return (
    <g data-series={number % 6} {...(color !== undefined && { style: { color } })}>
      {kind === "area" && <path className="time-chart-layer" d={layer ?? ""} />}
      <path className="time-chart-line" d={outline} />
      {values.map(
        (value, index) =>
          value !== undefined &&
          values[index - 1] === undefined &&
          values[index + 1] === undefined && (
            <circle
              key={plot.times[index]}
              className="time-chart-point"
              cx={x(plot.times[index]!)}
              cy={top(index)}
              r="3"
            />
          ),
      )}
    </g>
  );
}

/** `part`: from 0 at the left to 1 at the right. */
function nearest({ times }: Plot, from: number, to: number, part: number): number {
  const at = from + part * (to - from);
  return times.reduce((best, time, index) => (Math.abs(time - at) < Math.abs(times[best]! - at) ? index : best), 0);
}

function wordsAt(
  plot: Plot,
  index: number,
  series: TimeChartProps["series"],
  format: (value: number) => string,
): string {
  const values = series.map(({ title }, number) => `${title} ${valueText(plot.values[number]![index], format)}`);
  return `${plot.exactTime(plot.times[index]!)}: ${values.join(", ")}`;
}

function valueText(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? "not known" : format(value);
}
