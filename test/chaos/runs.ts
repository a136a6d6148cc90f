import { parseChildId } from "../../src/core/ids.ts";
import type { Evidence, FinalAttempt, FinalJob } from "./evidence.ts";
import { isLost } from "./evidence.ts";
import type { Families, Known } from "./families.ts";
import { ESSENTIAL, FAILING, unitsOf } from "./job-shape.ts";
import type { Entry } from "./ledger-file.ts";

/** An attempt's container never runs a second time, and none of an attempt runs when a later attempt has begun. */
export function checkRunsOnce(entries: readonly Entry[]): string[] {
  const runs = new Map<string, string>();
  const newest = new Map<string, number>();
  const findings = new Set<string>();
  for (const { run, jobId, attempt, unit } of entries) {
    const key = `${jobId} attempt ${attempt} ${unit}`;
    const first = runs.get(key) ?? run;
    runs.set(key, first);
    if (first !== run) findings.add(`${key} ran twice: as ${first} and as ${run}`);
    const latest = newest.get(jobId) ?? 0;
    if (attempt < latest) findings.add(`${key} still ran when attempt ${latest} had begun`);
    newest.set(jobId, Math.max(latest, attempt));
  }
  return [...findings];
}

/** What ran is in the history, and what the history says of an attempt the attempt says as well. */
export function checkAttempts({ entries }: Evidence, families: Families): string[] {
  const known = new Map(families.known.map((one) => [one.job.id, one]));
  const unknown = entries.flatMap(({ jobId, attempt, unit }) => {
    const attempts = known.get(jobId)?.job.attempts;
    if (attempts === undefined) return [`job ${jobId} ran and is not in the history`];
    if (attempts[attempt - 1] === undefined)
      return [`${jobId} attempt ${attempt} ${unit} ran and is not in the history`];
    return [];
  });
  const ofJob = Map.groupBy(entries, ({ jobId }) => jobId);
  const told = families.known.flatMap((one) => [
    ...checkCount(one),
    ...checkTimes(one.job),
    ...one.job.attempts.flatMap((attempt, index) =>
      checkAttempt(
        one,
        attempt,
        index + 1,
        (ofJob.get(one.job.id) ?? []).filter((entry) => entry.attempt === index + 1),
      ),
    ),
  ]);
  return [...new Set(unknown), ...told];
}

function checkCount({ job, intent }: Known): string[] {
  const most = job.arraySize === undefined ? intent.shape.attempts : 0;
  return job.attempts.length > most ? [`${job.id} has ${job.attempts.length} attempts, and may have ${most}`] : [];
}

function checkTimes({ id, createdAt, startedAt = createdAt, stoppedAt = startedAt, attempts }: FinalJob): string[] {
  const times = [createdAt, ...attempts.flatMap((one) => [one.startedAt ?? [], one.stoppedAt ?? []]).flat(), stoppedAt];
  const isOrdered = times.every((time, index) => index === 0 || time >= times[index - 1]!);
  return isOrdered ? [] : [`${id}: its times are not in order: ${times.join(" ")}`];
}

/** The exit code that an attempt noted is the one in the history; one that the job itself chose was noted. */
function checkAttempt(known: Known, attempt: FinalAttempt, n: number, entries: readonly Entry[]): string[] {
  const { job, intent } = known;
  return unitsOf(intent.shape.runs).flatMap((unit) => {
    const ofUnit = entries.filter((entry) => entry.unit === unit);
    const noted = ofUnit.find(({ word }) => word === "ended")?.exitCode;
    const wasTold = ofUnit.some(({ word }) => word === "told");
    const code = attempt.exitCodes[unit];
    const name = `${job.id} attempt ${n} ${unit}`;
    const about = `${code ?? "no exit code"} (${attempt.statusReason ?? "no reason"})`;
    if (noted === undefined && (code === 0 || code === FAILING))
      return [`${name}: the history says ${about}, and it never ended by itself`];
    if (isLost(intent.shape, attempt)) return [];
    // It can be told to end, or be killed, between its last note and its end; a task's other container is, when the essential one has ended.
    if (unit !== "main" && unit !== ESSENTIAL) return [];
    if (noted !== undefined && code !== noted && !wasTold && !isStopped(known))
      return [`${name} ended with ${noted}, and the history says ${about}`];
    return [];
  });
}

function isStopped({ job }: Known): boolean {
  return job.isTerminated || job.isCancelled;
}

/** After a job was asked to end, one more attempt may begin that was on its way; no second one. */
export function checkStops({ stops, entries }: Evidence, families: Families): string[] {
  return stops.flatMap(({ kind, jobId, acknowledgedAt }) => {
    if (kind !== "terminate" || acknowledgedAt === undefined) return [];
    const later = entries.slice(acknowledgedAt).filter(({ word }) => word === "began");
    const ofJob = later.filter((entry) => entry.jobId === jobId || parseChildId(entry.jobId)?.parentId === jobId);
    const byJob = Map.groupBy(ofJob, (entry) => entry.jobId);
    const restless = [...byJob].filter(([, began]) => new Set(began.map(({ attempt }) => attempt)).size > 1);
    const missing = families.job(jobId) === undefined ? [`job ${jobId} was terminated and is missing`] : [];
    return [
      ...missing,
      ...restless.map(([id, began]) => `${id} was terminated and then began ${began.length} attempts`),
    ];
  });
}

/** At no time do more attempts run than there is room for. Counts those that ended by themselves, whose ends are known. */
export function checkRoom({ entries, room }: Evidence, families: Families): string[] {
  const isKnown = new Set(families.known.map(({ job }) => job.id));
  const key = ({ jobId, attempt }: Entry): string => `${jobId} attempt ${attempt}`;
  const lastEnd = new Map(
    entries.flatMap((entry, at) =>
      entry.word === "ended" && isKnown.has(entry.jobId) ? [[key(entry), at] as const] : [],
    ),
  );
  const running = new Map<string, number>();
  let most: string[] = [];
  for (const [at, entry] of entries.entries()) {
    for (const [one, end] of running) if (end <= at) running.delete(one);
    const end = lastEnd.get(key(entry));
    if (entry.word === "began" && end !== undefined) running.set(key(entry), end);
    if (running.size > most.length) most = [...running.keys()];
  }
  return most.length > room
    ? [`${most.length} attempts ran at a time, and there is room for ${room}: ${most.join(", ")}`]
    : [];
}
