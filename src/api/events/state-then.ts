import type { JobFacts } from "../../core/events/event.ts";
import type { Attempt, JobState } from "../../core/job.ts";

/** A job's state as it was with an event, of what is kept of the job now and what the event says. What neither tells is as it is now. */
export function stateThen(now: JobState, facts: JobFacts): JobState {
  const { statusReason: _reason, startedAt: _startedAt, stoppedAt: _stoppedAt, ...rest } = now;
  const { status, reason, startedAt, stoppedAt } = facts;
  return {
    ...rest,
    status,
    ...(reason !== undefined && { statusReason: reason }),
    ...(startedAt !== undefined && { startedAt }),
    ...(stoppedAt !== undefined && { stoppedAt }),
    attempts: attemptsThen(now.attempts, facts),
  };
}

function attemptsThen(attempts: readonly Attempt[], { attempts: count = 0, last }: JobFacts): readonly Attempt[] {
  const then = attempts.slice(0, count);
  const attempt = then.at(-1);
  return attempt === undefined || last === undefined ? then : [...then.slice(0, -1), attemptThen(attempt, last)];
}

function attemptThen(now: Attempt, then: NonNullable<JobFacts["last"]>): Attempt {
  const {
    startedAt: _s,
    stoppedAt: _e,
    exitCode: _x,
    reason: _r,
    statusReason: _t,
    usage,
    logStreamName,
    ...rest
  } = now;
  const isOver = then.stoppedAt !== undefined;
  const hasLog = logStreamName !== undefined && (isOver || then.startedAt !== undefined);
  return { ...rest, ...then, ...(hasLog && { logStreamName }), ...(isOver && usage !== undefined && { usage }) };
}
