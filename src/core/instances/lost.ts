import type { Job, JobState } from "../job.ts";
import { activeAttempt } from "../job.ts";
import { hostTerminated, stopping } from "../lifecycle.ts";
import { nodeStopped, unitsAdvanced } from "../tasks/task-lifecycle.ts";
import type { World } from "../world.ts";

/** A job whose active attempt is on instances, some of which may be lost: it is told to end with them. The same state when none are, or it knows. */
export function endedWithHost(world: World, job: Job, now: number): JobState {
  const { lost } = world.instances;
  const instanceIds = lost.size === 0 ? [] : (activeAttempt(job.state)?.instanceIds ?? []);
  let state = job.state;
  for (const [node, id] of instanceIds.entries())
    if (lost.has(id)) state = withoutHost({ ...job, state }, node, id, now);
  return state;
}

/** The loss of the main node is the job's; that of another one changes nothing for the others, once the job runs (reference 3.3). */
function withoutHost(job: Job, node: number, instanceId: string, now: number): JobState {
  const attempt = activeAttempt(job.state);
  if (attempt === undefined || attempt.stopping !== undefined) return job.state;
  const stop = { reason: hostTerminated(attempt, instanceId), at: now };
  const isJobs = (job.scheduling.nodes?.main ?? node) === node || job.state.status !== "RUNNING";
  if (!isJobs) return nodeStopped(job, node, stop);
  const stopped = stopping(job.state, { ...stop, hostLost: true });
  return attempt.units === undefined ? stopped : unitsAdvanced({ ...job, state: stopped }, now);
}
