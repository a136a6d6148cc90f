import type { WaitHistogram } from "./wait-histogram.ts";
import { sumOfHistograms } from "./wait-histogram.ts";

/** What one queue did in a span of time. */
export interface QueuePoint {
  readonly submitted: number;
  /** Attempts that were given a place, by then. */
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  /** RUNNABLE at the end of each minute, on the average. */
  readonly waiting: number;
  /** STARTING and RUNNING, the same. */
  readonly running: number;
  readonly waits: WaitHistogram;
  readonly maxWaitMs: number;
}

/** What one environment held in a span of time: at the end of each minute, on the average. */
export interface EnvironmentPoint {
  readonly vcpuMilli: number;
  readonly memoryMiB: number;
  /** Absent where there is no such bound. */
  readonly maxVcpuMilli?: number;
  /** Absent where nothing is launched. */
  readonly desiredVcpuMilli?: number;
  /** Absent where there are none. */
  readonly instances?: number;
}

export const NO_QUEUE_POINT: QueuePoint = {
  ...{ submitted: 0, started: 0, succeeded: 0, failed: 0, waiting: 0, running: 0, waits: {}, maxWaitMs: 0 },
};

export function isIdle(point: QueuePoint): boolean {
  const { submitted, started, succeeded, failed, waiting, running } = point;
  return submitted + started + succeeded + failed + waiting + running === 0;
}

/** Of one minute, told in two parts: what is counted is added, of what is measured the later part counts. */
export function inTheSameMinute(before: QueuePoint, after: QueuePoint): QueuePoint {
  const { waiting, running } = after;
  return { ...flowsTogether(before, after), waiting, running };
}

/** A part of a span, and how long it is: in any unit, but in the same one. */
export interface Part<Point> {
  readonly point: Point;
  readonly length: number;
}

/** What a queue was in a span of this length: parts of it that are missing had nothing. */
export function queueSpan(parts: readonly Part<QueuePoint>[], length: number): QueuePoint {
  const sum = parts.reduce((before, { point }) => flowsTogether(before, point), NO_QUEUE_POINT);
  return {
    ...sum,
    waiting: mean(parts, length, ({ waiting }) => waiting),
    running: mean(parts, length, ({ running }) => running),
  };
}

/** As long as it was there; at least one part. What it may have is what was said last. */
export function environmentSpan(parts: readonly Part<EnvironmentPoint>[]): EnvironmentPoint {
  const last = parts.at(-1)!.point;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const meanOf = (of: (point: EnvironmentPoint) => number): number => mean(parts, length, of);
  return {
    vcpuMilli: meanOf(({ vcpuMilli }) => vcpuMilli),
    memoryMiB: meanOf(({ memoryMiB }) => memoryMiB),
    ...(last.maxVcpuMilli !== undefined && { maxVcpuMilli: last.maxVcpuMilli }),
    ...(last.desiredVcpuMilli !== undefined && {
      desiredVcpuMilli: meanOf(({ desiredVcpuMilli }) => desiredVcpuMilli ?? 0),
    }),
    ...(last.instances !== undefined && { instances: meanOf(({ instances }) => instances ?? 0) }),
  };
}

function mean<Point>(parts: readonly Part<Point>[], length: number, of: (point: Point) => number): number {
  return rounded(parts.reduce((sum, part) => sum + of(part.point) * part.length, 0) / length);
}

/** All that is counted; what is measured is the sum. */
export function queuesTogether(a: QueuePoint, b: QueuePoint): QueuePoint {
  return { ...flowsTogether(a, b), waiting: rounded(a.waiting + b.waiting), running: rounded(a.running + b.running) };
}

function flowsTogether(a: QueuePoint, b: QueuePoint): QueuePoint {
  return {
    submitted: a.submitted + b.submitted,
    started: a.started + b.started,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    waiting: a.waiting,
    running: a.running,
    waits: sumOfHistograms(a.waits, b.waits),
    maxWaitMs: Math.max(a.maxWaitMs, b.maxWaitMs),
  };
}

/** To a hundredth: an average of jobs need not be told further. */
function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}
