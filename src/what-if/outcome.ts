import type { GroupOutcome, PastJob, WaitingTimes, WhatIfOutcome } from "../ports/what-if.ts";
import { distributionOf, Samples } from "../sim/report/samples.ts";

const HOUR_MS = 3_600_000;
const MOST_GROUPS = 100;
/** Enough for a chart. */
const STEPS = 144;

/** When each job started and ended, by its place; NaN: never. ms from the window's begin. */
export interface Courses {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** What happened. */
export function actualCourses(jobs: readonly PastJob[]): Courses {
  return {
    starts: Float64Array.from(jobs, ({ startedMs }) => startedMs),
    ends: Float64Array.from(jobs, ({ stoppedMs }) => stoppedMs ?? Number.NaN),
  };
}

/** Of the jobs that came in the window. */
export function outcomeOf(jobs: readonly PastJob[], { starts, ends }: Courses, lengthMs: number): WhatIfOutcome {
  const all = new Samples();
  const queues = new Map<string, Samples>();
  const shares = new Map<string, Samples>();
  let [count, started, ended, heldMs, firstMs, lastMs] = [0, 0, 0, 0, Infinity, 0];
  jobs.forEach((job, place) => {
    const [start, end] = [starts[place]!, ends[place]!];
    if (job.readyMs < 0) return;
    count += 1;
    firstMs = Math.min(firstMs, job.readyMs);
    if (Number.isNaN(start)) return;
    started += 1;
    const waiting = Math.max(0, start - job.readyMs);
    all.add(waiting);
    samplesOf(queues, job.queue).add(waiting);
    if (job.share !== undefined) samplesOf(shares, `${job.queue} / ${job.share}`).add(waiting);
    if (Number.isNaN(end)) return;
    ended += 1;
    lastMs = Math.max(lastMs, end);
    heldMs += vcpusOf(job) * Math.max(0, end - start);
  });
  const waitingSeconds = timesOf(all);
  const makespanMs = ended === 0 ? 0 : Math.max(0, lastMs - firstMs);
  return {
    ...{ jobs: count, started, ended, makespanSeconds: makespanMs / 1000, vcpuHours: heldMs / HOUR_MS },
    ...(waitingSeconds !== undefined && { waitingSeconds }),
    endedPerHour: makespanMs === 0 ? 0 : ended / (makespanMs / HOUR_MS),
    queues: groupsOf(queues),
    shares: groupsOf(shares),
    series: seriesOf(jobs, { starts, ends }, lengthMs),
  };
}

function samplesOf(groups: Map<string, Samples>, name: string): Samples {
  let samples = groups.get(name);
  if (samples === undefined) groups.set(name, (samples = new Samples()));
  return samples;
}

function groupsOf(groups: ReadonlyMap<string, Samples>): GroupOutcome[] {
  const all = [...groups].map(([name, samples]): GroupOutcome => {
    const waitingSeconds = timesOf(samples);
    return { name, jobs: samples.count, ...(waitingSeconds !== undefined && { waitingSeconds }) };
  });
  return all.sort((a, b) => b.jobs - a.jobs || (a.name < b.name ? -1 : 1)).slice(0, MOST_GROUPS);
}

function timesOf(samples: Samples): WaitingTimes | undefined {
  const times = distributionOf(samples);
  if (times === undefined) return undefined;
  const { median, p95, mean, max } = times;
  return { median: median / 1000, p95: p95 / 1000, mean: mean / 1000, max: max / 1000 };
}

/** Of all jobs, those from before the window too. */
function seriesOf(jobs: readonly PastJob[], { starts, ends }: Courses, lengthMs: number): WhatIfOutcome["series"] {
  const stepMs = lengthMs / STEPS;
  const waiting = new Float64Array(STEPS);
  const used = new Float64Array(STEPS);
  jobs.forEach((job, place) => {
    const start = Number.isNaN(starts[place]!) ? lengthMs : starts[place]!;
    const end = Number.isNaN(ends[place]!) ? lengthMs : ends[place]!;
    addSpan(waiting, stepMs, job.readyMs, start, 1);
    addSpan(used, stepMs, start, end, vcpusOf(job));
  });
  return { stepSeconds: stepMs / 1000, waitingJobs: [...waiting], usedVcpus: [...used] };
}

/** Adds an amount that holds from one time to another to the means of steps. */
function addSpan(steps: Float64Array, stepMs: number, from: number, to: number, amount: number): void {
  const until = Math.min(to, steps.length * stepMs);
  for (let at = Math.max(0, from); at < until;) {
    const step = Math.min(steps.length - 1, Math.floor(at / stepMs));
    const next = Math.max(at + 1e-6, Math.min(until, (step + 1) * stepMs));
    steps[step]! += (amount * (next - at)) / stepMs;
    at = next;
  }
}

function vcpusOf({ vcpus, nodes = 1 }: PastJob): number {
  return vcpus * nodes;
}

/** How many of the window's jobs start a second or more earlier or later in the second of two courses. One that never starts does so last. */
export function compared(
  jobs: readonly PastJob[],
  before: Courses,
  after: Courses,
): { readonly earlier: number; readonly later: number } {
  let [earlier, later] = [0, 0];
  jobs.forEach(({ readyMs }, place) => {
    if (readyMs < 0) return;
    const [was, is] = [before.starts[place]!, after.starts[place]!].map((at) => (Number.isNaN(at) ? Infinity : at)) as [
      number,
      number,
    ];
    if (was === is) return;
    if (is <= was - 1000) earlier += 1;
    else if (is >= was + 1000) later += 1;
  });
  return { earlier, later };
}
