import type { JobChange } from "../core/changes.ts";
import type { Job, JobState } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import { ended, started } from "../core/lifecycle.ts";
import { jobChange } from "../core/reconcile.ts";
import type { World } from "../core/world.ts";
import type { DriverEvent, DriverName } from "../ports/driver.ts";

export interface ReportedEvent {
  readonly driver: DriverName;
  readonly event: DriverEvent;
}

/** What a tick makes of the drivers' events, beside the changes of jobs. */
export interface Observed {
  readonly changes: JobChange[];
  /** Attempts that a driver runs and no job wants any more. */
  readonly unwanted: { driver: DriverName; attemptId: string }[];
  /** Attempts whose end is known and committed: the driver may forget them. */
  readonly over: { driver: DriverName; attemptId: string }[];
  /** Ids of jobs whose attempt the driver has never heard of, and is to start: if nothing else has happened to it since. */
  readonly unstarted: string[];
  /** Ids of jobs whose attempt was adopted after it had been told to stop. */
  readonly toStop: string[];
  /** What drivers have shown: they can be told to start attempts from now on. */
  readonly inventories: { driver: DriverName; attemptIds: readonly string[] }[];
}

/** Step 3 of a tick: the drivers' events become changes, applied to the world. Repeated and late events change nothing. */
export function observe(world: World, reported: readonly ReportedEvent[], now: number): Observed {
  const observed: Observed = { changes: [], unwanted: [], over: [], unstarted: [], toStop: [], inventories: [] };
  for (const { driver, event } of reported) {
    if (event.kind === "inventory") observeInventory(world, driver, event.attemptIds, now, observed);
    else observeAttempt(world, driver, event, observed);
  }
  return observed;
}

function observeAttempt(
  world: World,
  driver: DriverName,
  event: Exclude<DriverEvent, { kind: "inventory" }>,
  observed: Observed,
): void {
  const { attemptId } = event;
  const job = world.jobOfAttempt(attemptId);
  if (event.kind === "exited") {
    if (job !== undefined) change(world, job, ended(job, event), observed);
    observed.over.push({ driver, attemptId });
  } else if (job === undefined) observed.unwanted.push({ driver, attemptId });
  else if (job.state.status === "STARTING") change(world, job, started(job, event.at), observed);
}

/** What should be there and is not was either never started, or is lost with its host. */
function observeInventory(
  world: World,
  driver: DriverName,
  attemptIds: readonly string[],
  now: number,
  observed: Observed,
): void {
  const present = new Set(attemptIds);
  observed.inventories.push({ driver, attemptIds });
  for (const attemptId of [...world.activeAttemptIds()]) {
    const job = world.jobOfAttempt(attemptId)!;
    const attempt = activeAttempt(job.state)!;
    if (attempt.driver !== driver) continue;
    if (present.has(attemptId)) {
      if (attempt.stopping !== undefined) observed.toStop.push(job.id);
    } else if (attempt.startedAt !== undefined || attempt.stopping !== undefined) {
      change(world, job, ended(job, { at: now }), observed);
    } else observed.unstarted.push(job.id);
  }
}

/** A world read anew does not know what the last one had dispatched: everything is dispatched again, which is idempotent. */
export function observeNewWorld(world: World, observed: Observed): void {
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    if (activeAttempt(job.state)!.stopping !== undefined) observed.toStop.push(job.id);
    if (job.state.status === "STARTING") observed.unstarted.push(job.id);
  }
}

function change(world: World, job: Job, state: JobState, observed: Observed): void {
  const jobChanged = { ...jobChange(job, state), ...newLogStream(job, state) };
  world.apply(jobChanged);
  observed.changes.push(jobChanged);
}

/** The log stream appears with the change that makes the attempt run. */
function newLogStream(job: Job, state: JobState): Pick<JobChange, "logStream"> {
  const before = activeAttempt(job.state);
  const after = state.attempts[job.state.attempts.length - 1];
  const log = job.scheduling.log;
  if (before?.logStreamName !== undefined || after?.logStreamName === undefined || log === undefined) return {};
  return {
    logStream: { group: log.group, name: after.logStreamName, attemptId: after.id, at: after.startedAt! },
  };
}
