import type { AttemptUse } from "../core/cost/attempt-use.ts";
import type { PriceBook } from "../core/cost/price.ts";
import { driverOfHost } from "../core/driver-name.ts";
import { explain } from "../core/explain/explain.ts";
import type { Explanation } from "../core/explain/explanation.ts";
import type { Preview, Proposal } from "../core/explain/preview.ts";
import { preview, proposedJob } from "../core/explain/preview.ts";
import type { WaitingJob, WaitingReason } from "../core/explain/waiting-reason.ts";
import { waitingReason, waitingText } from "../core/explain/waiting-reason.ts";
import { QueueFronts } from "../core/front.ts";
import { parseChildId } from "../core/ids.ts";
import { requirementsOf } from "../core/job.ts";
import type { GoneInstance } from "../core/instances/gone-instances.ts";
import { GONE_SHOWN_MS } from "../core/instances/gone-instances.ts";
import type { InstanceUse } from "../core/instances/instance-use.ts";
import { desiredVcpusOf } from "../core/instances/instance-use.ts";
import type { Occupancy } from "../core/occupancy.ts";
import { occupancyOf } from "../core/occupancy.ts";
import type { QueueSnapshot } from "../core/queue-snapshot.ts";
import { activeJobsOf } from "../core/queue-snapshot.ts";
import type { Capacity } from "../core/resources.ts";
import type { SharesOfQueue } from "../core/explain/share-standings.ts";
import { sharesOf } from "../core/explain/share-standings.ts";
import type { Plan } from "../core/plan.ts";
import { World } from "../core/world.ts";
import type { Clock, Stopwatch } from "../ports/clock.ts";
import type { Driver, DriverEvent, DriverName } from "../ports/driver.ts";
import type { Term } from "../ports/leadership.ts";
import { ONLY_SERVER } from "../ports/leadership.ts";
import type { EngineObserver } from "../ports/observer.ts";
import type { Provisioner, ProvisionerEvent } from "../ports/provisioner.ts";
import type { JobCount, Scheduler } from "../ports/scheduler.ts";
import type { SchedulingStore } from "../ports/store.ts";
import { StaleEpoch } from "../ports/store.ts";
import { ClockWatch } from "./clock-watch.ts";
import { decide } from "./decide.ts";
import { DriverSet } from "./driver-set.ts";
import { Dispatcher } from "./dispatch.ts";
import { readNews, readWorld } from "./intake.ts";
import { Invariants } from "./invariants.ts";
import type { CallingBack } from "./job-environment.ts";
import type { ReportedEvent } from "./observe.ts";
import { ObservedTicks } from "./observed-ticks.ts";
import { nextTurn, Pace, retryDelayMs } from "./pace.ts";
import { costsUntilNow, withPrices } from "./prices.ts";
import { InstanceDispatcher } from "./provision.ts";
import { shownInstances, withDriversWord } from "./told-by-drivers.ts";
import { crashPoint } from "../ports/crash-points.ts";

export interface EngineOptions {
  readonly store: SchedulingStore;
  /** Those that are there at the start. */
  readonly drivers: ReadonlyMap<DriverName, Driver>;
  /** Brings the instances of environments that have some; without it none of them ever run. */
  readonly provisioner?: Provisioner;
  readonly clock: Clock;
  /** To notice when the clock is set. Absent: it never is. */
  readonly stopwatch?: Stopwatch;
  readonly capacity: Capacity;
  readonly callingBack: CallingBack;
  /** In which it leads, where there may be other servers. Without it, it takes the lead itself. */
  readonly term?: Term;
  /** What attempts cost; by default nobody knows. */
  readonly prices?: PriceBook;
  /** Hears all that drivers report. */
  readonly heard?: (driver: Driver, event: DriverEvent) => void;
  readonly observer?: EngineObserver;
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

/**
 * The control loop. One tick at a time: read, observe, reconcile, schedule, commit, dispatch, sleep. Nothing is polled: it wakes when it is
 * nudged, when a driver reports, or when the plan said that time alone changes something. A tick that fails drops the world and reads it again.
 */
export class Engine implements Scheduler {
  readonly #options: EngineOptions;
  readonly #term: Pick<Term, "confirm" | "holds">;
  readonly #drivers: DriverSet;
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
  readonly #pace: Pace;
  #failures = 0;
  readonly #watch: ClockWatch;
  readonly #observed: ObservedTicks;
  readonly #invariants: Invariants;
  #failure: unknown;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#pace = new Pace(options.clock, options.tickIntervalMs);
    this.#term = options.term ?? ONLY_SERVER;
    this.#drivers = new DriverSet({
      ...{ drivers: options.drivers, heard: options.heard },
      report: (driver, event) => this.#report(driver, event),
      onError: (what, error) => options.onError(what, error),
    });
    this.#dispatcher = new Dispatcher({
      store: options.store,
      drivers: this.#drivers,
      callingBack: options.callingBack,
      report: (driver, event) => this.#report(driver, event),
      now: () => options.clock.now(),
      term: this.#term,
      onError: (what, error) => options.onError(what, error),
    });
    this.#watch = new ClockWatch(options.clock, options.stopwatch);
    this.#observed = new ObservedTicks(options);
    this.#invariants = new Invariants(options.checkEveryTicks);
    const { provisioner, clock } = options;
    this.#instanceDispatcher =
      provisioner &&
      new InstanceDispatcher({
        ...{ provisioner, clock, term: this.#term },
        report: (event) => this.#reportInstance(event),
        onError: (what, error) => options.onError(what, error),
      });
  }

  /** Takes the lead, reads the world, opens the drivers, and runs the first tick. */
  async start(): Promise<void> {
    this.#epoch = this.#options.term?.epoch ?? (await this.#options.store.lead());
    await this.#drivers.open();
    await this.#options.provisioner?.open((event) => this.#reportInstance(event));
    await this.nudge();
  }

  /** Why the last tick failed; undefined when it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Of a host that was registered: attempts may be given to it from now on. */
  addDriver(driver: Driver): Promise<void> {
    return this.#drivers.add(driver);
  }

  /** Ends after the tick that runs; attempts go on. Where another server may lead, no tick is waited for before the drivers are closed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer();
    if (this.#term.holds()) await this.#running;
    await this.#drivers.close();
    await this.#options.provisioner?.close();
    for (const resolve of this.#waiters.splice(0)) resolve();
    await this.#running;
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
    const world = this.#ticked;
    const explanation = world && explain(world, this.#plan, jobId, this.#options.clock.now());
    return explanation && withDriversWord(world, this.#drivers, explanation);
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
    return this.#ticked && desiredVcpusOf(this.#ticked, environmentArn);
  }

  instances(environmentArn: string): readonly InstanceUse[] | undefined {
    return this.#ticked && shownInstances(this.#ticked, this.#drivers, environmentArn);
  }

  goneInstances(environmentArn: string): readonly GoneInstance[] {
    return this.#ticked?.instances.gone.of(environmentArn, this.#options.clock.now() - GONE_SHOWN_MS) ?? [];
  }

  async terminateInstance(instanceId: string): Promise<void> {
    if (this.#ticked?.instances.get(instanceId) === undefined) return;
    await this.#term.confirm();
    await this.#options.provisioner?.terminate(instanceId);
  }

  runningUses(): AttemptUse[] {
    return costsUntilNow(this.#ticked, this.#options.clock.now(), this.#options.prices);
  }

  unfinished(account: string): JobCount | undefined {
    const jobs = (this.#world ?? this.#ticked)?.jobs;
    return jobs && { total: jobs.size, ofAccount: jobs.countOf(account) };
  }

  snapshot(queueArn: string): QueueSnapshot {
    const world = this.#ticked;
    if (world === undefined) return { front: [], firstOfShares: new Map(), active: [] };
    const { places, firstOfShares } = this.#fronts.of(world, queueArn);
    return { front: places, firstOfShares, active: activeJobsOf(world, queueArn) };
  }

  shares(queueArn: string): SharesOfQueue | undefined {
    return this.#ticked && sharesOf(this.#ticked, queueArn);
  }

  #retire(driver: DriverName): void {
    this.#drivers.retire(driver);
    this.#dispatcher.driverGone(driver);
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
      await this.#pace.next();
      this.#mustRunAgain = false;
      const waiters = this.#waiters.splice(0);
      const wakeAt = await this.#tickOrRecover();
      crashPoint("tick.sleep");
      for (const resolve of waiters) resolve();
      if (wakeAt !== undefined && !this.#isStopped)
        this.#cancelTimer = this.#pace.sleepUntil(wakeAt, () => this.#wake());
    }
    // In the same breath as the loop's last look: whoever wakes the engine in between would be told that it runs, and nobody would.
    this.#running = undefined;
    if (this.#isStopped) for (const resolve of this.#waiters.splice(0)) resolve();
  }

  async #tickOrRecover(): Promise<number | undefined> {
    try {
      const wakeAt = await this.#observed.tick(() => this.#tick());
      this.#failures = 0;
      this.#failure = undefined;
      return wakeAt;
    } catch (error) {
      this.#world = undefined;
      this.#failure = error;
      this.#hasNews = true;
      this.#options.onError("a tick failed; the world is read again", error);
      if (error instanceof StaleEpoch) this.#isStopped = true;
      this.#failures += 1;
      return this.#options.clock.now() + retryDelayMs(this.#failures);
    }
  }

  /** Returns when time alone will change something, epoch ms. */
  async #tick(): Promise<number | undefined> {
    const { store, clock } = this.#options;
    const isNewWorld = this.#world === undefined;
    const world = (this.#world ??= await this.#readWorld());
    const hasMoreNews = await this.#read(world);
    crashPoint("tick.read");
    const now = clock.now();
    const reported = this.#reported.slice();
    const reportedInstances = this.#reportedInstances.slice();
    const { instances, observed, plan, changes, events } = decide(world, {
      ...{ reported, reportedInstances, isNewWorld, now, clockSetByMs: this.#watch.setByMs() },
      hasDriver: (name) => this.#drivers.has(name),
    });
    this.#invariants.check(world);
    crashPoint("tick.schedule");
    await this.#term.confirm();
    const priced = withPrices(changes, this.#options.prices);
    if (changes.length + events.length > 0)
      await this.#observed.commit(() => store.commit(this.#epoch, priced, { at: now, events }));
    crashPoint("tick.commit");
    this.#reported.splice(0, reported.length);
    this.#watch.honoured();
    this.#reportedInstances.splice(0, reportedInstances.length);
    this.#plan = plan;
    this.#ticked = world;
    this.#observed.committed({ ...{ world, plan, changes, isNewWorld }, at: now });
    if (this.#options.hasNoSnapshots === true) world.touchedQueues.clear();
    else this.#fronts.note(world, now);
    const isSettled = world.agenda.size === 0 && world.progressed.size === 0;
    // What waits is told the truth about instances that have just been launched for it.
    const hasScaled = plan.instanceChanges.length > 0;
    if (plan.isPartial || hasMoreNews || !isSettled || hasScaled) this.#mustRunAgain = true;
    await this.#term.confirm();
    crashPoint("dispatch.instances");
    this.#instanceDispatcher?.dispatch(world, changes, instances);
    await this.#dispatcher.dispatch(world, changes, observed);
    crashPoint("tick.dispatch");
    // Of a host that was removed, the last attempt is over.
    for (const change of changes) if (change.kind === "host-deleted") this.#retire(driverOfHost(change.hostId));
    return plan.wakeAt;
  }

  async #readWorld(): Promise<World> {
    const world = new World(this.#options.capacity, this.#drivers.has("docker"));
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
}
