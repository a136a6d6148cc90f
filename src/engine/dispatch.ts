import type { Change, JobChange } from "../core/changes.ts";
import type { Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import { STOP_GRACE_MS } from "../core/lifecycle.ts";
import type { World } from "../core/world.ts";
import type { Driver, DriverEvent, DriverName } from "../ports/driver.ts";
import type { SchedulingStore } from "../ports/store.ts";
import { attemptSpec } from "./launch.ts";
import type { Observed } from "./observe.ts";

export interface DispatchOptions {
  readonly store: SchedulingStore;
  readonly drivers: ReadonlyMap<DriverName, Driver>;
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
  /** Drivers that have shown their inventory; before that, nobody knows what they already run. */
  readonly #ready = new Set<DriverName>();

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  async dispatch(world: World, changes: readonly Change[], observed: Observed): Promise<void> {
    for (const driver of observed.ready) this.#ready.add(driver);
    const toStart = new Map(observed.unstarted.map((job) => [job.id, job]));
    const toStop = new Map(observed.toStop.map((job) => [job.id, job]));
    for (const change of changes) {
      const job = change.kind === "job-changed" ? this.#activeJob(world, change) : undefined;
      if (job === undefined) continue;
      if (activeAttempt(job.state)!.stopping !== undefined) toStop.set(job.id, job);
      else if (job.state.status === "STARTING") toStart.set(job.id, job);
    }
    for (const { driver, attemptId } of observed.over) this.#tell(driver, "forget", (d) => d.forget(attemptId));
    for (const { driver, attemptId } of observed.unwanted) {
      this.#tell(driver, "stop", (d) => d.stop(attemptId, this.#options.now()));
    }
    for (const job of toStop.values()) this.#stop(job);
    await this.#start(
      world,
      [...toStart.values()].filter(({ id }) => !toStop.has(id)),
    );
  }

  #activeJob(world: World, { jobId }: JobChange): Job | undefined {
    const job = world.jobs.get(jobId);
    return job !== undefined && activeAttempt(job.state) !== undefined ? job : undefined;
  }

  #stop(job: Job): void {
    const { id, driver, stopping } = activeAttempt(job.state)!;
    this.#tell(driver, "stop", (d) => d.stop(id, stopping!.at + STOP_GRACE_MS));
  }

  async #start(world: World, jobs: readonly Job[]): Promise<void> {
    const startable = jobs.filter((job) => this.#ready.has(activeAttempt(job.state)!.driver));
    if (startable.length === 0) return;
    const launches = await this.#options.store.launches(startable);
    for (const job of startable) {
      const { driver, environmentArn } = activeAttempt(job.state)!;
      const launch = launches.get(job.parent?.id ?? job.id)!;
      const spec = attemptSpec(job, launch, world.environments.get(environmentArn));
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
    if (driver === undefined || !this.#ready.has(name)) return;
    call(driver).catch((error: unknown) => this.#options.onError(`driver ${name} failed to ${what}`, error));
  }
}
