import type { Change } from "../core/changes.ts";
import type { Attempt, Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import { STOP_GRACE_MS } from "../core/lifecycle.ts";
import type { World } from "../core/world.ts";
import type { Driver, DriverEvent, DriverName } from "../ports/driver.ts";
import type { SchedulingStore } from "../ports/store.ts";
import type { CallingBack } from "./job-environment.ts";
import { attemptSpec } from "./launch.ts";
import type { Observed } from "./observe.ts";

export interface DispatchOptions {
  readonly store: SchedulingStore;
  readonly drivers: ReadonlyMap<DriverName, Driver>;
  readonly callingBack: CallingBack;
  report(driver: DriverName, event: DriverEvent): void;
  now(): number;
  onError(what: string, error: unknown): void;
}

/**
 * Step 7 of a tick: tells the drivers what was committed. Level-triggered and idempotent by attempt id: whatever is lost here by a crash
 * is found again by the next inventory. Nothing waits for the drivers; they answer with events.
 */
export class Dispatcher {
  readonly #options: DispatchOptions;
  /**
   * By driver, the attempts that it showed or was told to start. A driver that has not shown its inventory is not in here: nobody knows
   * what it already runs. An attempt that is not in here, of a driver that is, has never begun.
   */
  readonly #held = new Map<DriverName, Set<string>>();

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  async dispatch(world: World, changes: readonly Change[], observed: Observed): Promise<void> {
    for (const { driver, attemptIds } of observed.inventories) this.#hold(driver, attemptIds);
    for (const { driver, attemptId } of observed.over) {
      this.#held.get(driver)?.delete(attemptId);
      this.#tell(driver, "forget", (d) => d.forget(attemptId));
    }
    for (const { driver, attemptId } of observed.unwanted) {
      this.#tell(driver, "stop", (d) => d.stop(attemptId, this.#options.now()));
    }
    const { toStart, toStop } = this.#toTell(world, changes, observed);
    for (const job of toStop) if (!toStart.has(job)) this.#stop(job);
    if (toStart.size === 0) return;
    await this.#start(world, [...toStart]);
    for (const job of toStop) if (toStart.has(job)) this.#stop(job);
  }

  #hold(driver: DriverName, attemptIds: readonly string[]): void {
    const held = this.#held.get(driver) ?? new Set();
    for (const attemptId of attemptIds) held.add(attemptId);
    this.#held.set(driver, held);
  }

  /** Jobs as they are after the tick, whatever they were when it looked at the drivers. Drivers that are not ready hear of them with their inventory. */
  #toTell(world: World, changes: readonly Change[], observed: Observed): { toStart: Set<Job>; toStop: Job[] } {
    const changed = changes.flatMap((change) => (change.kind === "job-changed" ? [change.jobId] : []));
    const unstarted = new Set(observed.unstarted);
    const toStart = new Set<Job>();
    const toStop: Job[] = [];
    for (const jobId of new Set([...unstarted, ...observed.toStop, ...changed])) {
      const job = world.jobs.get(jobId);
      const attempt = job && activeAttempt(job.state);
      const held = attempt && this.#held.get(attempt.driver);
      if (job === undefined || attempt === undefined || held === undefined) continue;
      const isStarting = job.state.status === "STARTING";
      if (attempt.stopping === undefined) {
        if (isStarting) toStart.add(job);
      } else if (isStarting && !held.has(attempt.id)) this.#neverBegan(attempt);
      else {
        toStop.push(job);
        if (isStarting && unstarted.has(jobId)) toStart.add(job);
      }
    }
    return { toStart, toStop };
  }

  /** Its job was stopped between the commit and the start of its attempt, with a crash in between. */
  #neverBegan({ driver, id }: Attempt): void {
    this.#options.report(driver, { kind: "exited", attemptId: id, at: this.#options.now() });
  }

  #stop(job: Job): void {
    const { id, driver, stopping } = activeAttempt(job.state)!;
    this.#tell(driver, "stop", (d) => d.stop(id, stopping!.at + STOP_GRACE_MS));
  }

  async #start(world: World, jobs: readonly Job[]): Promise<void> {
    const launches = await this.#options.store.launches(jobs);
    for (const job of jobs) {
      const { driver, environmentArn } = activeAttempt(job.state)!;
      const launch = launches.get(job.parent?.id ?? job.id)!;
      const spec = attemptSpec(job, launch, world.environments.get(environmentArn), this.#options.callingBack);
      this.#hold(driver, [spec.attemptId]);
      this.#tell(driver, "start", async (d) => {
        try {
          await d.start(spec);
        } catch (error) {
          this.#options.onError(`driver ${driver} could not start attempt ${spec.attemptId}`, error);
          await d.stop(spec.attemptId, this.#options.now());
          const reason = `CannotStartContainerError: ${error instanceof Error ? error.message : String(error)}`;
          this.#options.report(driver, { kind: "exited", attemptId: spec.attemptId, at: this.#options.now(), reason });
        }
      });
    }
  }

  /** A driver that is not ready hears of it again through its inventory. */
  #tell(name: DriverName, what: string, call: (driver: Driver) => Promise<void>): void {
    const driver = this.#options.drivers.get(name);
    if (driver === undefined || !this.#held.has(name)) return;
    call(driver).catch((error: unknown) => this.#options.onError(`driver ${name} failed to ${what}`, error));
  }
}
