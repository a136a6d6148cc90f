import { unitAttemptId } from "../../../core/ids.ts";
import type { Attempt, Requirements } from "../../../core/job.ts";
import { requirementsOf } from "../../../core/job.ts";
import { containerRequirements } from "../../../core/submission/requirements.ts";
import { unitContainer } from "../../../core/tasks/unit-container.ts";
import type { Usage } from "../../../core/usage.ts";
import type { JobRecord, JobSpec } from "../../../ports/store.ts";
import type { UsageSample, UsageSamples } from "../../../ports/usage-samples.ts";
import type {
  AttemptUsageSeries,
  UnitUsageSeries,
  UsagePoint,
  UsageRequest,
  UsageSeries,
} from "../../../ports/usage-series.ts";
import type { Backend } from "../../batch/backend.ts";
import { clientException } from "../../wire/errors.ts";
import { givenParameters } from "../parameters.ts";
import type { Call } from "../../wire/operations.ts";
import { describedJob } from "./find-job.ts";

type SeriesBackend = Backend & { readonly usageSamples: UsageSamples };

/** For who may describe the job. @param search a URL's query, without its question mark. */
export async function usageSeries(
  backend: SeriesBackend,
  call: Call,
  idOrArn: string,
  search: string,
): Promise<UsageSeries> {
  const asked = readAttempt(search);
  const job = await describedJob(backend, call, idOrArn);
  const { attempts } = job.state;
  const jobAndCount = { jobId: job.id, attemptCount: attempts.length };
  if (asked === undefined && attempts.length === 0) return jobAndCount;
  const number = asked ?? attempts.length;
  const attempt = attempts[number - 1];
  if (attempt === undefined) {
    const has = attempts.length === 0 ? "the job has none yet" : `the job has attempts 1 to ${attempts.length}`;
    throw clientException(`attempt ${number} is not there: ${has}.`);
  }
  return { ...jobAndCount, attempt: await attemptSeries(backend, job, attempt, number) };
}

function readAttempt(search: string): number | undefined {
  const text = givenParameters(search, ["attempt"]).get("attempt");
  if (text === null) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw clientException(`attempt must be a whole number from 1 on, not ${text}.`);
  return Number(text);
}

async function attemptSeries(
  backend: SeriesBackend,
  job: JobRecord,
  attempt: Attempt,
  number: number,
): Promise<AttemptUsageSeries> {
  const { id, startedAt, stoppedAt, units } = attempt;
  const ids = units === undefined ? [id] : units.map((_, index) => unitAttemptId(id, index));
  const samples = await backend.usageSamples.read(ids);
  const requirements = await requestOf(backend, job, attempt);
  const times = { ...(startedAt !== undefined && { startedAt }), ...(stoppedAt !== undefined && { stoppedAt }) };
  return {
    ...{ number, attemptId: id, ...times },
    isGrowing: startedAt !== undefined && stoppedAt === undefined,
    request: toRequest(requirements),
    units:
      units === undefined
        ? [{ ...times, request: toRequest(requirements), ...seriesOf(attempt, samples.get(id)) }]
        : await unitSeries(backend, job, attempt, (index) => samples.get(ids[index]!)),
  };
}

/** What this attempt asked for: a job's memory may rise with its attempts. */
async function requestOf(
  { store, scheduler }: Backend,
  job: JobRecord,
  { id, stoppedAt }: Attempt,
): Promise<Pick<Requirements, "vcpuMilli" | "memoryMiB">> {
  if (stoppedAt === undefined)
    return scheduler.runningUses().find(({ attemptId }) => attemptId === id)?.requirements ?? requirementsOf(job);
  return (await store.uses.ofAttempts([{ id, stoppedAt }])).get(id) ?? requirementsOf(job);
}

async function unitSeries(
  { store }: Backend,
  job: JobRecord,
  { units = [] }: Attempt,
  samplesOf: (unit: number) => readonly UsageSample[] | undefined,
): Promise<UnitUsageSeries[]> {
  const specId = job.parent?.id ?? job.id;
  const spec = (await store.jobs.specs([specId])).get(specId);
  return units.map((state, index) => {
    const { name, node } = job.scheduling.units![index]!;
    const { startedAt, stoppedAt } = state;
    const request = spec && unitRequest(job, spec, index);
    return {
      ...{ name, ...(node !== undefined && { node }) },
      ...(startedAt !== undefined && { startedAt }),
      ...(stoppedAt !== undefined && { stoppedAt }),
      ...(request !== undefined && { request }),
      ...seriesOf(state, samplesOf(index)),
    };
  });
}

function unitRequest(job: JobRecord, spec: JobSpec, unit: number): Partial<UsageRequest> | undefined {
  const { container } = unitContainer(spec, job.scheduling.units![unit]!);
  const { vcpuMilli, memoryMiB } = containerRequirements(container);
  if (vcpuMilli === 0 && memoryMiB === 0) return undefined;
  return { ...(vcpuMilli > 0 && { vcpus: vcpuMilli / 1000 }), ...(memoryMiB > 0 && { memoryMiB }) };
}

function toRequest({ vcpuMilli, memoryMiB }: Pick<Requirements, "vcpuMilli" | "memoryMiB">): UsageRequest {
  return { vcpus: vcpuMilli / 1000, memoryMiB };
}

interface Run {
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  readonly usage?: Usage;
}

function seriesOf(
  run: Run,
  samples: readonly UsageSample[] = [],
): Pick<UnitUsageSeries, "points" | "cpuSeconds" | "peakMemoryMiB"> {
  const { cpuMs, peakMemoryMiB } = run.usage ?? {};
  return {
    points: pointsOf(run, samples),
    ...(cpuMs !== undefined && { cpuSeconds: cpuMs / 1000 }),
    ...(peakMemoryMiB !== undefined && { peakMemoryMiB }),
  };
}

/** Of a run that is over the last point is its end: what it used in all is known, and how long it took. */
function pointsOf({ startedAt, stoppedAt, usage }: Run, samples: readonly UsageSample[]): UsagePoint[] {
  if (startedAt === undefined) return [];
  const points: UsagePoint[] = [];
  let last = { at: startedAt, cpuMs: 0 };
  const busySince = ({ at, cpuMs }: { readonly at: number; readonly cpuMs: number }): number =>
    Math.max(0, Math.round((1000 * (cpuMs - last.cpuMs)) / (at - last.at)) / 1000);
  for (const sample of samples) {
    // A clock that was set back.
    if (sample.at <= last.at || sample.at > (stoppedAt ?? Infinity)) continue;
    points.push({ at: sample.at, vcpus: busySince(sample), memoryMiB: sample.memoryMiB });
    last = sample;
  }
  const end = stoppedAt === undefined || usage?.cpuMs === undefined ? undefined : { at: stoppedAt, cpuMs: usage.cpuMs };
  if (end !== undefined && end.at > last.at) points.push({ at: end.at, vcpus: busySince(end) });
  return points;
}
