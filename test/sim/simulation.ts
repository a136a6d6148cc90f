import { childId, nodeId, parseNodeId } from "../../src/core/ids.ts";
import type { StopRequest } from "../../src/core/job.ts";
import { activeAttempt, isTerminal, isWaiting } from "../../src/core/job.ts";
import { seededBehaviour } from "../../src/drivers/fake/behaviour.ts";
import { FakeCloud } from "../../src/drivers/fake/cloud.ts";
import { FakeMachine } from "../../src/drivers/fake/machine.ts";
import type { NewJob } from "../../src/ports/store.ts";
import { StaleEpoch, UnknownDependency } from "../../src/ports/store.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import type { Stop } from "./checkers.ts";
import { checkAtRest, checkClaim, checkEnd, checkStartable, checkStopped } from "./checkers.ts";
import { randomBoot } from "./fleet.ts";
import { Ledger } from "./ledger.ts";
import type { Mix } from "./mix.ts";
import { describeMix, drawMix } from "./mix.ts";
import { Random } from "./random.ts";
import { Reasons } from "./reasons.ts";
import { Resources } from "./resources.ts";
import type { Fault } from "./server.ts";
import { Server } from "./server.ts";
import type { Tell } from "./trace.ts";
import { nameOf, tellCommit } from "./trace.ts";
import { launchingOf, randomJob, randomServiceJob, randomShare, SCOPE } from "./workload.ts";

const MAX_TICKS_TO_SETTLE = 200;
const MAX_STEPS_TO_END = 3_000;
/** Turns of the event loop without any motion after which the engine sleeps: within a tick it never waits longer for anything. */
const QUIET_TURNS = 6;

/** One seed: a server under a random load and random faults, then without faults until everything has ended. Throws on the first violation. */
export class Simulation {
  readonly #random: Random;
  readonly #seed: number;
  readonly #mix: Mix;
  readonly #clock = new VirtualClock();
  readonly #startedAt = this.#clock.now();
  readonly #machine: FakeMachine;
  readonly #cloud: FakeCloud;
  readonly #claimed = new Set<string>();
  readonly #launched = new Set<string>();
  readonly #violations: string[] = [];
  readonly #stopReasons = new Map<string, Set<string>>();
  readonly #tellLine: Tell | undefined;
  #ledger!: Ledger;
  #resources!: Resources;
  #reasons!: Reasons;
  #store!: OpenStore;
  #server: Server | undefined;
  #leader: Server | undefined;
  /** Counts what the engine does to the store and the drivers, and what these tell it. */
  #activity = 0;
  /** Counts whatever happens at all. */
  #motion = 0;
  #isFaulty = true;
  #mustReconnect = false;
  #stops: Stop[] = [];
  #serial = 0;

  /** `tell` hears what happens, a line each. */
  constructor(seed: number, tell?: Tell) {
    this.#seed = seed;
    this.#tellLine = tell;
    this.#random = new Random(seed);
    this.#mix = drawMix(this.#random);
    const behaviourOf = seededBehaviour(`seed ${seed}`, this.#mix.programs);
    this.#machine = new FakeMachine({
      clock: this.#clock,
      behaviour: (spec) => {
        const behaviour = behaviourOf(spec);
        if (spec.instanceId === undefined || this.#cloud.has(spec.instanceId)) return behaviour;
        return { ...behaviour, loss: { afterMs: 0, isSilent: false } };
      },
      onClaim: (attempt, machine) => {
        const ground = { machine, cloud: this.#cloud, ledger: this.#ledger, capacity: this.#mix.capacity };
        this.#violations.push(...checkClaim(attempt, { ...ground, claimed: this.#claimed }));
      },
    });
    this.#cloud = new FakeCloud({
      clock: this.#clock,
      boot: () => randomBoot(this.#random, this.#isFaulty ? this.#mix.cloudFaults : 0),
      onLaunch: ({ id }) => {
        if (this.#launched.has(id)) this.#violations.push(`instance ${id} is there twice`);
        this.#launched.add(id);
      },
      onGone: (id) => this.#machine.loseInstance(id),
    });
  }

  /** What this seed is about, a line each. */
  describe(): string[] {
    return describeMix(this.#mix);
  }

  async run(steps: number): Promise<void> {
    const database = new SqliteDatabase(":memory:");
    try {
      this.#store = await openStore(database, this.#clock.now(), { defaultDriver: "fake", launchingOf });
      this.#resources = new Resources(this.#store, this.#clock, this.#random);
      this.#ledger = new Ledger(this.#mix.capacity, this.#resources);
      this.#reasons = new Reasons(this.#ledger, this.#resources, this.#mix.capacity);
      await this.#resources.create(this.#mix);
      for (let step = 0; step < steps; step += 1) await this.#step();
      await this.#end();
    } finally {
      this.#server?.crash();
      await database.close();
    }
  }

  /** A few things at once, as requests come; then time, or the engine, goes on. */
  async #step(): Promise<void> {
    const server = await this.#running();
    const requests = Array.from({ length: this.#random.int(0, 3) }, () => this.#request(server));
    await Promise.all(requests);
    if (this.#random.chance(0.2)) await this.#forget();
    if (this.#random.chance(this.#mix.crashes)) this.#crash(server);
    else if (this.#random.chance(this.#mix.depositions)) this.#depose(server);
    else if (this.#random.chance(0.1)) this.#showInventory();
    if (this.#random.chance(0.7)) await this.#advance(this.#random.pick([0, 10, 500, 3_000, 20_000]));
    else await this.#settle();
  }

  #crash(server: Server): void {
    this.#tell("the server crashes");
    server.crash();
  }

  /** Another server takes the lead while this one lives, and may be in the middle of a tick; only its next commit tells it. */
  #depose(server: Server): void {
    this.#tell("another server takes the lead");
    server.isDeposed = true;
  }

  #showInventory(): void {
    this.#tell("the driver shows its inventory");
    this.#machine.showInventory();
    this.#cloud.showInventory();
  }

  async #request(server: Server): Promise<void> {
    const kind = this.#random.int(1, 100);
    if (kind <= 55) return this.#submit(server);
    if (kind > 60 && kind <= 85) return this.#requestStop(server);
    if (kind <= 60) await this.#resources.changeConsumable();
    else if (kind <= 90) await this.#resources.updateEnvironment();
    else if (kind <= 92) await this.#resources.updateQuotaShare();
    else if (kind <= 95) await this.#resources.updateQueue();
    else if (kind <= 97) await this.#resources.updatePolicy();
    else await this.#resources.deleteOrCreateQueue();
    this.#tell("a resource is changed");
    await server.until(server.engine.nudgeResources());
  }

  async #submit(server: Server): Promise<void> {
    const job = this.#newJob();
    if (job === undefined) return;
    this.#ledger.submitted(job);
    this.#tell(`submit ${job.id} to ${nameOf(job.queueArn)}: ${JSON.stringify(job.scheduling)}`);
    try {
      await this.#store.jobs.insert(job);
    } catch (error) {
      if (!(error instanceof UnknownDependency)) throw error;
      this.#ledger.entries.delete(job.id); // what it depended on was removed meanwhile
    }
    await server.until(server.engine.nudge());
  }

  /** Jobs that are over are forgotten at once, if nobody depends on them. */
  async #forget(): Promise<void> {
    // What a share has used is read again from what is kept.
    if ([...this.#resources.queues.values()].some(({ policies }) => policies !== undefined)) return;
    const { history, jobs } = this.#store;
    const over = [...this.#ledger.entries.values()].filter(({ state }) => isTerminal(state.status));
    await history.removeJobs(undefined, this.#clock.now() + 1, this.#random.int(1, 5));
    await history.removeChildren(1_000);
    const left = await jobs.find(
      SCOPE,
      over.map(({ job }) => job.id),
    );
    const ids = new Set(left.map(({ id }) => id));
    for (const entry of over) entry.isRemoved = !ids.has(entry.job.id);
  }

  #newJob(): NewJob | undefined {
    this.#serial += 1;
    const id = `job-${this.#seed}-${this.#serial}`;
    if (this.#random.chance(0.15)) {
      return randomServiceJob(this.#random, id, this.#clock.now(), [...this.#resources.quotaShares.keys()]);
    }
    const queues = [...this.#resources.known];
    if (queues.length === 0) return undefined;
    const entries = [...this.#ledger.entries.values()].filter(
      ({ job, isRemoved }) => job.scheduling.service === undefined && isRemoved !== true,
    );
    const queue = this.#random.pick(queues);
    const job = randomJob(this.#random, id, queue, this.#clock.now(), entries);
    if (this.#resources.queues.get(queue)!.policies === undefined) return job;
    const share = randomShare(this.#random);
    return { ...job, shareIdentifier: share.share!, scheduling: { ...job.scheduling, ...share } };
  }

  async #requestStop(server: Server): Promise<void> {
    const entries = [...this.#ledger.entries.values()];
    if (entries.length === 0) return;
    if (this.#random.chance(0.4)) {
      const active = [...this.#ledger.all(true)].filter(({ state }) => activeAttempt(state) !== undefined);
      if (active.length > 0) {
        const { id, entry } = this.#random.pick(active);
        const { nodes } = entry.job.scheduling;
        const toNode = nodes !== undefined && this.#random.chance(0.7);
        return this.#stop(server, toNode ? nodeId(id, this.#random.int(0, nodes.count - 1)) : id);
      }
    }
    const { job } = this.#random.pick(entries);
    const size = job.scheduling.arraySize;
    const toChild = size !== undefined && this.#random.chance(0.6);
    await this.#stop(server, toChild ? childId(job.id, this.#random.int(0, size - 1)) : job.id);
  }

  async #stop(server: Server, jobId: string, kind: StopRequest["kind"] = this.#random.pick(["cancel", "terminate"])) {
    const owner = parseNodeId(jobId)?.jobId ?? jobId;
    const state = this.#ledger.stateOf(owner)!;
    this.#serial += 1;
    const reason = `${kind} no. ${this.#serial}`;
    const reasons = this.#stopReasons.get(owner) ?? new Set();
    this.#stopReasons.set(owner, reasons.add(reason));
    this.#tell(`${kind} ${jobId}`);
    await this.#store.jobs.requestStops([jobId], { kind, reason }, this.#clock.now());
    this.#stops.push({
      ...{ jobId, kind, reason },
      ...{ attemptsBefore: state.attempts.length, wasWaiting: isWaiting(state.status) },
    });
    await server.until(server.engine.nudge());
  }

  /** The server, started again if it crashed or another one has taken the lead. */
  async #running(): Promise<Server> {
    for (let tries = 0; tries < 100; tries += 1) {
      const before = this.#server;
      if (before !== undefined && !before.isDead && !before.isDeposed) return before;
      if (before?.isDead === true) await this.#passDowntime(before);
      const server = this.#newServer();
      this.#server = server;
      await server.until(server.engine.start());
      this.#check();
    }
    throw new Error("the server does not come up");
  }

  #newServer(): Server {
    this.#tell("a server starts");
    const server: Server = new Server({
      store: this.#store.scheduling,
      machine: this.#machine,
      cloud: this.#cloud,
      clock: this.#clock,
      capacity: this.#mix.capacity,
      drawFault: (call) => this.#drawFault(call),
      onLead: () => (this.#leader = server),
      onRead: (jobIds) => this.#ledger.read(jobIds),
      onCommit: (changes, at) => {
        if (server !== this.#leader) this.#violations.push("a server commits that does not lead any more");
        tellCommit(changes, (line) => this.#tell(line));
        this.#ledger.committed(changes, at);
      },
      onActivity: () => {
        if (server === this.#server) this.#activity += 1;
      },
      onMotion: () => (this.#motion += 1),
      onError: (what, error) => {
        if (server.isDeposed && error instanceof StaleEpoch)
          this.#tell("a server hears that it does not lead any more");
        else this.#violations.push(`${what}: ${String(error)}`);
      },
    });
    return server;
  }

  /** What a server accepted and did not live to look at is news to the next one. */
  async #passDowntime(server: Server): Promise<void> {
    for (let n = this.#random.int(-2, 2); n > 0; n -= 1) await this.#requestStop(server);
    this.#clock.advance(this.#random.pick([0, 100, 40_000]));
  }

  #drawFault(call: string): Fault {
    const fault = this.#isFaulty ? this.#draw(call) : "none";
    if (fault === "none") return fault;
    this.#tell(`a fault: ${call} ${fault}`);
    if (call === "stop" || call === "forget" || call === "terminate") this.#mustReconnect = true; // a driver fails when it loses sight
    return fault;
  }

  #draw(call: string): Fault {
    // Stops are rare, and losing one matters.
    const rate = call === "stop" ? 5 * this.#mix.callFaults : this.#mix.callFaults;
    if (!this.#random.chance(rate)) return "none";
    if (call === "lead" || call === "start") return this.#random.pick(["crash", "crash-after"]);
    const faults = ["fails", "fails-after", "crash", "crash-after"] as const;
    return this.#random.pick(call === "commit" ? [...faults, "deposed"] : faults);
  }

  /** Lets time pass timer by timer; the engine comes to act on some of them at once, on others later. */
  async #advance(ms: number): Promise<void> {
    const until = this.#clock.now() + ms;
    for (;;) {
      const next = this.#clock.nextTimerAt();
      if (next === undefined || next > until) break;
      this.#clock.advance(next - this.#clock.now());
      if (this.#random.chance(0.3)) await this.#settle();
    }
    this.#clock.advance(until - this.#clock.now());
    await this.#settle();
  }

  /**
   * Until the engine sleeps by itself; then what must hold at rest is checked. Whatever it still had to do is then a wake-up that was lost: a tick that
   * nobody asked for must change nothing. After a fault it may have a timer to try again, and that tick stands for it.
   */
  async #settle(): Promise<void> {
    for (let ticks = 0; ticks < MAX_TICKS_TO_SETTLE; ticks += 1) {
      const server = await this.#running();
      await this.#quiet();
      this.#check();
      if (server.isDead || server.isDeposed) continue;
      const isCalm = !server.isShaken && !this.#mustReconnect;
      if (isCalm) this.#checkAtRest(server);
      server.isShaken = false;
      const before = this.#activity;
      const isAlive = await server.until(server.engine.nudge());
      await this.#quiet();
      this.#check();
      if (!isAlive || server.isShaken) continue;
      if (this.#activity !== before) {
        if (isCalm) throw new Error("a wake-up was lost: the engine slept, and a tick that nobody asked for goes on");
        continue;
      }
      if (isCalm) return;
      if (!this.#mustReconnect) return this.#checkAtRest(server);
      this.#mustReconnect = false;
      this.#showInventory();
    }
    throw new Error("the engine does not come to rest");
  }

  /** Until nothing moves any more but by time. */
  async #quiet(): Promise<void> {
    for (let before = this.#motion, turns = 0; turns < QUIET_TURNS; turns += 1) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      this.#clock.advance(0); // a timer may have been set for what is past already
      if (this.#motion === before) continue;
      before = this.#motion;
      turns = 0;
    }
  }

  #check(): void {
    for (const [arn, { bound, hasInstances }] of this.#resources.environments) {
      if (!hasInstances && this.#ledger.used(arn).vcpuMilli > bound * 1000) {
        this.#violations.push(`${arn} holds more than ${bound} vCPU`);
      }
    }
    const [violation] = [...this.#ledger.violations, ...this.#violations];
    if (violation !== undefined) throw new Error(violation);
  }

  #checkAtRest(server: Server): void {
    this.#resources.rest((arn) => this.#ledger.used(arn).vcpuMilli / 1000);
    for (const stop of this.#stops.splice(0)) this.#violations.push(...checkStopped(this.#ledger, stop));
    this.#violations.push(...checkAtRest(this.#ledger, this.#machine, server.engine, this.#clock.now()));
    this.#violations.push(...this.#reasons.check(server.engine));
    this.#violations.push(...checkStartable(this.#ledger, this.#resources, this.#mix.capacity, this.#clock.now()));
    this.#check();
  }

  /** No more faults: everything comes to its end. */
  async #end(): Promise<void> {
    this.#tell("no more faults, and room for all");
    this.#isFaulty = false;
    await this.#settle();
    await this.#resources.makeRoom();
    await this.#server!.engine.nudgeResources();
    for (let steps = 0; !this.#isOver(); steps += 1) {
      if (steps > MAX_STEPS_TO_END) throw new Error(`never ends: ${this.#open()}`);
      await this.#helpToEnd(steps);
      await this.#settle();
    }
    await this.#settle();
    await this.#letInstancesGo();
    this.#violations.push(...(await checkEnd(this.#store, this.#ledger, this.#machine, this.#stopReasons)));
    this.#check();
  }

  /** What nobody needs any more goes by itself. */
  async #letInstancesGo(): Promise<void> {
    for (let next = this.#clock.nextTimerAt(); next !== undefined; next = this.#clock.nextTimerAt()) {
      if ([...this.#cloud.instances()].length + [...this.#ledger.fleet.ids()].length === 0) return;
      this.#clock.advance(next - this.#clock.now());
      await this.#settle();
    }
    const left = [...this.#cloud.instances()].map(({ instance }) => instance.id);
    if (left.length > 0) throw new Error(`instances that nobody lets go: ${left.join(" ")}`);
  }

  async #helpToEnd(steps: number): Promise<void> {
    const next = this.#clock.nextTimerAt();
    if (next !== undefined && steps % 200 !== 199) {
      this.#clock.advance(next - this.#clock.now() + this.#random.pick([0, 100, 1_000, 5_000]));
      return;
    }
    // Programs without an end of their own, and lost ones that nobody misses, end by the user's hand and by an inventory.
    this.#showInventory();
    for (const { id, entry, state, index } of this.#ledger.all(true)) {
      const isEndless = activeAttempt(state) !== undefined;
      const isArray = index === undefined && entry.job.scheduling.arraySize !== undefined;
      if (isEndless && !isArray) await this.#stop(this.#server!, id, "terminate");
    }
  }

  #isOver(): boolean {
    return this.#open() === "" && this.#machine.active().length === 0;
  }

  #open(): string {
    const open: string[] = [];
    for (const { id, state } of this.#ledger.all(true))
      if (!isTerminal(state.status)) open.push(`${id} ${state.status}`);
    return open.slice(0, 10).join(", ");
  }

  #tell(line: string): void {
    this.#tellLine?.(`${((this.#clock.now() - this.#startedAt) / 1000).toFixed(3).padStart(9)} s  ${line}`);
  }
}
