import type { Change } from "../../src/core/changes.ts";
import type { Capacity } from "../../src/core/resources.ts";
import type { FakeCloud } from "../../src/drivers/fake/cloud.ts";
import { createFakeDriver } from "../../src/drivers/fake/driver.ts";
import type { FakeMachine } from "../../src/drivers/fake/machine.ts";
import { createFakeProvisioner } from "../../src/drivers/fake/provisioner.ts";
import { Engine } from "../../src/engine/engine.ts";
import { NOBODY_TO_CALL } from "../../src/engine/job-environment.ts";
import type { Clock, Stopwatch } from "../../src/ports/clock.ts";
import type { Driver } from "../../src/ports/driver.ts";
import type { Provisioner } from "../../src/ports/provisioner.ts";
import type { SchedulingStore } from "../../src/ports/store.ts";
import { StoreUnavailable } from "../../src/ports/store.ts";

/** What goes wrong with one call; `after`: it has happened, and nobody hears of it. `deposed`: another server took the lead just before it. */
export type Fault = "none" | "fails" | "fails-after" | "crash" | "crash-after" | "deposed";

export interface ServerOptions {
  readonly store: SchedulingStore;
  readonly machine: FakeMachine;
  /** Where the instances are, if any environment has some. */
  readonly cloud?: FakeCloud;
  readonly clock: Clock;
  readonly stopwatch?: Stopwatch;
  readonly capacity: Capacity;
  /** Asked before each call of the store and the driver. */
  drawFault(call: string): Fault;
  onLead?(): void;
  /** The engine hears of these jobs. */
  onRead?(jobIds: readonly string[]): void;
  /** `at`: the time that the tick went by. */
  onCommit(changes: readonly Change[], at: number): void;
  /** The engine has done something, or was told something. */
  onActivity(): void;
  /** The engine is awake. */
  onMotion?(): void;
  onError(what: string, error: unknown): void;
}

/** Failing on purpose: what the engine reports of it is no finding. */
export class InjectedFault extends StoreUnavailable {}

/**
 * One life of the server: the production engine, cut off from store, driver and clock at once when it crashes, in the middle of whatever it does.
 */
export class Server {
  readonly engine: Engine;
  isDead = false;
  /** Another one has the lead, and this one may not know it yet. */
  isDeposed = false;
  /** Something went wrong since somebody set it back: it may wait for a time to try again. */
  isShaken = false;
  readonly died: Promise<void>;
  #die: () => void = () => {};
  /** What the machine reports to while this server's driver is the open one. */
  #report: FakeMachine["report"] | undefined;
  #reportInstance: FakeCloud["report"] | undefined;
  readonly #options: ServerOptions;
  /** When the engine last looked at its clock. */
  #lookedAt = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.died = new Promise((resolve) => (this.#die = resolve));
    this.engine = new Engine({
      store: this.#store(),
      drivers: new Map([["fake", this.#driver()]]),
      ...(options.cloud !== undefined && { provisioner: this.#provisioner(options.cloud) }),
      clock: this.#clock(),
      ...(options.stopwatch !== undefined && { stopwatch: options.stopwatch }),
      capacity: options.capacity,
      callingBack: NOBODY_TO_CALL,
      checkEveryTicks: 1,
      tickIntervalMs: 0,
      onError: (what, error) => {
        options.onActivity();
        this.isShaken = true;
        if (!isInjected(error)) options.onError(what, error);
      },
    });
  }

  /** False when the server crashed meanwhile. */
  async until(done: Promise<unknown>): Promise<boolean> {
    await Promise.race([done, this.died]);
    return !this.isDead;
  }

  crash(): void {
    this.isDead = true;
    const { machine, cloud } = this.#options;
    if (machine.report === this.#report) machine.report = () => {};
    if (cloud !== undefined && cloud.report === this.#reportInstance) cloud.report = () => {};
    this.#die();
  }

  #store(): SchedulingStore {
    const { store, onLead, onRead, onCommit, onActivity } = this.#options;
    return {
      lead: () =>
        this.#call("lead", async () => {
          const epoch = await store.lead();
          onLead?.();
          return epoch;
        }),
      load: () =>
        this.#call("load", async () => {
          const facts = await store.load();
          onRead?.(facts.flatMap((fact) => (fact.kind === "job-admitted" ? [fact.job.id] : [])));
          return facts;
        }),
      resources: () => this.#call("resources", () => store.resources()),
      news: (afterSeq, limit) =>
        this.#call("news", async () => {
          const news = await store.news(afterSeq, limit);
          onRead?.(news.jobs.map(({ id }) => id));
          return news;
        }),
      shareUses: (queueArn, since) => this.#call("shareUses", () => store.shareUses(queueArn, since)),
      priorities: (ids) => this.#call("priorities", () => store.priorities(ids)),
      outcomes: (ids) => this.#call("outcomes", () => store.outcomes(ids)),
      launches: (jobs) => this.#call("launches", () => store.launches(jobs)),
      hasAttemptsOn: (driver) => store.hasAttemptsOn(driver),
      commit: (epoch, changes, told) =>
        this.#call("commit", async () => {
          const at = this.#lookedAt;
          await store.commit(epoch, changes, told);
          onCommit(changes, at);
          onActivity();
        }),
    };
  }

  #driver(): Driver {
    const driver = createFakeDriver(this.#options.machine);
    const options = this.#options;
    const { onActivity } = options;
    return {
      name: driver.name,
      open: (report) => {
        const opened = driver.open((event) => {
          onActivity();
          options.onMotion?.();
          if (!this.isDead) report(event);
        });
        this.#report = options.machine.report;
        return opened;
      },
      start: (attempt) => this.#tell("start", () => driver.start(attempt)),
      stop: (attemptId, killAt) => this.#tell("stop", () => driver.stop(attemptId, killAt)),
      forget: (attemptId) => this.#tell("forget", () => driver.forget(attemptId)),
      close: () => driver.close(),
    };
  }

  #provisioner(cloud: FakeCloud): Provisioner {
    const provisioner = createFakeProvisioner(cloud);
    return {
      open: (report) => {
        const opened = provisioner.open((event) => {
          this.#options.onActivity();
          this.#options.onMotion?.();
          if (!this.isDead) report(event);
        });
        this.#reportInstance = cloud.report;
        return opened;
      },
      launch: (instance) => this.#tell("launch", () => provisioner.launch(instance)),
      terminate: (instanceId) => this.#tell("terminate", () => provisioner.terminate(instanceId)),
      close: () => provisioner.close(),
    };
  }

  #clock(): Clock {
    const { clock } = this.#options;
    return {
      now: () => (this.#lookedAt = clock.now()),
      after: (delayMs, task) =>
        clock.after(delayMs, () => {
          this.#options.onMotion?.();
          if (!this.isDead) task();
        }),
    };
  }

  #tell(call: string, run: () => Promise<void>): Promise<void> {
    this.#options.onActivity();
    return this.#call(call, run);
  }

  /** Calls of a dead server never return: it has stopped in the middle of them. */
  async #call<T>(call: string, run: () => Promise<T>): Promise<T> {
    this.#options.onMotion?.();
    if (this.isDead) return never();
    const fault = this.#options.drawFault(call);
    if (fault === "fails") throw new InjectedFault(`${call} fails on purpose`);
    if (fault === "crash") this.crash();
    if (fault === "deposed") {
      this.isDeposed = true;
      await this.#options.store.lead();
    }
    if (this.isDead) return never();
    const result = await run();
    this.#options.onMotion?.();
    if (fault === "fails-after") throw new InjectedFault(`${call} fails on purpose, after all`);
    if (fault === "crash-after") this.crash();
    return this.isDead ? never() : result;
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

function isInjected(error: unknown): boolean {
  return error instanceof InjectedFault || (error instanceof Error && /^the fake (machine|cloud) /.test(error.message));
}
