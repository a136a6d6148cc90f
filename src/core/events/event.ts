import type { Attempt, Job, JobState, JobStatus } from "../job.ts";

/** What is written into the event log: short, and enough to tell the event even when what it is about is gone. */
export type NewEvent = JobEvent | ScalingEvent;

export const EVENT_KINDS = ["job", "service-job", "blocked", "service-blocked", "scaling"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** A job has another status, or holds up its queue. */
export interface JobEvent {
  readonly kind: Exclude<EventKind, "scaling">;
  /** ARN of its queue. */
  readonly resource: string;
  readonly jobId: string;
  readonly facts: JobFacts;
}

export interface JobFacts {
  /** Said once, when it is submitted. */
  readonly name?: string;
  readonly status: JobStatus;
  readonly reason?: string;
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  /** How many attempts it has had, the active one among them. */
  readonly attempts?: number;
  /** How the last one stands. */
  readonly last?: Pick<Attempt, "startedAt" | "stoppedAt" | "exitCode" | "reason" | "statusReason">;
}

/** What became of an instance of an environment. */
export interface ScalingEvent {
  readonly kind: "scaling";
  /** ARN of the environment. */
  readonly resource: string;
  readonly jobId?: undefined;
  readonly facts: ScalingFacts;
}

export interface ScalingFacts {
  readonly action: ScalingAction;
  readonly instanceId: string;
  readonly instanceType: string;
  /** For people. */
  readonly reason: string;
  /** What all instances of the environment come to, with this one where it is launched. */
  readonly desiredvCpus?: number;
}

export type ScalingAction = "launch" | "running" | "launch-failed" | "terminate" | "terminated" | "lost";

/** What happened in one commit. */
export interface Told {
  /** Epoch ms. */
  readonly at: number;
  readonly events: readonly NewEvent[];
}

/** That a job has come to the status that it has. */
export function jobEvent({ id, queueArn, scheduling, state }: Job): JobEvent {
  const kind = scheduling.service === undefined ? "job" : "service-job";
  return { kind, resource: queueArn, jobId: id, facts: jobFacts(state) };
}

export function jobFacts(state: JobState): JobFacts {
  const { status, statusReason, startedAt, stoppedAt, attempts } = state;
  const last = attempts.at(-1);
  return {
    status,
    ...(statusReason !== undefined && { reason: statusReason }),
    ...(startedAt !== undefined && { startedAt }),
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(last !== undefined && { attempts: attempts.length, last: endOf(last) }),
  };
}

function endOf({ startedAt, stoppedAt, exitCode, reason, statusReason }: Attempt): NonNullable<JobFacts["last"]> {
  return {
    ...(startedAt !== undefined && { startedAt }),
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
    ...(statusReason !== undefined && { statusReason }),
  };
}
