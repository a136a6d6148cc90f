import type { JobChange } from "../core/changes.ts";
import type { AttemptUse } from "../core/cost/attempt-use.ts";
import type { DriverName } from "../core/driver-name.ts";
import { parseChildId } from "../core/ids.ts";
import type { Attempt, Job, JobState } from "../core/job.ts";
import { activeAttempt, isArrayParent, isTerminal } from "../core/job.ts";
import type { World } from "../core/world.ts";
import type { TickReport } from "../ports/observer.ts";

/** An attempt was given a place: its job is STARTING, or SCHEDULED. Times are epoch ms. */
export interface Placed {
  readonly jobId: string;
  readonly queueArn: string;
  readonly attemptId: string;
  readonly driver: DriverName;
  readonly at: number;
  /** Since when its job could have started; undefined where that was before this server led. */
  readonly runnableSince: number | undefined;
}

/** Its program runs. `placedAt`: undefined where that was before this server led. */
export interface Began {
  readonly jobId: string;
  readonly attemptId: string;
  readonly at: number;
  readonly placedAt: number | undefined;
}

export interface AttemptEnded {
  readonly use: AttemptUse;
  readonly attempt: Attempt;
}

/** What becomes of attempts and jobs, told once each. */
export interface AttemptWatcher {
  placed?(placed: Placed): void;
  began?(began: Began): void;
  attemptEnded?(ended: AttemptEnded): void;
  /** Of single jobs and children of arrays, and of arrays as a whole. */
  jobEnded?(ended: { readonly jobId: string; readonly state: JobState; readonly at: number }): void;
}

/** Reads out of the changes of ticks when attempts are placed, begin and end. What it remembers is about jobs that are not over. */
export class AttemptWatch {
  readonly #watchers: readonly AttemptWatcher[];
  /** By job, or array: since when it is RUNNABLE. */
  readonly #runnableSince = new Map<string, number>();
  readonly #placed = new Map<string, { readonly attemptId: string; readonly at: number; hasBegun: boolean }>();
  /** When the first world was read. */
  #firstReadAt: number | undefined;

  constructor(watchers: readonly AttemptWatcher[]) {
    this.#watchers = watchers;
  }

  committed({ world, changes, plan, isNewWorld, at }: TickReport): void {
    this.#firstReadAt ??= at;
    if (isNewWorld) this.#forgetGone(world);
    const placements = new Set(plan.changes.map(({ jobId }) => jobId));
    for (const change of changes) {
      if (change.kind !== "job-changed") continue;
      for (const use of change.uses ?? []) this.#attemptEnded(change, use);
      if (placements.has(change.jobId)) this.#place(world, change, at);
      this.#look(change, at);
    }
  }

  #place(world: World, { jobId, state }: JobChange, at: number): void {
    const attempt = activeAttempt(state);
    const job = world.jobs.get(jobId);
    if (attempt === undefined || job === undefined) return;
    const { id: attemptId, driver } = attempt;
    const runnableSince = this.#sinceWhen(world, job, at);
    this.#runnableSince.delete(jobId);
    this.#placed.set(jobId, { attemptId, at, hasBegun: false });
    const placed: Placed = { jobId, queueArn: job.queueArn, attemptId, driver, at, runnableSince };
    for (const watcher of this.#watchers) watcher.placed?.(placed);
  }

  #sinceWhen(world: World, job: Job, at: number): number | undefined {
    const known = this.#runnableSince.get(job.id);
    if (known !== undefined) return Math.min(known, at);
    if (job.state.attempts.length > 1) return undefined;
    const array = job.parent && world.jobs.get(job.parent.id);
    const sinceOfArray = array && this.#runnableSince.get(array.id);
    if (sinceOfArray !== undefined) return Math.min(sinceOfArray, at);
    // What waits for nobody could start as soon as it had come.
    if (job.scheduling.dependsOn.length === 0) return Math.min(job.createdAt, at);
    // It has become RUNNABLE in the tick that placed it.
    return job.createdAt >= this.#firstReadAt! ? at : undefined;
  }

  #look({ jobId, state }: JobChange, at: number): void {
    const { status, rest } = state;
    if (isTerminal(status)) {
      this.#runnableSince.delete(jobId);
      this.#placed.delete(jobId);
      for (const watcher of this.#watchers) watcher.jobEnded?.({ jobId, state, at });
      return;
    }
    const waits = status === "RUNNABLE" || rest?.status === "RUNNABLE";
    if (waits && !this.#runnableSince.has(jobId)) this.#runnableSince.set(jobId, at);
    const attempt = activeAttempt(state);
    const placed = this.#placed.get(jobId);
    if (attempt?.startedAt === undefined || placed?.hasBegun === true || status !== "RUNNING") return;
    const placedAt = placed?.attemptId === attempt.id ? placed.at : undefined;
    if (placed === undefined) this.#placed.set(jobId, { attemptId: attempt.id, at, hasBegun: true });
    else placed.hasBegun = true;
    const began = { jobId, attemptId: attempt.id, at: attempt.startedAt, placedAt };
    for (const watcher of this.#watchers) watcher.began?.(began);
  }

  #attemptEnded({ state }: JobChange, use: AttemptUse): void {
    this.#placed.delete(use.jobId);
    const attempt = state.attempts.find(({ id }) => id === use.attemptId);
    if (attempt === undefined) return;
    for (const watcher of this.#watchers) watcher.attemptEnded?.({ use, attempt });
  }

  /** Whatever a world that was dropped would have told. */
  #forgetGone(world: World): void {
    for (const jobId of this.#runnableSince.keys()) if (!stillWaits(world, jobId)) this.#runnableSince.delete(jobId);
    for (const jobId of this.#placed.keys()) if (!world.jobs.has(jobId)) this.#placed.delete(jobId);
  }
}

function stillWaits(world: World, jobId: string): boolean {
  const job = world.jobs.get(parseChildId(jobId)?.parentId ?? jobId);
  return job !== undefined && (isArrayParent(job) || !isTerminal(job.state.status));
}
