import type { Change } from "../../src/core/changes.ts";
import { childId } from "../../src/core/ids.ts";
import type { Job, JobState, Scheduling, StopRequest } from "../../src/core/job.ts";
import { initialState } from "../../src/core/job.ts";
import type { AttemptEnd } from "../../src/core/lifecycle.ts";
import { ended, started } from "../../src/core/lifecycle.ts";
import { jobChange } from "../../src/core/job-change.ts";
import { reconcile } from "../../src/core/reconcile.ts";
import { unitEnded, unitStarted } from "../../src/core/tasks/task-lifecycle.ts";
import type { Capacity, Consumable, Environment, Queue } from "../../src/core/resources.ts";
import type { Plan } from "../../src/core/plan.ts";
import { schedule } from "../../src/core/schedule.ts";
import { findViolation } from "../../src/core/check.ts";
import { World } from "../../src/core/world.ts";

export const QUEUE: Queue = {
  arn: "queue",
  version: 1,
  status: "VALID",
  priority: 1,
  environmentArns: ["environment"],
};
export const ENVIRONMENT: Environment = {
  arn: "environment",
  version: 1,
  enabled: true,
  status: "VALID",
  maxVcpuMilli: 100_000_000,
  isFargate: false,
  isUnmanaged: false,
  driver: "fake",
};

export interface WorldOptions {
  readonly capacity?: Capacity;
  readonly hasDocker?: boolean;
  readonly queues?: readonly Queue[];
  readonly environments?: readonly Environment[];
}

/** When a bench begins, epoch ms. */
export const START = 1_000_000;

/** A world without engine, store or drivers: the test is all of them. */
export class WorldBench {
  readonly world: World;
  now = START;
  /** All changes, in order. */
  readonly changes: Change[] = [];
  readonly #sizes = new Map<string, number>();
  #seq = 0;

  constructor({ capacity, hasDocker = false, queues = [QUEUE], environments = [ENVIRONMENT] }: WorldOptions = {}) {
    this.world = new World(capacity ?? { vcpuMilli: 1_000_000, memoryMiB: 1_000_000 }, hasDocker);
    this.world.apply({ kind: "environments", environments });
    this.world.apply({ kind: "queues", queues });
  }

  submit(id: string, scheduling: Partial<Scheduling> = {}, queueArn = "queue"): void {
    this.#seq += 1;
    if (scheduling.arraySize !== undefined) this.#sizes.set(id, scheduling.arraySize);
    const full: Scheduling = {
      requirements: { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 },
      retry: { attempts: 1, evaluateOnExit: [] },
      dependsOn: [],
      needsImage: false,
      ...scheduling,
    };
    const job: Job = { id, seq: this.#seq, queueArn, createdAt: this.now, scheduling: full, state: initialState(full) };
    this.world.apply({ kind: "job-admitted", job });
  }

  /** The consumable resources that there are from now on. */
  consumables(...consumables: readonly Consumable[]): void {
    this.world.apply({ kind: "consumables", consumables });
  }

  stop(jobId: string, kind: StopRequest["kind"], reason: string = kind): void {
    this.world.apply({ kind: "stop-requested", jobId, stop: { kind, reason } });
  }

  /** Settles without placing anything. */
  reconcile(): Change[] {
    const changes = reconcile(this.world, this.now);
    this.changes.push(...changes);
    this.#check();
    return changes;
  }

  tick(): Plan {
    this.reconcile();
    const plan = schedule(this.world, this.now);
    this.changes.push(...plan.changes, ...plan.instanceChanges);
    this.#check();
    return plan;
  }

  start(id: string): void {
    this.#change(id, (job) => started(job, this.now));
  }

  end(id: string, how: Partial<AttemptEnd> = { exitCode: 0 }): void {
    this.#change(id, (job) => ended(job, { at: this.now, ...how }));
  }

  startUnit(id: string, unit: number, address?: string): void {
    this.#change(id, (job) =>
      unitStarted(job, unit, { at: this.now, ...(address !== undefined && { address }) }, this.now),
    );
  }

  endUnit(id: string, unit: number, how: Partial<AttemptEnd> = { exitCode: 0 }): void {
    this.#change(id, (job) => unitEnded(job, unit, { at: this.now, ...how }, this.now));
  }

  /** The states of the last attempt's units, as one word: waiting (-), starting (s), running (r), ended (e); in capitals where told to stop. */
  units(id: string): string {
    const units = this.state(id).attempts.at(-1)!.units!;
    return units
      .map(({ status, stopping }) => {
        const letter = status === "waiting" ? "-" : status[0]!;
        return stopping === undefined ? letter : letter.toUpperCase();
      })
      .join("");
  }

  /** The last state that a change gave to a job, whether it is over or not. A child without a record is what its parent says. */
  state(id: string): JobState {
    const change = this.changes.findLast((one) => one.kind === "job-changed" && one.jobId === id);
    if (change?.kind === "job-changed") return change.state;
    const job = this.world.jobs.get(id);
    if (job !== undefined) return job.state;
    const parent = this.state(id.slice(0, id.lastIndexOf(":")));
    return { ...(parent.rest ?? { status: "PENDING" }), attempts: [] };
  }

  status(id: string): string {
    return this.state(id).status;
  }

  /** The children's states, as one word: the initials of PENDING, RUNNABLE, STARTING (T), RUNNING (U), SUCCEEDED (S), FAILED. */
  children(id: string): string {
    const size = this.#sizes.get(id)!;
    const letters: Record<string, string> = { STARTING: "T", RUNNING: "U" };
    return Array.from({ length: size }, (_, index) => this.status(childId(id, index)))
      .map((status) => letters[status] ?? status[0])
      .join("");
  }

  /** Children that have a record of their own. */
  recorded(id: string): number {
    const ids = this.changes.flatMap((one) => (one.kind === "job-changed" && one.parent?.id === id ? [one.jobId] : []));
    return new Set(ids).size;
  }

  #change(id: string, next: (job: Job) => JobState): void {
    const job = this.world.jobs.get(id);
    if (job === undefined) throw new Error(`no job ${id}`);
    const change = jobChange(this.world, job, next(job));
    this.world.apply(change);
    this.changes.push(change);
  }

  #check(): void {
    const violation = findViolation(this.world);
    if (violation !== undefined) throw new Error(violation);
  }
}
