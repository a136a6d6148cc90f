import { childId, nodeId, parseNodeId } from "../../src/core/ids.ts";
import type { StopRequest } from "../../src/core/job.ts";
import { activeAttempt, isTerminal, isWaiting } from "../../src/core/job.ts";
import type { NewJob } from "../../src/ports/store.ts";
import type { Capacity } from "../../src/core/resources.ts";
import { seededBehaviour } from "../../src/drivers/fake/behaviour.ts";
import { FakeMachine } from "../../src/drivers/fake/machine.ts";
import { SqliteDatabase } from "../../src/store/sqlite.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import type { Stop } from "./checkers.ts";
import { checkAtRest, checkClaim, checkEnd, checkStopped } from "./checkers.ts";
import { Ledger } from "./ledger.ts";
import { Random } from "./random.ts";
import { UnknownDependency } from "../../src/ports/store.ts";
import type { Fault } from "./server.ts";
import { Server } from "./server.ts";
import { Stock } from "./stock.ts";
import {
  BUDGET,
  consumableArn,
  CONSUMABLES,
  environmentArn,
  environmentSettings,
  queueArn,
  queueSettings,
  randomJob,
  randomLimits,
  randomServiceJob,
  SCOPE,
  SERVICE_ENVIRONMENT,
  SERVICE_QUEUE,
} from "./workload.ts";

const MAX_TICKS_TO_SETTLE = 200;
const MAX_STEPS_TO_END = 3_000;
/** How often each thing goes wrong, per call, while faults are on. */
const FAULT_RATE = 0.015;

/** One seed: a server under a random load and random faults, then without faults until everything has ended. Throws on the first violation. */
export class Simulation {
  readonly #random: Random;
  readonly #seed: number;
  readonly #clock = new VirtualClock();
  readonly #machine: FakeMachine;
  readonly #ledger: Ledger;
  readonly #capacity: Capacity;
  readonly #claimed = new Set<string>();
  readonly #violations: string[] = [];
  readonly #reasons = new Map<string, Set<string>>();
  readonly #environments = new Map<string, { maxvCpus: number; bound: number }>();
  readonly #queues = new Set<string>();
  readonly #stock = new Stock();
  readonly #consumables = new Set<string>();
  readonly #faultRate: number;
  #store!: OpenStore;
  #database!: SqliteDatabase;
  #server: Server | undefined;
  #activity = 0;
  #faulty = true;
  #mustReconnect = false;
  #stops: Stop[] = [];
  #serial = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    this.#capacity = {
      vcpuMilli: this.#random.pick([4000, 8000, 32_000]),
      memoryMiB: this.#random.pick([4096, 16_384]),
    };
    this.#faultRate = this.#random.pick([0, 0.3, 1, 4]) * FAULT_RATE;
    this.#ledger = new Ledger(this.#capacity, this.#stock);
    const rates = { failures: this.#random.pick([0, 0.3]), faults: this.#random.pick([0, 0.05, 0.2]) };
    this.#machine = new FakeMachine({
      clock: this.#clock,
      behaviour: seededBehaviour(`seed ${seed}`, rates),
      onClaim: (attempt, machine) => {
        this.#violations.push(...checkClaim(attempt, machine, this.#ledger, this.#capacity, this.#claimed));
      },
    });
  }

  async run(steps: number): Promise<void> {
    this.#database = new SqliteDatabase(":memory:");
    try {
      this.#store = await openStore(this.#database, this.#clock.now(), { defaultDriver: "fake" });
      await this.#createResources();
      for (let step = 0; step < steps; step += 1) await this.#step();
      await this.#end();
    } finally {
      this.#server?.crash();
      await this.#database.close();
    }
  }

  async #createResources(): Promise<void> {
    for (let n = this.#random.int(1, 3); n > 0; n -= 1) {
      const maxvCpus = this.#random.pick([2, 4, 8, 64]);
      this.#environments.set(environmentArn(n), { maxvCpus, bound: maxvCpus });
      const record = { arn: environmentArn(n), scope: SCOPE, name: `environment-${n}`, createdAt: this.#clock.now() };
      const settings = environmentSettings(maxvCpus);
      await this.#store.environments.insert({ ...record, status: "CREATING", statusReason: "", settings });
    }
    for (let n = this.#random.int(1, 3); n > 0; n -= 1) await this.#createQueue(n);
    await this.#createServiceQueue();
    await this.#createConsumable(BUDGET, 1_000_000);
    for (let n = 2; n <= CONSUMABLES; n += 1)
      if (this.#random.chance(0.8)) await this.#createConsumable(consumableArn(n), this.#random.int(1, 6));
  }

  async #createQueue(n: number): Promise<void> {
    const arns = [...this.#environments.keys()].filter(() => this.#random.chance(0.8));
    const settings = queueSettings(this.#random.int(1, 3), arns.length > 0 ? arns : [environmentArn(1)]);
    const record = { arn: queueArn(n), scope: SCOPE, name: `queue-${n}`, createdAt: this.#clock.now() };
    const status = { status: "CREATING", statusReason: "" } as const;
    if (await this.#store.queues.insert({ ...record, ...status, settings })) this.#queues.add(record.arn);
  }

  async #createServiceQueue(): Promise<void> {
    const capacityLimits = randomLimits(this.#random);
    for (const { capacityUnit, maxCapacity } of capacityLimits) this.#stock.set(capacityUnit!, maxCapacity!);
    const status = { scope: SCOPE, createdAt: this.#clock.now(), status: "CREATING", statusReason: "" } as const;
    const settings = { serviceEnvironmentType: "SAGEMAKER_TRAINING", state: "ENABLED", capacityLimits } as const;
    await this.#store.serviceEnvironments.insert({ ...status, arn: SERVICE_ENVIRONMENT, name: "training", settings });
    const serviceEnvironmentOrder = [{ order: 1, serviceEnvironment: SERVICE_ENVIRONMENT }];
    const queue = { ...queueSettings(this.#random.int(1, 3), []), serviceEnvironmentOrder };
    await this.#store.queues.insert({ ...status, arn: SERVICE_QUEUE, name: "queue-9", settings: queue });
  }

  async #createConsumable(arn: string, totalQuantity: number): Promise<void> {
    this.#consumables.add(arn);
    this.#stock.set(arn, totalQuantity);
    const resourceType = arn === BUDGET ? "NON_REPLENISHABLE" : "REPLENISHABLE";
    await this.#store.consumableResources.insert({
      ...{
        arn,
        scope: SCOPE,
        name: arn.slice(arn.indexOf("/") + 1),
        createdAt: this.#clock.now(),
        status: "VALID",
        statusReason: "",
      },
      settings: { totalQuantity, resourceType, tags: {} },
    });
  }

  async #changeConsumable(server: Server): Promise<void> {
    const arn = consumableArn(this.#random.int(2, CONSUMABLES));
    const total = this.#random.int(0, 6);
    if (!this.#consumables.has(arn)) await this.#createConsumable(arn, total);
    else if (this.#random.chance(0.7)) await this.#setConsumable(arn, total);
    else {
      this.#consumables.delete(arn);
      this.#stock.set(arn, 0);
      await this.#store.consumableResources.remove(arn);
    }
    await server.until(server.engine.nudgeResources());
  }

  async #setConsumable(arn: string, quantity: number): Promise<void> {
    this.#stock.set(arn, quantity);
    await this.#store.consumableResources.changeTotal(arn, { operation: "SET", quantity }, undefined);
  }

  /** A few things at once, as requests come; then time, or the engine, goes on. */
  async #step(): Promise<void> {
    const server = await this.#running();
    const requests = Array.from({ length: this.#random.int(0, 3) }, () => this.#request(server));
    await Promise.all(requests);
    if (this.#random.chance(0.2)) await this.#forget();
    if (this.#random.chance(0.15)) server.crash();
    else if (this.#random.chance(0.1)) this.#machine.showInventory();
    if (this.#random.chance(0.7)) await this.#advance(this.#random.pick([0, 10, 500, 3_000, 20_000]));
    else await this.#settle();
  }

  async #request(server: Server): Promise<void> {
    const kind = this.#random.int(1, 100);
    if (kind <= 55) await this.#submit(server);
    else if (kind <= 60) await this.#changeConsumable(server);
    else if (kind <= 85) await this.#requestStop(server);
    else if (kind <= 92) await this.#updateEnvironment(server);
    else if (kind <= 97) await this.#updateQueue(server);
    else await this.#deleteOrCreateQueue(server);
  }

  async #submit(server: Server): Promise<void> {
    const job = this.#newJob();
    if (job === undefined) return;
    this.#ledger.submitted(job);
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
    if (this.#random.chance(0.15)) return randomServiceJob(this.#random, id, this.#clock.now());
    if (this.#queues.size === 0) return undefined;
    const entries = [...this.#ledger.entries.values()].filter(
      ({ job, isRemoved }) => job.scheduling.service === undefined && isRemoved !== true,
    );
    return randomJob(this.#random, id, this.#random.pick([...this.#queues]), this.#clock.now(), entries);
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
    const reasons = this.#reasons.get(owner) ?? new Set();
    this.#reasons.set(owner, reasons.add(reason));
    await this.#store.jobs.requestStops([jobId], { kind, reason }, this.#clock.now());
    this.#stops.push({
      ...{ jobId, kind, reason },
      ...{ attemptsBefore: state.attempts.length, wasWaiting: isWaiting(state.status) },
    });
    await server.until(server.engine.nudge());
  }

  async #updateEnvironment(server: Server): Promise<void> {
    const arn = this.#random.pick([...this.#environments.keys()]);
    const record = (await this.#store.environments.get(arn))!;
    const maxvCpus = this.#random.pick([2, 4, 8, 64]);
    const settings = environmentSettings(maxvCpus, this.#random.pick(["ENABLED", "ENABLED", "DISABLED"]));
    const change = { status: "UPDATING", statusReason: "", settings } as const;
    if (!(await this.#store.environments.update(record, change))) return; // somebody else was first
    this.#environments.set(arn, { maxvCpus, bound: Math.max(maxvCpus, this.#environments.get(arn)!.bound) });
    await server.until(server.engine.nudgeResources());
  }

  async #updateQueue(server: Server): Promise<void> {
    if (this.#queues.size === 0) return;
    const record = await this.#store.queues.get(this.#random.pick([...this.#queues]));
    if (record === undefined || record.status === "DELETING") return;
    const settings = { ...record.settings, priority: this.#random.int(1, 3) };
    await this.#store.queues.update(record, { status: "UPDATING", statusReason: "", settings });
    await server.until(server.engine.nudgeResources());
  }

  async #deleteOrCreateQueue(server: Server): Promise<void> {
    const arn = queueArn(this.#random.int(1, 3));
    const record = await this.#store.queues.get(arn);
    if (record === undefined) await this.#createQueue(Number(arn.at(-1)));
    else if (record.status !== "DELETING") {
      const settings = { ...record.settings, state: "DISABLED" as const };
      await this.#store.queues.update(record, { status: "DELETING", statusReason: "", settings });
      // The name stays known for a while: submissions that were checked before the deletion come after it.
      if (this.#random.chance(0.5)) this.#queues.delete(arn);
    }
    await server.until(server.engine.nudgeResources());
  }

  /** The server, started again if it crashed. */
  async #running(): Promise<Server> {
    for (let tries = 0; tries < 100; tries += 1) {
      if (this.#server !== undefined && !this.#server.isDead) return this.#server;
      if (this.#server !== undefined) await this.#passDowntime(this.#server);
      const server = new Server({
        store: this.#store.scheduling,
        machine: this.#machine,
        clock: this.#clock,
        capacity: this.#capacity,
        drawFault: (call) => this.#drawFault(call),
        onCommit: (changes) => this.#ledger.committed(changes),
        onActivity: () => (this.#activity += 1),
        onError: (what, error) => this.#violations.push(`${what}: ${String(error)}`),
      });
      this.#server = server;
      await server.until(server.engine.start());
      this.#check();
    }
    throw new Error("the server does not come up");
  }

  /** What a server accepted and did not live to look at is news to the next one. */
  async #passDowntime(server: Server): Promise<void> {
    for (let n = this.#random.int(-2, 2); n > 0; n -= 1) await this.#requestStop(server);
    this.#clock.advance(this.#random.pick([0, 100, 40_000]));
  }

  #drawFault(call: string): Fault {
    // Stops are rare, and losing one matters.
    const rate = call === "stop" ? 5 * this.#faultRate : this.#faultRate;
    if (!this.#faulty || !this.#random.chance(rate)) return "none";
    if (call === "lead") return this.#random.pick(["crash", "crash-after"]);
    if (call === "start") return this.#random.pick(["crash", "crash-after"]);
    if (call === "stop" || call === "forget") this.#mustReconnect = true; // a driver fails when it loses sight
    return this.#random.pick(["fails", "fails-after", "crash", "crash-after"]);
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

  /** Ticks until nothing changes any more, then checks what must hold at rest. */
  async #settle(): Promise<void> {
    for (let ticks = 0; ticks < MAX_TICKS_TO_SETTLE; ticks += 1) {
      const server = await this.#running();
      const before = this.#activity;
      const isAlive = await server.until(server.engine.nudge());
      this.#check();
      if (!isAlive || this.#activity !== before) continue;
      if (!this.#mustReconnect) return this.#checkAtRest(server);
      this.#mustReconnect = false;
      this.#machine.showInventory();
    }
    throw new Error("the engine does not come to rest");
  }

  #check(): void {
    for (const [arn, { bound }] of this.#environments) {
      if (this.#ledger.used(arn).vcpuMilli > bound * 1000) {
        this.#violations.push(`${arn} holds more than ${bound} vCPU`);
      }
    }
    const [violation] = [...this.#ledger.violations, ...this.#violations];
    if (violation !== undefined) throw new Error(violation);
  }

  #checkAtRest(server: Server): void {
    this.#stock.rest();
    for (const [arn, { maxvCpus }] of this.#environments) {
      // What ran when a maximum was lowered goes on.
      this.#environments.set(arn, { maxvCpus, bound: Math.max(maxvCpus, this.#ledger.used(arn).vcpuMilli / 1000) });
    }
    for (const stop of this.#stops.splice(0)) this.#violations.push(...checkStopped(this.#ledger, stop));
    this.#violations.push(...checkAtRest(this.#ledger, this.#machine, server.engine, this.#clock.now()));
    this.#check();
  }

  /** No more faults: everything comes to its end. */
  async #end(): Promise<void> {
    this.#faulty = false;
    await this.#settle();
    for (const arn of this.#environments.keys()) {
      const record = (await this.#store.environments.get(arn))!;
      this.#environments.set(arn, { maxvCpus: 64, bound: 64 });
      await this.#store.environments.update(record, { ...record, settings: environmentSettings(64) });
    }
    for (let n = 2; n <= CONSUMABLES; n += 1) {
      const arn = consumableArn(n);
      if (this.#consumables.has(arn)) await this.#setConsumable(arn, 1_000);
      else await this.#createConsumable(arn, 1_000);
    }
    await this.#server!.engine.nudgeResources();
    for (let steps = 0; !this.#isOver(); steps += 1) {
      if (steps > MAX_STEPS_TO_END) throw new Error(`never ends: ${this.#open()}`);
      await this.#helpToEnd(steps);
      await this.#settle();
    }
    await this.#settle();
    this.#violations.push(...(await checkEnd(this.#store, this.#ledger, this.#machine, this.#reasons)));
    this.#check();
  }

  async #helpToEnd(steps: number): Promise<void> {
    const next = this.#clock.nextTimerAt();
    if (next !== undefined && steps % 200 !== 199) {
      this.#clock.advance(next - this.#clock.now() + this.#random.pick([0, 100, 1_000, 5_000]));
      return;
    }
    // Programs without an end of their own, and lost ones that nobody misses, end by the user's hand and by an inventory.
    this.#machine.showInventory();
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
}
