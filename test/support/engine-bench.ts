import type { JobState, Scheduling, StopRequest } from "../../src/core/job.ts";
import { parseChildId } from "../../src/core/ids.ts";
import type { Capacity } from "../../src/core/resources.ts";
import type { FakeBehaviour } from "../../src/drivers/fake/behaviour.ts";
import { PLAIN_BEHAVIOUR } from "../../src/drivers/fake/behaviour.ts";
import type { Launching } from "../../src/core/instances/instance.ts";
import type { FakeBoot } from "../../src/drivers/fake/cloud.ts";
import { FakeCloud, PLAIN_BOOT } from "../../src/drivers/fake/cloud.ts";
import type { FakeAttempt } from "../../src/drivers/fake/machine.ts";
import { FakeMachine } from "../../src/drivers/fake/machine.ts";
import type { EnvironmentSettings, SchedulingStore } from "../../src/ports/store.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import type { Fault } from "../sim/server.ts";
import { Server } from "../sim/server.ts";
import { environmentArn, environmentSettings, queueArn, queueSettings, SCOPE } from "../sim/workload.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";

export const QUEUE = queueArn(1);
export const ENVIRONMENT = environmentArn(1);

export interface BenchOptions {
  readonly capacity?: Capacity;
  readonly behaviour?: Partial<FakeBehaviour>;
  /** The environment has instances, of 64 vCPUs together at most. */
  readonly launching?: Launching;
  /** Which environments have instances; by default all, if `launching` is there. */
  readonly launchingOf?: (settings: EnvironmentSettings) => Launching | undefined;
  /** The fate of instances, as they are launched one after the other; the others are up in a minute. */
  readonly boots?: Partial<FakeBoot>[];
  /** Called each time that an attempt begins. */
  readonly onClaim?: (attempt: FakeAttempt, machine: FakeMachine) => void;
}

/** The production engine on a real store in memory, with the fake driver, a fake cloud and virtual time: one environment, one queue. */
export class EngineBench {
  readonly clock = new VirtualClock();
  readonly machine: FakeMachine;
  readonly cloud: FakeCloud;
  /** Every instance that came into being, in order. */
  readonly launched: string[] = [];
  readonly store: OpenStore;
  /** Every attempt that began, in order. */
  readonly claimed: string[] = [];
  readonly errors: string[] = [];
  server!: Server;
  /** What goes wrong with the next calls: the first entry whose call it is, once. */
  faults: { call: string; fault: Fault }[] = [];
  commits = 0;
  readonly #capacity: Capacity;
  readonly database: SqliteDatabase;

  private constructor(database: SqliteDatabase, store: OpenStore, options: BenchOptions) {
    const { capacity, behaviour, boots = [] } = options;
    this.database = database;
    this.store = store;
    this.#capacity = capacity ?? { vcpuMilli: 4000, memoryMiB: 8192 };
    this.machine = new FakeMachine({
      clock: this.clock,
      behaviour: () => ({ ...PLAIN_BEHAVIOUR, ...behaviour }),
      onClaim: (attempt, machine) => {
        this.claimed.push(attempt.spec.attemptId);
        options.onClaim?.(attempt, machine);
      },
    });
    this.cloud = new FakeCloud({
      clock: this.clock,
      boot: () => ({ ...PLAIN_BOOT, ...boots.shift() }),
      onLaunch: ({ id }) => this.launched.push(id),
      onGone: (instanceId) => this.machine.loseInstance(instanceId),
    });
  }

  static async open(options: BenchOptions = {}): Promise<EngineBench> {
    const database = new SqliteDatabase(":memory:");
    const { launching, launchingOf = () => launching } = options;
    const store = await openStore(database, 0, { defaultDriver: "fake", launchingOf });
    const bench = new EngineBench(database, store, options);
    const status = { status: "CREATING", statusReason: "", createdAt: bench.clock.now(), scope: SCOPE } as const;
    const environment = { arn: ENVIRONMENT, name: "environment-1", settings: environmentSettings({ maxvCpus: 64 }) };
    await bench.store.environments.insert({ ...status, ...environment });
    await bench.store.queues.insert({
      ...status,
      arn: QUEUE,
      name: "queue-1",
      settings: queueSettings(1, [ENVIRONMENT]),
    });
    await bench.start();
    return bench;
  }

  /** A (new) server on the same store and machine. */
  async start(store: SchedulingStore = this.store.scheduling): Promise<void> {
    this.server = new Server({
      store,
      machine: this.machine,
      cloud: this.cloud,
      clock: this.clock,
      stopwatch: this.clock,
      capacity: this.#capacity,
      drawFault: (call) => this.#drawFault(call),
      onCommit: () => (this.commits += 1),
      onActivity: () => {},
      onError: (what, error) => this.errors.push(`${what}: ${String(error)}`),
    });
    await this.server.until(this.server.engine.start());
  }

  async submit(id: string, scheduling: Partial<Scheduling> = {}, queue = QUEUE): Promise<void> {
    await this.insert(id, scheduling, queue);
    await this.tick();
  }

  insert(id: string, scheduling: Partial<Scheduling> = {}, queue = QUEUE): Promise<void> {
    return this.store.jobs.insert({
      id,
      scope: SCOPE,
      queueArn: queue,
      name: id,
      definitionArn: "arn:aws:batch:us-east-1:123456789012:job-definition/work:1",
      createdAt: this.clock.now(),
      ...(scheduling.share !== undefined && { shareIdentifier: scheduling.share }),
      scheduling: {
        requirements: { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 },
        retry: { attempts: 1, evaluateOnExit: [] },
        dependsOn: [],
        needsImage: false,
        ...scheduling,
      },
      spec: {
        container: { command: ["work"], environment: [{ name: "COLOUR", value: "green" }] },
        parameters: {},
        dependsOn: [],
        retryStrategy: {},
        tags: {},
        propagateTags: false,
        platformCapabilities: [],
      },
    });
  }

  requestStop(jobId: string, stop: StopRequest): Promise<void> {
    return this.store.jobs.requestStops([jobId], stop, this.clock.now());
  }

  /** Until the engine sleeps: one tick may ask for the next one. */
  tick(): Promise<boolean> {
    const { engine } = this.server;
    return this.server.until(engine.nudge().then(() => engine.idle()));
  }

  /** Time passes, timer by timer, and the engine acts on each. */
  async advance(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    for (let at = this.clock.nextTimerAt(); at !== undefined && at <= until; at = this.clock.nextTimerAt()) {
      this.clock.advance(at - this.clock.now());
      await this.tick();
    }
    this.clock.advance(until - this.clock.now());
    await this.tick();
  }

  /** The state of a recorded job, or of an array's child as its parent describes it. */
  async state(id: string): Promise<JobState> {
    const [record] = await this.store.jobs.find(SCOPE, [id]);
    if (record !== undefined) return record.state;
    const [parent] = await this.store.jobs.find(SCOPE, [parseChildId(id)?.parentId ?? ""]);
    if (parent === undefined) throw new Error(`no job ${id}`);
    return { ...(parent.state.rest ?? { status: "PENDING" as const }), attempts: [] };
  }

  async close(): Promise<void> {
    await this.server.engine.stop();
    this.server.crash();
    await this.database.close();
  }

  #drawFault(call: string): Fault {
    const at = this.faults.findIndex((fault) => fault.call === call);
    return at === -1 ? "none" : this.faults.splice(at, 1)[0]!.fault;
  }
}
