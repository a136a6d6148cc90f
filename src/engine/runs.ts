import type { DriverName } from "../core/driver-name.ts";
import { unitAttemptId } from "../core/ids.ts";
import type { Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import { STOP_GRACE_MS } from "../core/lifecycle.ts";

/** What a driver runs, or is to run, for a job: its active attempt, or one unit of that. */
export interface Run {
  readonly jobId: string;
  readonly driver: DriverName;
  /** What the driver knows it as. */
  readonly attemptId: string;
  /** Index of the unit. */
  readonly unit?: number;
  readonly isStarting: boolean;
  /** It was active in the backup that the store was restored from. */
  readonly isRestored?: true;
  /** Set when it is told to end: SIGTERM now, SIGKILL then (epoch ms). */
  readonly killAt?: number;
}

/** All that a job has with a driver now: nothing, one attempt, or those units of it that have begun and not ended. */
export function runsOf(job: Job): Run[] {
  const attempt = activeAttempt(job.state);
  if (attempt === undefined || job.state.status === "SCHEDULED") return [];
  const { id, driver, units, stopping } = attempt;
  if (units === undefined) {
    const isStarting = job.state.status === "STARTING" && attempt.isRestored !== true;
    const killAt = stopping && stopping.at + STOP_GRACE_MS;
    const run = { jobId: job.id, driver, attemptId: id, isStarting, ...restored(attempt) };
    return [{ ...run, ...(killAt !== undefined && { killAt }) }];
  }
  return units.flatMap((state, unit): Run[] => {
    const { status, stopping: unitStopping } = state;
    if (status !== "starting" && status !== "running") return [];
    const isStarting = status === "starting" && state.isRestored !== true;
    const killAt = unitStopping && unitStopping.at + (job.scheduling.units![unit]!.stopTimeoutMs ?? STOP_GRACE_MS);
    return [
      {
        ...{ jobId: job.id, driver, unit, attemptId: unitAttemptId(id, unit), isStarting, ...restored(state) },
        ...(killAt !== undefined && { killAt }),
      },
    ];
  });
}

function restored({ isRestored }: Pick<Run, "isRestored">): Pick<Run, "isRestored"> {
  return isRestored === true ? { isRestored } : {};
}
