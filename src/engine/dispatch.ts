import type { Change } from "../core/changes.ts";
import { activeAttempt } from "../core/job.ts";
import type { World } from "../core/world.ts";
import type { Driver, DriverEvent, DriverName } from "../ports/driver.ts";
import type { Term } from "../ports/leadership.ts";
import type { SchedulingStore } from "../ports/store.ts";
import type { DriverSet } from "./driver-set.ts";
import type { CallingBack } from "./job-environment.ts";
import { attemptSpec } from "./launch.ts";
import type { Observed } from "./observe.ts";
import type { Run } from "./runs.ts";
import { runsOf } from "./runs.ts";
import { crashPoint } from "../ports/crash-points.ts";

export interface DispatchOptions {
  readonly store: SchedulingStore;
  readonly drivers: Pick<DriverSet, "get">;
  readonly callingBack: CallingBack;
  report(driver: DriverName, event: DriverEvent): void;
  now(): number;
  readonly term: Pick<Term, "confirm">;
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
  /** What was told to stop, and is not over: to be told once is enough, until it is adopted anew. */
  readonly #stopped = new Set<string>();

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  async dispatch(world: World, changes: readonly Change[], observed: Observed): Promise<void> {
    for (const { driver, attemptIds } of observed.inventories) this.#hold(driver, attemptIds);
    for (const { driver, attemptId } of observed.over) {
      this.#held.get(driver)?.delete(attemptId);
      this.#stopped.delete(attemptId);
      this.#tell(driver, "forget", async (d) => {
        crashPoint("dispatch.forget");
        await d.forget(attemptId);
        crashPoint("dispatch.forgotten");
      });
    }
    for (const { driver, attemptId } of observed.unwanted) {
      this.#tell(driver, "stop", (d) => d.stop(attemptId, this.#options.now()));
    }
    const { toStart, toStop } = this.#toTell(world, changes, observed);
    const starting = new Set(toStart.map(({ attemptId }) => attemptId));
    for (const run of toStop) if (!starting.has(run.attemptId)) this.#stop(run);
    if (toStart.length === 0) return;
    await this.#start(world, toStart);
    for (const run of toStop) if (starting.has(run.attemptId)) this.#stop(run);
  }

  /** It is never told anything again. */
  driverGone(driver: DriverName): void {
    this.#held.delete(driver);
  }

  #hold(driver: DriverName, attemptIds: readonly string[]): void {
    const held = this.#held.get(driver) ?? new Set();
    for (const attemptId of attemptIds) held.add(attemptId);
    this.#held.set(driver, held);
  }

  /** Runs as they are after the tick, whatever they were when it looked at the drivers. Drivers that are not ready hear of them with their inventory. */
  #toTell(world: World, changes: readonly Change[], observed: Observed): { toStart: Run[]; toStop: Run[] } {
    const changed = changes.flatMap((change) => (change.kind === "job-changed" ? [change.jobId] : []));
    const unstarted = new Set(observed.unstarted.map(({ attemptId }) => attemptId));
    const adopted = new Set(observed.toStop.map(({ attemptId }) => attemptId));
    const jobIds = [...observed.unstarted, ...observed.toStop].map(({ jobId }) => jobId);
    const toStart: Run[] = [];
    const toStop: Run[] = [];
    for (const jobId of new Set([...jobIds, ...changed])) {
      const job = world.jobs.get(jobId);
      for (const run of job === undefined ? [] : runsOf(job)) {
        const held = this.#held.get(run.driver);
        if (held === undefined) continue;
        const { attemptId, isStarting, killAt } = run;
        const mayBegin = isStarting && (unstarted.has(attemptId) || !held.has(attemptId));
        if (killAt === undefined) {
          if (mayBegin) toStart.push(run);
        } else if (isStarting && !held.has(attemptId)) this.#neverBegan(run);
        else {
          if (adopted.has(attemptId) || !this.#stopped.has(attemptId)) toStop.push(run);
          if (mayBegin) toStart.push(run);
        }
      }
    }
    return { toStart, toStop };
  }

  /** Its job was stopped between the commit and the start of its attempt, with a crash in between. */
  #neverBegan({ driver, attemptId }: Run): void {
    this.#options.report(driver, { kind: "exited", attemptId, at: this.#options.now() });
  }

  #stop({ attemptId, driver, killAt }: Run): void {
    this.#stopped.add(attemptId);
    this.#tell(driver, "stop", async (d) => {
      try {
        crashPoint("dispatch.stop");
        await d.stop(attemptId, killAt!);
        crashPoint("dispatch.stopped");
      } catch (error) {
        this.#stopped.delete(attemptId);
        throw error;
      }
    });
  }

  async #start(world: World, runs: readonly Run[]): Promise<void> {
    const jobs = [...new Set(runs.map(({ jobId }) => jobId))].map((jobId) => world.jobs.get(jobId)!);
    const launches = await this.#options.store.launches(jobs);
    await this.#options.term.confirm();
    for (const { jobId, driver, unit } of runs) {
      const job = world.jobs.get(jobId)!;
      const launch = launches.get(job.parent?.id ?? jobId)!;
      const environment = world.environments.get(activeAttempt(job.state)!.environmentArn);
      const spec = attemptSpec(
        { job, launch, environment, instances: world.instances, unit },
        this.#options.callingBack,
      );
      this.#hold(driver, [spec.attemptId]);
      this.#tell(driver, "start", async (d) => {
        try {
          crashPoint("dispatch.start");
          await d.start(spec);
          crashPoint("dispatch.started");
        } catch (error) {
          this.#options.onError(`driver ${driver} could not start attempt ${spec.attemptId}`, error);
          await this.#options.term.confirm();
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
