import type { JobChange } from "./changes.ts";
import { jobChange } from "./job-change.ts";
import type { Attempt } from "./job.ts";
import { activeAttempt, replaceLastAttempt } from "./job.ts";
import type { UnitState } from "./tasks/task.ts";
import type { World } from "./world.ts";

/**
 * The machine's clock was set, forward by so many ms, or back. Times stay what was said of them; what is measured from them goes on as though nothing had
 * happened: timeouts, the time between SIGTERM and SIGKILL, the limits of those that wait. Applies each change to the world and returns them.
 */
export function clockSet(world: World, byMs: number): JobChange[] {
  for (const [queueArn, standings] of world.standings) {
    const moved = [...standings].map(
      ([share, standing]) => [share, { ...standing, since: standing.since + byMs }] as const,
    );
    world.standings.set(queueArn, new Map(moved));
  }
  const changes: JobChange[] = [];
  for (const attemptId of [...world.activeAttemptIds()]) {
    const job = world.jobOfAttempt(attemptId)!;
    const before = activeAttempt(job.state)!;
    const after = attemptMoved(before, byMs);
    if (after === before) continue;
    const change = jobChange(world, job, { ...job.state, attempts: replaceLastAttempt(job.state.attempts, after) });
    world.apply(change);
    changes.push(change);
  }
  return changes;
}

function attemptMoved(attempt: Attempt, byMs: number): Attempt {
  const moved = begunMoved(attempt, byMs);
  const units = attempt.units?.map((unit) => (unit.status === "ended" ? unit : begunMoved(unit, byMs)));
  const isSame = units === undefined || units.every((unit, index) => unit === attempt.units![index]);
  return isSame ? moved : { ...moved, units };
}

function begunMoved<Begun extends Attempt | UnitState>(begun: Begun, byMs: number): Begun {
  const { startedAt, clockSetMs = 0, stopping } = begun;
  if (startedAt === undefined && stopping === undefined) return begun;
  return {
    ...begun,
    ...(startedAt !== undefined && { clockSetMs: clockSetMs + byMs }),
    ...(stopping !== undefined && { stopping: { ...stopping, at: stopping.at + byMs } }),
  };
}
