import type { EndedLog, JobChange, NewLogStream } from "../core/changes.ts";
import { unitAttemptId } from "../core/ids.ts";
import type { Attempt, Job } from "../core/job.ts";
import type { UnitState } from "../core/tasks/task.ts";

/** The logs that begin and end with a change of an attempt: its own, or those of its units. */
export function changesOfLogs(
  { scheduling: { log, units } }: Job,
  before: Attempt,
  after: Attempt,
): Pick<JobChange, "logStreams" | "endedLogs"> {
  const loggedUnit = (unit: UnitState, index: number): Logged | undefined => {
    const unitBefore = before.units![index]!;
    // Of the many units of a large job few change at a time.
    if (unit === unitBefore) return undefined;
    const attemptId = unitAttemptId(after.id, index);
    return { group: units![index]!.log?.group, attemptId, before: unitBefore, after: unit };
  };
  const logs: Logged[] =
    after.units === undefined
      ? [{ group: log?.group, attemptId: after.id, before, after }]
      : after.units.flatMap((unit, index) => loggedUnit(unit, index) ?? []);
  const logStreams = logs.filter(isNew).map(newLogStream);
  const endedLogs = logs.filter(isEnded).map(endedLog);
  return { ...(logStreams.length > 0 && { logStreams }), ...(endedLogs.length > 0 && { endedLogs }) };
}

type Progress = Pick<Attempt, "logStreamName" | "startedAt" | "stoppedAt">;

interface Logged {
  /** Absent where no log is kept. */
  readonly group: string | undefined;
  readonly attemptId: string;
  readonly before: Progress;
  readonly after: Progress;
}

/** A log stream appears with the change that makes the attempt, or its unit, run. */
function isNew({ before, after }: Logged): boolean {
  return before.logStreamName === undefined && after.logStreamName !== undefined;
}

function isEnded({ before, after }: Logged): boolean {
  return after.logStreamName !== undefined && before.stoppedAt === undefined && after.stoppedAt !== undefined;
}

function newLogStream({ group, attemptId, after }: Logged): NewLogStream {
  return { group: group!, name: after.logStreamName!, attemptId, at: after.startedAt! };
}

function endedLog({ attemptId, after }: Logged): EndedLog {
  return { attemptId, at: after.stoppedAt! };
}
