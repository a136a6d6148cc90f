import type { MachineName } from "./clusters/machine-name.ts";
import { instanceIdOf } from "./ecs-names.ts";
import { attemptId } from "./ids.ts";
import { DEFAULT_NAME, logStreamName } from "./submission/log-target.ts";
import type { Attempt, Job, JobState, Stopping } from "./job.ts";
import { attemptsThatCount, failureOf } from "./failure.ts";
import { activeAttempt, replaceLastAttempt, requirementsOf } from "./job.ts";
import { attemptsMade, isPreempted, withoutOldPreempted } from "./quota/preempted.ts";
import { shouldRetry } from "./retry.ts";
import type { Usage } from "./usage.ts";
import type { AttemptOutcome } from "./submission/training-job.ts";
import { trainingEndReason, trainingLogStream } from "./submission/training-job.ts";

/** AWS's statusReason texts, which clients match to the letter (reference 2.3), and ours for what AWS does not have. */
export const REASONS = {
  exited: "Essential container in task exited",
  notStarted: "Task failed to start",
  spotTaskInterrupted: "Your Spot Task was interrupted.",
  timeout: "Job attempt duration exceeded timeout",
  dependency: "Dependent Job failed",
  dependencySucceeded: "Dependent Job succeeded: with AFTER_NOT_OK this job runs only when it fails",
  arrayChild: "Array Child Job failed",
  restored: "Longshore was restored from a backup that was made before this ended: how it ended is not known",
  queueDeleted: "JobQueue deleted",
  quotaShareDeleted: "QuotaShare deleted",
  preemptedAcrossShares: "Cross-share preemption triggered to reclaim borrowed capacity",
  preemptedInShare: "In-share preemption triggered to run a job of higher priority",
  tooManyTags: "The job and its job definition have more than 50 tags together: they cannot be propagated to the task",
} as const;

/** Time between SIGTERM and SIGKILL (reference 2.8). */
export const STOP_GRACE_MS = 30_000;

export interface AttemptEnd {
  readonly at: number;
  readonly startedAt?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly usage?: Usage;
  readonly machine?: MachineName;
  /** It never ran because what it was to run on went away. */
  readonly isLost?: true;
  /** Where it does not follow from the other members. */
  readonly statusReason?: string;
}

/** Where an attempt is to run, and who runs it. */
export type Binding = Pick<Attempt, "environmentArn" | "driver" | "instanceIds" | "gpuIds">;

/** RUNNABLE -> STARTING, or SCHEDULED for service jobs: the next attempt is bound to an environment. */
export function bind(job: Job, binding: Binding, now: number, era?: string): JobState {
  const attempt: Attempt = { id: attemptId(job, attemptsMade(job.state) + 1, era), ...binding };
  const kept = { attempts: [...job.state.attempts, attempt], ...carried(job.state) };
  if (job.scheduling.service === undefined) return { status: "STARTING", ...kept };
  return { status: "SCHEDULED", scheduledAt: now, ...kept };
}

/** STARTING -> RUNNING: the program runs. */
export function started(job: Job, at: number, machine?: MachineName): JobState {
  const attempt = { ...begun(job, activeAttempt(job.state)!, at), ...(machine !== undefined && { machine }) };
  return { ...job.state, status: "RUNNING", startedAt: at, attempts: replaceLastAttempt(job.state.attempts, attempt) };
}

/** The active attempt is over: the job SUCCEEDED, FAILED, or is RUNNABLE again. */
export function ended(job: Job, end: AttemptEnd): JobState {
  const active = { ...activeAttempt(job.state)!, ...(end.machine !== undefined && { machine: end.machine }) };
  const startedAt = active.startedAt ?? end.startedAt;
  const before = startedAt === undefined ? active : begun(job, active, startedAt);
  const statusReason = active.stopping?.reason ?? end.statusReason ?? endReason(job, active, { ...end, startedAt });
  const attempt: Attempt = {
    ...before,
    stoppedAt: Math.max(end.at, startedAt ?? 0),
    statusReason,
    ...(end.exitCode !== undefined && { exitCode: end.exitCode }),
    ...(end.reason !== undefined && { reason: shortened(end.reason) }),
    ...(end.usage !== undefined && { usage: end.usage }),
  };
  const attempts = replaceLastAttempt(job.state.attempts, attempt);
  if (isPreempted(attempt)) return preemptionOver(job, attempts);
  const succeeded = end.exitCode === 0 && active.stopping === undefined;
  const mayRetry = active.stopping === undefined || active.stopping.hostLost === true;
  if (!succeeded && mayRetry && mayTryAgain(job, attempts)) {
    const memoryMiB = nextMemory(job, attempt);
    return {
      status: "RUNNABLE",
      attempts,
      ...carried({ ...job.state, ...(memoryMiB !== undefined && { memoryMiB }) }),
    };
  }
  return over(job, succeeded ? "SUCCEEDED" : "FAILED", attempts);
}

/** What was preempted waits again, unless it was to be tried only so many times (reference 3.9). */
function preemptionOver(job: Job, kept: readonly Attempt[]): JobState {
  const preemptions = (job.state.preemptions ?? 0) + 1;
  const attempts = withoutOldPreempted(kept);
  const mayTryAgain = preemptions <= (job.scheduling.service?.preemptionRetries ?? Infinity);
  if (mayTryAgain) return { status: "RUNNABLE", attempts, ...carried({ ...job.state, preemptions }) };
  return { ...over(job, "FAILED", attempts), preemptions };
}

/** The job is over with its last attempt. */
function over(job: Job, status: "SUCCEEDED" | "FAILED", attempts: readonly Attempt[]): JobState {
  const { statusReason, startedAt, stoppedAt } = attempts.at(-1)!;
  return {
    ...job.state,
    ...{ status, statusReason: statusReason!, stoppedAt: stoppedAt! },
    ...(startedAt !== undefined && { startedAt }),
    attempts,
  };
}

function mayTryAgain({ scheduling }: Job, attempts: readonly Attempt[]): boolean {
  const made = attemptsThatCount(attempts, scheduling.infrastructureRetries);
  return shouldRetry(scheduling.retry, made, attempts.at(-1)!);
}

/** After an attempt that ran out of memory the next rung; on the last one it stays. */
function nextMemory(job: Job, attempt: Attempt): number | undefined {
  const { memoryMiB } = requirementsOf(job);
  const next = failureOf(attempt) === "out-of-memory" && job.scheduling.memoryLadder?.find((rung) => rung > memoryMiB);
  return next || job.state.memoryMiB;
}

/** What outlives an attempt. */
function carried({ memoryMiB, preemptions }: JobState): Pick<JobState, "memoryMiB" | "preemptions"> {
  return { ...(memoryMiB !== undefined && { memoryMiB }), ...(preemptions !== undefined && { preemptions }) };
}

/** FAILED without, or before, an attempt. */
export function failed(state: JobState, reason: string, now: number): JobState {
  return { ...state, status: "FAILED", statusReason: reason, stoppedAt: now };
}

/** The active attempt is told to end; the job goes on being what it is until the attempt is over. */
export function stopping(state: JobState, stop: Stopping): JobState {
  const attempt: Attempt = { ...activeAttempt(state)!, stopping: stop };
  return { ...state, attempts: replaceLastAttempt(state.attempts, attempt) };
}

/** The active attempt is to make room for another job (reference 2.3). */
export function preempting(state: JobState, reason: string, now: number): JobState {
  const stopped = stopping(state, { reason, at: now, preempted: true });
  return { ...stopped, statusReason: `PREEMPTION_IN_PROGRESS: ${reason}` };
}

/** `container.reason` holds at most 255 characters (reference 2.3). */
export function shortened(reason: string): string {
  return reason.slice(0, 255);
}

function begun({ scheduling: { log, service } }: Job, attempt: Attempt, startedAt: number): Attempt {
  if (log === undefined) return { ...attempt, startedAt };
  const stream =
    service === undefined ? logStreamName(log, DEFAULT_NAME.ecs, attempt.id) : trainingLogStream(service, attempt);
  return { ...attempt, startedAt, logStreamName: stream };
}

function endReason(job: Job, attempt: Attempt, end: AttemptOutcome & Pick<AttemptEnd, "isLost">): string {
  if (job.scheduling.service !== undefined) return trainingEndReason(end);
  if (end.exitCode !== undefined) return REASONS.exited;
  if (end.startedAt === undefined && end.isLost !== true) return REASONS.notStarted;
  return hostTerminated(attempt);
}

/** What becomes of an attempt whose instance goes away (reference 2.3). `lostId`: of several instances the one that does. */
export function hostTerminated(
  binding: Pick<Attempt, "environmentArn" | "instanceIds" | "machine">,
  lostId = instanceIdOf(binding),
): string {
  return `Host EC2 (instance ${lostId}) terminated.`;
}
