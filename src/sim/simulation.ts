import type { JobChange } from "../core/changes.ts";
import type { ShareWeight } from "../core/resources.ts";
import { initialState } from "../core/job.ts";
import type { Instance } from "../core/instances/instance.ts";
import type { FakeBoot } from "../drivers/fake/cloud.ts";
import { FakeCloud } from "../drivers/fake/cloud.ts";
import { createFakeProvisioner } from "../drivers/fake/provisioner.ts";
import { Engine } from "../engine/engine.ts";
import { NOBODY_TO_CALL } from "../engine/job-environment.ts";
import type { AttemptSpec } from "../ports/driver.ts";
import type { Provisioner } from "../ports/provisioner.ts";
import type { Cluster, ClusterQueue } from "./cluster/cluster.ts";
import { environmentArn, factsOf, queueArn } from "./cluster/cluster-facts.ts";
import { JobForms } from "./job-forms.ts";
import { MemoryStore } from "./memory-store.ts";
import { Recorder } from "./report/recorder.ts";
import type { Course } from "./sim-driver.ts";
import { createSimDriver } from "./sim-driver.ts";
import { VirtualClock } from "./virtual-clock.ts";
import type { JobKind, Workload, WorkloadJob } from "./workload/workload.ts";

export interface SimulationOptions {
  readonly workload: Workload;
  readonly cluster: Cluster;
  /** Called now and then. */
  onProgress?(progress: SimulationProgress): void;
  /** Called with each change of a job, whose id is its number in the workload, from 1, or that and `:INDEX`; times are from `beginsAt` on. */
  onJobChange?(change: JobChange, beginsAt: number): void;
}

export interface SimulationProgress {
  readonly jobs: number;
  readonly over: number;
  readonly elapsedMs: number;
}

/** How it went. */
export interface Simulated {
  readonly recorder: Recorder;
  readonly endedAt: number;
  /** Of the jobs that can never run, by what keeps them. */
  readonly unfinished: readonly Unfinished[];
}

export interface Unfinished {
  readonly reason: string;
  readonly jobs: number;
  /** The first of them. */
  readonly name: string;
}

/** Without a policy all shares weigh the same. */
const NO_WEIGHTS: readonly ShareWeight[] = [];

const BEGINS_AT = Date.UTC(2030, 0, 1);

/** Instants between two calls of onProgress. */
const PROGRESS_EVERY = 1_000;

/** So often may time pass, with nothing but the engine's own timers, and nothing change. Then nothing ever will. */
const MAX_IDLE_WAKES = 1_000;

/** What an endless machine has: an environment is bounded by its maxvCpus. */
const ENDLESS = { vcpuMilli: Number.MAX_SAFE_INTEGER, memoryMiB: Number.MAX_SAFE_INTEGER };

/**
 * Runs the engine over a workload in virtual time, until all jobs are over or nothing can change any more. The same workload and cluster give
 * the same result. Rejects with what the engine fails with.
 */
export async function simulate({ onProgress, ...options }: SimulationOptions): Promise<Simulated> {
  const run = new Run(options);
  await run.start();
  for (let instants = 0; await run.toNext(); instants += 1) {
    if (instants % PROGRESS_EVERY === 0) onProgress?.(run.progress());
  }
  return run.end();
}

class Run {
  readonly #jobs: readonly WorkloadJob[];
  readonly #cluster: Cluster;
  readonly #clock = new VirtualClock(BEGINS_AT);
  readonly #recorder: Recorder;
  readonly #store: MemoryStore;
  readonly #engine: Engine;
  readonly #forms = new JobForms((kind) => this.#queueOf(kind));
  readonly #queues: ReadonlyMap<string, ClusterQueue>;
  readonly #bootMs: ReadonlyMap<string, number>;
  readonly #pools: ReadonlySet<string>;
  #submitted = 0;
  #idleWakes = 0;
  #failure: unknown;

  constructor({ workload, cluster, onJobChange }: Omit<SimulationOptions, "onProgress">) {
    this.#jobs = workload.jobs;
    this.#cluster = cluster;
    this.#queues = new Map(cluster.queues.map((queue) => [queue.name, queue]));
    this.#bootMs = new Map(cluster.environments.map(({ name, bootSeconds }) => [name, bootSeconds * 1000]));
    this.#pools = new Set(cluster.environments.filter((one) => one.launching === undefined).map(({ name }) => name));
    const arns = cluster.environments.map(({ name }) => environmentArn(name));
    this.#recorder = new Recorder(BEGINS_AT, arns, (kind) => this.#queueOf(kind).sharing?.weights ?? NO_WEIGHTS);
    this.#store = new MemoryStore({
      resources: factsOf(cluster),
      launchOf: (jobId) => this.#forms.of(this.#jobOf(jobId).kind).launch,
      onCommit: (changes) => {
        this.#idleWakes = 0;
        this.#recorder.committed(changes, this.#clock.now());
        if (onJobChange === undefined) return;
        for (const change of changes) if (change.kind === "job-changed") onJobChange(change, BEGINS_AT);
      },
    });
    this.#engine = new Engine({
      store: this.#store,
      drivers: new Map([["fake", createSimDriver(this.#clock, (attempt) => this.#courseOf(attempt))]]),
      ...(this.#pools.size < cluster.environments.length && { provisioner: this.#provisioner() }),
      clock: this.#clock,
      capacity: cluster.machine ?? ENDLESS,
      callingBack: NOBODY_TO_CALL,
      checkEveryTicks: Infinity,
      tickIntervalMs: 0,
      gathered: async () => {},
      hasNoSnapshots: true,
      onError: (_, error) => (this.#failure ??= error),
    });
  }

  async start(): Promise<void> {
    await this.#engine.start();
    this.#awaitNextJob();
  }

  /** Lets time pass until something happens. False when nothing will. */
  async toNext(): Promise<boolean> {
    this.#idleWakes = this.#clock.hasEvents ? 0 : this.#idleWakes + 1;
    if (this.#idleWakes > MAX_IDLE_WAKES || !this.#clock.toNext()) return false;
    await this.#engine.idle();
    if (this.#failure !== undefined) throw this.#failure;
    return true;
  }

  progress(): SimulationProgress {
    const { submitted, unfinished } = this.#recorder;
    return { jobs: this.#jobs.length, over: submitted - unfinished, elapsedMs: this.#clock.now() - BEGINS_AT };
  }

  async end(): Promise<Simulated> {
    await this.#engine.stop();
    return { recorder: this.#recorder, endedAt: this.#clock.now(), unfinished: this.#unfinished() };
  }

  #provisioner(): Provisioner {
    const nameOf = ({ environmentArn: arn }: Instance): string => arn.slice(arn.indexOf("/") + 1);
    const boot = (instance: Instance): FakeBoot => ({ bootMs: this.#bootMs.get(nameOf(instance))!, shutdownMs: 0 });
    return createFakeProvisioner(new FakeCloud({ clock: this.#clock, boot }));
  }

  #awaitNextJob(): void {
    const next = this.#jobs[this.#submitted];
    if (next !== undefined) this.#clock.at(BEGINS_AT + next.submitMs, () => this.#submitDue());
  }

  /** All jobs of this moment. */
  #submitDue(): void {
    const elapsedMs = this.#clock.now() - BEGINS_AT;
    for (let job = this.#jobs[this.#submitted]; job !== undefined && job.submitMs <= elapsedMs;) {
      this.#submit(job, this.#submitted + 1);
      this.#submitted += 1;
      job = this.#jobs[this.#submitted];
    }
    void this.#engine.nudge();
    this.#awaitNextJob();
  }

  /** A job's id is its number. */
  #submit(job: WorkloadJob, seq: number): void {
    const { scheduling } = this.#forms.of(job.kind);
    const id = String(seq);
    const state = initialState(scheduling);
    const createdAt = this.#clock.now();
    this.#recorder.submit(id, job.kind, state, createdAt);
    this.#store.submit({ id, seq, queueArn: queueArn(this.#queueOf(job.kind).name), createdAt, scheduling, state });
  }

  /** A queue that the cluster does not have is its first one. */
  #queueOf({ queue = "" }: JobKind): ClusterQueue {
    return this.#queues.get(queue) ?? this.#cluster.queues[0]!;
  }

  /** Ids of children and nodes begin with their job's. */
  #jobOf(id: string): WorkloadJob {
    return this.#jobs[Number.parseInt(id, 10) - 1]!;
  }

  #courseOf({ jobId, environment }: AttemptSpec): Course {
    const { runMs, exitCode } = this.#jobOf(jobId);
    const name = environment["AWS_BATCH_CE_NAME"]!;
    return { runMs, exitCode, bootMs: this.#pools.has(name) ? this.#bootMs.get(name)! : 0 };
  }

  #unfinished(): Unfinished[] {
    const byReason = new Map<string, Unfinished>();
    for (const { id, state, jobs } of this.#recorder.open()) {
      const { kind, name = id } = this.#jobOf(id);
      const job = {
        id,
        queueArn: queueArn(this.#queueOf(kind).name),
        scheduling: this.#forms.of(kind).scheduling,
        state,
      };
      const reason = this.#engine.waitingText(job) ?? state.status;
      const known = byReason.get(reason);
      byReason.set(reason, { reason, jobs: (known?.jobs ?? 0) + jobs, name: known?.name ?? name });
    }
    return [...byReason.values()];
  }
}
