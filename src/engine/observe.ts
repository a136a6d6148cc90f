import type { DriverBoot, JobChange } from "../core/changes.ts";
import { unitAttemptId } from "../core/ids.ts";
import { endedWithHost } from "../core/instances/lost.ts";
import type { Job, JobState } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import { ended, hostTerminated, REASONS, started } from "../core/lifecycle.ts";
import { jobChange } from "../core/job-change.ts";
import { unitEnded, unitStarted } from "../core/tasks/task-lifecycle.ts";
import type { World } from "../core/world.ts";
import type { DriverEvent, DriverName } from "../ports/driver.ts";
import { changesOfLogs } from "./attempt-logs.ts";
import type { Run } from "./runs.ts";
import { runsOf } from "./runs.ts";

export interface ReportedEvent {
  readonly driver: DriverName;
  readonly event: DriverEvent;
}

/** What a tick makes of the drivers' events, beside the changes of jobs. Attempt ids are those that drivers know: of attempts, or of units of attempts. */
export interface Observed {
  readonly changes: (JobChange | DriverBoot)[];
  /** Attempts that a driver runs and no job wants any more. */
  readonly unwanted: { driver: DriverName; attemptId: string }[];
  /** Attempts whose end is known and committed: the driver may forget them. Units go when their attempt is over. */
  readonly over: { driver: DriverName; attemptId: string }[];
  /** What the driver has never heard of, and is to start: if nothing else has happened to it since. */
  readonly unstarted: Run[];
  /** What was adopted after it had been told to stop. */
  readonly toStop: Run[];
  /** What drivers have shown: they can be told to start attempts from now on. */
  readonly inventories: { driver: DriverName; attemptIds: readonly string[] }[];
}

/** Step 3 of a tick: the drivers' events become changes, applied to the world. Repeated and late events change nothing. */
export function observe(world: World, reported: readonly ReportedEvent[], now: number): Observed {
  const observed: Observed = { changes: [], unwanted: [], over: [], unstarted: [], toStop: [], inventories: [] };
  for (const { driver, event } of reported) {
    if (event.kind === "exited" && event.exitCode === undefined) loseHost(world, event.attemptId, now, observed);
    if (event.kind === "inventory") observeInventory(world, driver, event, now, observed);
    else if (event.kind === "made") observeMade(world, driver, event.attemptId, observed);
    else if (world.unitOf(event.attemptId) !== undefined) observeUnit(world, driver, event, now, observed);
    else observeAttempt(world, driver, event, observed);
  }
  return observed;
}

type Inventory = Extract<DriverEvent, { kind: "inventory" }>;
type AttemptEvent = Exclude<DriverEvent, { kind: "inventory" | "made" }>;

/** An engine that was cut off may have made it long after its attempt was over. */
function observeMade(world: World, driver: DriverName, attemptId: string, observed: Observed): void {
  const isWanted = world.jobOfAttempt(attemptId) !== undefined || world.unitOf(attemptId) !== undefined;
  if (!isWanted) observed.over.push({ driver, attemptId });
}

function observeAttempt(world: World, driver: DriverName, event: AttemptEvent, observed: Observed): void {
  const { attemptId } = event;
  const job = world.jobOfAttempt(attemptId);
  if (event.kind === "exited") {
    if (job !== undefined) change(world, job, ended(job, event), observed);
    observed.over.push({ driver, attemptId });
  } else if (job === undefined) observed.unwanted.push({ driver, attemptId });
  else if (job.state.status === "STARTING") change(world, job, started(job, event.at, event.machine), observed);
}

/** An end that is not the program's own is that of its host, where this is gone. */
function loseHost(world: World, attemptId: string, now: number, observed: Observed): void {
  const job = world.unitOf(attemptId)?.job ?? world.jobOfAttempt(attemptId);
  if (job !== undefined) change(world, job, endedWithHost(world, job, now), observed);
}

/** A unit that has ended stays with its driver while its attempt goes on: others may use what it shares with them. */
function observeUnit(world: World, driver: DriverName, event: AttemptEvent, now: number, observed: Observed): void {
  const { job, unit } = world.unitOf(event.attemptId)!;
  if (event.kind === "exited") return change(world, job, unitEnded(job, unit, event, now), observed);
  const { status } = activeAttempt(job.state)!.units![unit]!;
  if (status === "ended") observed.unwanted.push({ driver, attemptId: event.attemptId });
  else change(world, job, unitStarted(job, unit, event, now), observed);
}

/**
 * What should be there and is not was either never started, or is lost with its host. After a boot nobody knows which: a power cut takes what a driver had not
 * synced, and what has begun is not begun again.
 */
function observeInventory(
  world: World,
  driver: DriverName,
  { attemptIds, bootId }: Inventory,
  now: number,
  observed: Observed,
): void {
  const hasBooted = noteBoot(world, driver, bootId, observed);
  const present = new Set(attemptIds);
  observed.inventories.push({ driver, attemptIds });
  for (const run of activeRuns(world)) {
    if (run.driver !== driver) continue;
    if (present.has(run.attemptId)) {
      if (run.killAt !== undefined) observed.toStop.push(run);
    } else if (!run.isStarting || run.killAt !== undefined) lose(world, run, now, observed);
    else if (hasBooted) lose(world, run, now, observed, CUT_OFF);
    else observed.unstarted.push(run);
  }
}

/** Whether it is another boot than the one in which the driver was seen before. */
function noteBoot(world: World, driver: DriverName, bootId: string | undefined, observed: Observed): boolean {
  const before = world.boots.get(driver);
  if (bootId === undefined || bootId === before) return false;
  const booted = { kind: "driver-boot", driver, bootId } as const;
  world.apply(booted);
  observed.changes.push(booted);
  return before !== undefined;
}

const CUT_OFF = "The machine was started anew while the attempt was starting: whether it ran is not known";

function lose(
  world: World,
  { jobId, unit, isRestored }: Run,
  now: number,
  observed: Observed,
  reason: string | undefined = isRestored === true ? REASONS.restored : undefined,
): void {
  const job = world.jobs.get(jobId)!;
  const statusReason = hostTerminated(activeAttempt(job.state)!);
  const end = { at: now, ...(reason !== undefined && { reason, statusReason }) };
  const state = unit === undefined ? ended(job, end) : unitEnded(job, unit, end, now);
  change(world, job, state, observed);
}

/**
 * A world read anew does not know what the last one had dispatched: everything is dispatched again, which is idempotent. What a driver ran that there is no
 * longer is lost: nobody will ever tell how it ended.
 */
export function observeNewWorld(
  world: World,
  observed: Observed,
  hasDriver: (driver: DriverName) => boolean,
  now: number,
): void {
  for (const run of activeRuns(world)) if (!hasDriver(run.driver)) lose(world, run, now, observed);
  for (const run of activeRuns(world)) {
    if (run.killAt !== undefined) observed.toStop.push(run);
    if (run.isStarting) observed.unstarted.push(run);
  }
}

function activeRuns(world: World): Run[] {
  return [...world.activeAttemptIds()].flatMap((attemptId) => runsOf(world.jobOfAttempt(attemptId)!));
}

function change(world: World, job: Job, state: JobState, observed: Observed): void {
  if (state === job.state) return;
  const before = activeAttempt(job.state)!;
  const after = state.attempts.at(-1)!;
  const jobChanged = { ...jobChange(world, job, state), ...changesOfLogs(job, before, after) };
  world.apply(jobChanged);
  observed.changes.push(jobChanged);
  if (after.units === undefined || after.stoppedAt === undefined) return;
  for (const unit of after.units.keys()) {
    observed.over.push({ driver: after.driver, attemptId: unitAttemptId(after.id, unit) });
  }
}
