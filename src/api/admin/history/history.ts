import type { EnvironmentPoint, Part, QueuePoint } from "../../../core/chronicle/point.ts";
import { environmentSpan, queuesTogether, queueSpan } from "../../../core/chronicle/point.ts";
import { quantileOf } from "../../../core/chronicle/wait-histogram.ts";
import type { Clock } from "../../../ports/clock.ts";
import type {
  EnvironmentSeries,
  HistoryReport,
  QueueSeries,
  QueueValues,
  Values,
} from "../../../ports/history-report.ts";
import { nameOf, scopeOf, toArn } from "../../batch/names.ts";
import type { Call } from "../../wire/operations.ts";
import { readHistoryQuery } from "./history-query.ts";
import type { HistorySource, Read } from "./reading.ts";
import { readStretch } from "./reading.ts";

/** More lines than a chart can show. */
const MAX_SERIES = 50;

export interface HistoryBackend extends HistorySource {
  readonly clock: Pick<Clock, "now">;
}

/** How queues and environments of the caller's account and region did over time. For who may list jobs and describe environments. */
export async function reportHistory(backend: HistoryBackend, call: Call, search: string): Promise<HistoryReport> {
  demandSight(call);
  const now = backend.clock.now();
  const { from, to, step, queues, environments } = readHistoryQuery(search, now);
  const arns = [
    ...queues.map((name) => toArn(call, "job-queue", name)),
    ...environments.map((name) => toArn(call, "compute-environment", name)),
  ];
  const stretch = { ...{ from, to, step, scope: scopeOf(call) }, ...(arns.length > 0 && { arns }) };
  const steps = intoSteps(await readStretch(backend, stretch, now), { from, to, step });
  const perQueue = perResource(steps, ({ entry }) => entry.queues);
  const perEnvironment = perResource(steps, ({ entry }) => entry.environments);
  const lengths = steps.map((reads) => reads.reduce((sum, { length }) => sum + length, 0));
  const spans = new Map([...perQueue].map(([arn, parts]) => [arn, queueSpans(parts, lengths)]));
  return {
    from,
    to,
    step,
    series: {
      times: steps.map((_, index) => from + index * step * 1000),
      total: toQueueValues(together([...spans.values()], lengths)),
      queues: [...spans]
        .sort(([, a], [, b]) => busyness(b) - busyness(a))
        .slice(0, MAX_SERIES)
        .map(([arn, points]): QueueSeries => ({ jobQueue: nameOf(arn), jobQueueArn: arn, ...toQueueValues(points) })),
      environments: [...perEnvironment]
        .map(([arn, parts]) => toEnvironmentSeries(arn, parts))
        .sort((a, b) => sum(b.vcpusInUse) - sum(a.vcpusInUse))
        .slice(0, MAX_SERIES),
    },
  };
}

/** They are told of all of the account's. */
export function demandSight(call: Call): void {
  for (const action of ["batch:ListJobs", "batch:DescribeComputeEnvironments"]) {
    const denied = call.denial(action, "*");
    if (denied !== undefined) throw denied;
  }
}

function intoSteps(reads: readonly Read[], { from, to, step }: { from: number; to: number; step: number }): Read[][] {
  const steps: Read[][] = Array.from({ length: Math.round((to - from) / (step * 1000)) }, () => []);
  for (const read of reads) steps[Math.floor((read.entry.at - from) / (step * 1000))]?.push(read);
  return steps;
}

/** By ARN, for each step the parts of it that there are. */
function perResource<Point>(
  steps: readonly (readonly Read[])[],
  pointsOf: (read: Read) => ReadonlyMap<string, Point>,
): Map<string, Part<Point>[][]> {
  const byArn = new Map<string, Part<Point>[][]>();
  for (const [index, reads] of steps.entries())
    for (const read of reads)
      for (const [arn, point] of pointsOf(read)) {
        let parts = byArn.get(arn);
        if (parts === undefined) byArn.set(arn, (parts = steps.map(() => [])));
        parts[index]!.push({ point, length: read.length });
      }
  return byArn;
}

/** Undefined: nobody led. */
type Spans = readonly (QueuePoint | undefined)[];

function queueSpans(parts: readonly Part<QueuePoint>[][], lengths: readonly number[]): Spans {
  return lengths.map((length, index) => (length === 0 ? undefined : queueSpan(parts[index]!, length)));
}

function together(all: readonly Spans[], lengths: readonly number[]): Spans {
  return lengths.map((length, index) =>
    length === 0
      ? undefined
      : all.reduce((total, spans) => queuesTogether(total, spans[index]!), queueSpan([], length)),
  );
}

function busyness(points: Spans): number {
  return points.reduce(
    (total, point) => total + (point === undefined ? 0 : point.submitted + point.started + point.waiting),
    0,
  );
}

function toQueueValues(points: Spans): QueueValues {
  const values = (of: (point: QueuePoint) => number | undefined): Values =>
    points.map((point) => (point === undefined ? null : (of(point) ?? null)));
  const wait = (part: number): Values => values(({ waits, maxWaitMs }) => seconds(quantileOf(waits, part, maxWaitMs)));
  return {
    submitted: values(({ submitted }) => submitted),
    started: values(({ started }) => started),
    succeeded: values(({ succeeded }) => succeeded),
    failed: values(({ failed }) => failed),
    waiting: values(({ waiting }) => waiting),
    running: values(({ running }) => running),
    waitSecondsP50: wait(0.5),
    waitSecondsP95: wait(0.95),
    waitSecondsMax: values(({ waits, maxWaitMs }) =>
      Object.keys(waits).length === 0 ? undefined : seconds(maxWaitMs),
    ),
  };
}

function toEnvironmentSeries(arn: string, steps: readonly Part<EnvironmentPoint>[][]): EnvironmentSeries {
  const points = steps.map((parts) => (parts.length === 0 ? undefined : environmentSpan(parts)));
  const values = (of: (point: EnvironmentPoint) => number | undefined): Values =>
    points.map((point) => (point === undefined ? null : (of(point) ?? null)));
  const vcpus = (of: (point: EnvironmentPoint) => number | undefined): Values => values((point) => vcpusOf(of(point)));
  return {
    computeEnvironment: nameOf(arn),
    computeEnvironmentArn: arn,
    vcpusInUse: vcpus(({ vcpuMilli }) => vcpuMilli),
    memoryMiBInUse: values(({ memoryMiB }) => memoryMiB),
    maxvCpus: vcpus(({ maxVcpuMilli }) => maxVcpuMilli),
    desiredvCpus: vcpus(({ desiredVcpuMilli }) => desiredVcpuMilli),
    instances: values(({ instances }) => instances),
  };
}

function vcpusOf(milli: number | undefined): number | undefined {
  return milli === undefined ? undefined : Math.round(milli) / 1000;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms) / 1000;
}

function sum(values: Values): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
