import type { Change } from "../core/changes.ts";
import { findViolation } from "../core/check.ts";
import { explain } from "../core/explain/explain.ts";
import type { Explanation } from "../core/explain/explanation.ts";
import type { Preview, Proposal } from "../core/explain/preview.ts";
import { preview, proposedJob } from "../core/explain/preview.ts";
import type { WaitingJob, WaitingReason } from "../core/explain/waiting-reason.ts";
import { waitingReason, waitingText } from "../core/explain/waiting-reason.ts";
import { QueueFronts } from "../core/front.ts";
import { parseChildId } from "../core/ids.ts";
import { requirementsOf } from "../core/job.ts";
import type { Occupancy } from "../core/occupancy.ts";
import { occupancyOf } from "../core/occupancy.ts";
import type { QueueSnapshot } from "../core/queue-snapshot.ts";
import { activeJobsOf } from "../core/queue-snapshot.ts";
import { reconcile } from "../core/reconcile.ts";
import type { Capacity } from "../core/resources.ts";
import type { Plan } from "../core/plan.ts";
import { schedule } from "../core/schedule.ts";
import { idleInstances, summaries } from "../core/summaries.ts";
import { World } from "../core/world.ts";
import type { Clock } from "../ports/clock.ts";
import type { Driver, DriverEvent, DriverName } from "../ports/driver.ts";
import type { Provisioner, ProvisionerEvent } from "../ports/provisioner.ts";
import type { Scheduler } from "../ports/scheduler.ts";
import type { SchedulingStore } from "../ports/store.ts";
import { StaleEpoch } from "../ports/store.ts";
import { Dispatcher } from "./dispatch.ts";
import { readNews, readWorld } from "./intake.ts";
import type { CallingBack } from "./job-environment.ts";
import { observeInstances, observeNewInstances } from "./observe-instances.ts";
import type { ReportedEvent } from "./observe.ts";
import { observe, observeNewWorld } from "./observe.ts";
import { InstanceDispatcher } from "./provision.ts";

export interface EngineOptions {
  readonly store: SchedulingStore;
  readonly drivers: ReadonlyMap<DriverName, Driver>;
  /** Brings the instances of environments that have some; without it none of them ever run. */
  readonly provisioner?: Provisioner;
  readonly clock: Clock;
  readonly capacity: Capacity;
  readonly callingBack: CallingBack;
  /** Check the world's invariants after every n-th tick. */
  readonly checkEveryTicks: number;
  /**
   * Time between the starts of two ticks, at least. A tick that comes alone is not delayed; under load the events of this time share one commit.
   */
  readonly tickIntervalMs: number;
  /** Resolves when all that comes at this moment has come: it goes into one tick. Absent: with the next turn of the event loop. */
  readonly gathered?: () => Promise<void>;
  /** Nobody asks for snapshots: the fronts of queues are not followed. They cost most where time is virtual, and each tick is seconds after the last one. */
  readonly hasNoSnapshots?: true;
  onError(what: string, error: unknown): void;
}

const FIRST_RETRY_DELAY_MS = 100;
const MAX_RETRY_DELAY_MS = 5_000;

/**
 * The control loop. One tick at a time: read, observe, reconcile, schedule, commit, dispatch, sleep. Nothing is polled: it wakes when it is
 * nudged, when a driver reports, or when the plan said that time alone changes something. A tick that fails drops the world and reads it again.
 */
export class Engine implements Scheduler {
  readonly #options: EngineOptions;
  readonly #dispatcher: Dispatcher;
  readonly #instanceDispatcher: InstanceDispatcher | undefined;
  #world: World | undefined;
  /** The world after the last tick that went well: what is told of it stays true while a new one is read. */
  #ticked: World | undefined;
  #epoch = 0;
  readonly #fronts = new QueueFronts();
  #plan: Pick<Plan, "blocked" | "short"> = { blocked: new Map(), short: new Map() };
  #reported: ReportedEvent[] = [];
  #reportedInstances: ProvisionerEvent[] = [];
  #hasNews = true;
  #hasResourceNews = false;
  /** Jobs whose priority was written. */
  readonly #prioritised = new Set<string>();
  #waiters: (() => void)[] = [];
  #running: Promise<void> | undefined;
  #mustRunAgain = false;
  #isStopped = false;
  #cancelTimer: () => void = () => {};
  #ticks = 0;
  #lastTickAt = 0;
  #failures = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#dispatcher = new Dispatcher({
      store: options.store,
      drivers: options.drivers,
      callingBack: options.callingBack,
      report: (driver, event) => this.#report(driver, event),
      now: () => options.clock.now(),
      onError: (what, error) => options.onError(what, error),
    });
    const { provisioner, clock } = options;
    this.#instanceDispatcher =
      provisioner &&
      new InstanceDispatcher({
        ...{ provisioner, clock },
        report: (event) => this.#reportInstance(event),
        onError: (what, error) => options.onError(what, error),
      });
  }

  /** Takes the lead, reads the world, opens the drivers, and runs the first tick. */
  async start(): Promise<void> {
    this.#epoch = await this.#options.store.lead();
    for (const driver of this.#options.drivers.values()) {
      await driver.open((event) => this.#report(driver.name, event));
    }
    await this.#options.provisioner?.open((event) => this.#reportInstance(event));
    await this.nudge();
  }

  /** Ends after the tick that runs; attempts go on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer();
    await this.#running;
    for (const driver of this.#options.drivers.values()) await driver.close();
    await this.#options.provisioner?.close();
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /** Resolves when nothing is left to do before something happens or time passes. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** There are new jobs or stop requests. Resolves when a tick that saw them has been committed (or has failed). */
  nudge(): Promise<void> {
    this.#hasNews = true;
    return this.#nextTick();
  }

  /** Resources were written. Resolves as `nudge`. */
  nudgeResources(): Promise<void> {
    this.#hasResourceNews = true;
    return this.#nextTick();
  }

  nudgePriority(jobId: string): Promise<void> {
    this.#prioritised.add(jobId);
    return this.#nextTick();
  }

  inUse(consumableArn: string): number {
    return this.#ticked?.inUse(consumableArn) ?? 0;
  }

  waitingText(job: WaitingJob): string | undefined {
    const arrayId = parseChildId(job.id)?.parentId;
    const limit = arrayId === undefined ? undefined : this.#world?.crowding(arrayId);
    const reason: WaitingReason | undefined =
      limit === undefined ? waitingReason(this.#plan, job) : { kind: "crowded", limit };
    return reason === undefined ? undefined : waitingText(reason, requirementsOf(job));
  }

  explain(jobId: string): Explanation | undefined {
    return this.#ticked && explain(this.#ticked, this.#plan, jobId, this.#options.clock.now());
  }

  async preview(proposal: Proposal): Promise<Preview | undefined> {
    const job = proposedJob(proposal);
    const unknown = this.#ticked?.unknownDependencies(job) ?? [];
    const outcomes = unknown.length === 0 ? new Map() : await this.#options.store.outcomes(unknown);
    return this.#ticked && preview(this.#ticked, this.#plan, job, outcomes, this.#options.clock.now());
  }

  occupancy(environmentArn: string): Occupancy | undefined {
    return this.#ticked && occupancyOf(this.#ticked, environmentArn);
  }

  desiredVcpus(environmentArn: string): number | undefined {
    if (this.#ticked?.environments.get(environmentArn)?.instances === undefined) return undefined;
    return Math.ceil(this.#ticked.instances.of(environmentArn).vcpuMilli / 1000);
  }

  snapshot(queueArn: string): QueueSnapshot {
    const world = this.#ticked;
    if (world === undefined) return { front: [], firstOfShares: new Map(), active: [] };
    const { places, firstOfShares } = this.#fronts.of(world, queueArn);
    return { front: places, firstOfShares, active: activeJobsOf(world, queueArn) };
  }

  #report(driver: DriverName, event: DriverEvent): void {
    this.#reported.push({ driver, event });
    this.#wake();
  }

  #reportInstance(event: ProvisionerEvent): void {
    this.#reportedInstances.push(event);
    this.#wake();
  }

  #nextTick(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#isStopped) return;
    this.#mustRunAgain = true;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    await (this.#options.gathered ?? nextTurn)();
    while (this.#mustRunAgain && !this.#isStopped) {
      this.#cancelTimer();
      await this.#pace();
      this.#mustRunAgain = false;
      const waiters = this.#waiters.splice(0);
      const wakeAt = await this.#tickOrRecover();
      for (const resolve of waiters) resolve();
      if (wakeAt !== undefined && !this.#isStopped) this.#sleepUntil(wakeAt);
    }
    // In the same breath as the loop's last look: whoever wakes the engine in between would be told that it runs, and nobody would.
    this.#running = undefined;
    if (this.#isStopped) for (const resolve of this.#waiters.splice(0)) resolve();
  }

  async #pace(): Promise<void> {
    const { clock, tickIntervalMs } = this.#options;
    const delayMs = this.#lastTickAt + tickIntervalMs - clock.now();
    // A clock that was set back would make this long; it is no reason to wait.
    if (delayMs > 0 && delayMs <= tickIntervalMs)
      await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
    this.#lastTickAt = clock.now();
  }

  #sleepUntil(wakeAt: number): void {
    const delayMs = Math.max(0, wakeAt - this.#options.clock.now());
    this.#cancelTimer = this.#options.clock.after(Math.min(delayMs, MAX_SLEEP_MS), () => this.#wake());
  }

  async #tickOrRecover(): Promise<number | undefined> {
    try {
      const wakeAt = await this.#tick();
      this.#failures = 0;
      return wakeAt;
    } catch (error) {
      this.#world = undefined;
      this.#hasNews = true;
      this.#options.onError("a tick failed; the world is read again", error);
      if (error instanceof StaleEpoch) this.#isStopped = true;
      const delayMs = Math.min(FIRST_RETRY_DELAY_MS * 2 ** this.#failures, MAX_RETRY_DELAY_MS);
      this.#failures += 1;
      return this.#options.clock.now() + delayMs;
    }
  }

  /** Returns when time alone will change something, epoch ms. */
  async #tick(): Promise<number | undefined> {
    const { store, clock } = this.#options;
    const isNewWorld = this.#world === undefined;
    const world = (this.#world ??= await this.#readWorld());
    const hasMoreNews = await this.#read(world);
    const reported = this.#reported.slice();
    const now = clock.now();
    const reportedInstances = this.#reportedInstances.slice();
    const instances = observeInstances(world, reportedInstances, now);
    const observed = observe(world, reported, now);
    if (isNewWorld) observeNewWorld(world, observed);
    if (isNewWorld) observeNewInstances(world, instances);
    const reconciled = reconcile(world, now);
    const plan = schedule(world, now);
    const changes = lastOfEachJob([
      ...instances.changes,
      ...observed.changes,
      ...reconciled,
      ...plan.changes,
      ...plan.instanceChanges,
      ...summaries(world),
      ...idleInstances(world),
    ]);
    this.#check(world);
    if (changes.length > 0) await store.commit(this.#epoch, changes);
    this.#reported.splice(0, reported.length);
    this.#reportedInstances.splice(0, reportedInstances.length);
    this.#plan = plan;
    this.#ticked = world;
    if (this.#options.hasNoSnapshots === true) world.touchedQueues.clear();
    else this.#fronts.note(world, now);
    const isSettled = world.agenda.size === 0 && world.progressed.size === 0;
    // What waits is told the truth about instances that have just been launched for it.
    const hasScaled = plan.instanceChanges.length > 0;
    if (plan.isPartial || hasMoreNews || !isSettled || hasScaled) this.#mustRunAgain = true;
    this.#instanceDispatcher?.dispatch(world, changes, instances);
    await this.#dispatcher.dispatch(world, changes, observed);
    return plan.wakeAt;
  }

  async #readWorld(): Promise<World> {
    const world = new World(this.#options.capacity, this.#options.drivers.has("docker"));
    await readWorld(this.#options.store, world, this.#options.clock.now());
    return world;
  }

  async #read(world: World): Promise<boolean> {
    if (this.#hasResourceNews) {
      this.#hasResourceNews = false;
      for (const fact of await this.#options.store.resources()) world.apply(fact);
    }
    if (this.#prioritised.size > 0) {
      const jobIds = [...this.#prioritised];
      this.#prioritised.clear();
      for (const fact of await this.#options.store.priorities(jobIds)) world.apply(fact);
    }
    if (!this.#hasNews) return false;
    this.#hasNews = false;
    const hasMore = await readNews(this.#options.store, world);
    this.#hasNews ||= hasMore;
    return hasMore;
  }

  #check(world: World): void {
    this.#ticks += 1;
    if (this.#ticks % this.#options.checkEveryTicks !== 0) return;
    const violation = findViolation(world);
    if (violation !== undefined) throw new Error(`invariant violated: ${violation}`);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Timers of more than 2^31 ms fire at once; no deadline needs a longer sleep than a day. */
const MAX_SLEEP_MS = 86_400_000;

/** A job that changed twice in a tick is written once. What is beside its state goes with its last change. */
function lastOfEachJob(changes: readonly Change[]): Change[] {
  const byKey = new Map<string, Change>();
  for (const change of changes) {
    const key = `${change.kind} ${subjectOf(change)}`;
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? change : withMoreOf(before, change));
  }
  return [...byKey.values()];
}

function subjectOf(change: Change): string {
  if ("jobId" in change) return change.jobId;
  return "instanceId" in change ? change.instanceId : change.arn;
}

function withMoreOf(before: Change, change: Change): Change {
  if (before.kind !== "job-changed" || change.kind !== "job-changed") return change;
  const logStreams = [...(before.logStreams ?? []), ...(change.logStreams ?? [])];
  const endedLogs = [...(before.endedLogs ?? []), ...(change.endedLogs ?? [])];
  const usedUp = [...(before.usedUp ?? []), ...(change.usedUp ?? [])];
  return {
    ...change,
    ...(logStreams.length > 0 && { logStreams }),
    ...(endedLogs.length > 0 && { endedLogs }),
    ...(usedUp.length > 0 && { usedUp }),
  };
}
