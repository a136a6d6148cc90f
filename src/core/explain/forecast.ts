import type { Job } from "../job.ts";
import { activeAttempt, isTerminal, isWaiting } from "../job.ts";
import { jobChange } from "../job-change.ts";
import { ended, started, STOP_GRACE_MS } from "../lifecycle.ts";
import { reconcile } from "../reconcile.ts";
import { schedule } from "../schedule.ts";
import type { World } from "../world.ts";
import { copyWorld, MAX_JOBS } from "./copy-world.ts";
import type { Estimate } from "./explanation.ts";
import { jobOf } from "./open-dependencies.ts";

const MAX_PLACEMENTS = 5_000;

/**
 * When a waiting job starts, found by letting the scheduler go on in a copy of the world: what runs succeeds, and takes as long as it is expected to, or as
 * its timeout allows; what has neither never ends. `prepare` changes the copy first. Exact when it goes on so; where jobs end sooner, others
 * mostly start sooner.
 */
export function forecast(world: World, jobId: string, now: number, prepare = (_copy: World): void => {}): Estimate {
  if (world.jobs.size > MAX_JOBS) return { unknown: `More than ${MAX_JOBS} jobs are waiting or running.` };
  const copy = copyWorld(world);
  prepare(copy);
  if (mayLaunch(copy, jobId)) return { unknown: "Instances are launched for what waits; when they run is not known." };
  return new Forecast(copy, now).startOf(jobId);
}

/** Whether anything could still be launched where the job may run. */
function mayLaunch(world: World, jobId: string): boolean {
  const environmentArns = world.queues.get(jobOf(world, jobId)?.queueArn ?? "")?.environmentArns ?? [];
  return environmentArns.some((arn) => {
    const environment = world.environments.get(arn);
    if (environment?.instances === undefined || environment.isUnmanaged) return false;
    const fleet = world.instances.of(arn);
    const isLaunching = !fleet.launching().next().done;
    return isLaunching || fleet.vcpuMilli < environment.maxVcpuMilli;
  });
}

class Forecast {
  readonly #world: World;
  #now: number;
  /** By attempt. */
  readonly #ends = new Map<string, number>();

  constructor(world: World, now: number) {
    this.#world = world;
    this.#now = now;
  }

  startOf(jobId: string): Estimate {
    let placed = 0;
    while (placed < MAX_PLACEMENTS) {
      reconcile(this.#world, this.#now);
      const plan = schedule(this.#world, this.#now);
      placed += plan.changes.length;
      const job = jobOf(this.#world, jobId);
      if (job === undefined || isTerminal(job.state.status)) {
        return {
          unknown: "It would end without having started: by a time limit of its queue, or for what it depends on.",
        };
      }
      if (!isWaiting(job.state.status)) return { at: this.#now };
      if (plan.isPartial || this.#world.agenda.size > 0) continue;
      const next = this.#nextEvent(plan.wakeAt);
      if (next === Infinity) return { unknown: "What it waits for does not end, or nobody knows when." };
      this.#now = next;
    }
    return { unknown: "Too many jobs start before it." };
  }

  /** Goes on to the next moment in which something happens; attempts that end then do. Infinity when nothing does. */
  #nextEvent(wakeAt = Infinity): number {
    for (const job of this.#activeJobs()) this.#begin(job);
    const ends = this.#activeJobs().map((job) => ({ job, at: this.#endOf(job) }));
    const next = Math.min(wakeAt > this.#now ? wakeAt : Infinity, ...ends.map(({ at }) => at));
    if (next === Infinity) return next;
    for (const { job, at } of ends) {
      if (at === next) this.#world.apply(jobChange(this.#world, job, ended(job, { at, exitCode: 0 })));
    }
    return next;
  }

  /** At once: what a share uses counts from then on. Of several containers each has its own start: those are taken to start with their end. */
  #begin(job: Job): void {
    const isNew = job.state.status === "STARTING" && activeAttempt(job.state)!.units === undefined;
    if (isNew) this.#world.apply(jobChange(this.#world, job, started(job, this.#now)));
  }

  #activeJobs(): Job[] {
    return [...this.#world.activeAttemptIds()].map((attemptId) => this.#world.jobOfAttempt(attemptId)!);
  }

  /** An attempt that has just been bound begins at once. */
  #endOf(job: Job): number {
    const { id, stopping, startedAt = this.#now } = activeAttempt(job.state)!;
    if (stopping !== undefined) return Math.max(this.#now, stopping.at + STOP_GRACE_MS);
    const known = this.#ends.get(id);
    if (known !== undefined) return known;
    const end = expectedEnd(job, startedAt, this.#now);
    this.#ends.set(id, end);
    return end;
  }
}

/** One that has run longer than it was expected to has its timeout left. */
function expectedEnd({ scheduling }: Job, startedAt: number, now: number): number {
  const { expectedSeconds = Infinity, timeoutSeconds = Infinity } = scheduling;
  const expected = startedAt + expectedSeconds * 1000;
  const latest = startedAt + timeoutSeconds * 1000;
  return Math.max(now, expected > now ? Math.min(expected, latest) : latest);
}
