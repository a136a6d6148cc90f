import type { Change, JobChange } from "../../core/changes.ts";
import { childId, parseChildId } from "../../core/ids.ts";
import type { JobState } from "../../core/job.ts";
import { activeAttempt, isTerminal } from "../../core/job.ts";
import type { ShareWeight } from "../../core/resources.ts";
import type { JobKind } from "../workload/workload.ts";
import { FleetRecorder } from "./fleet-recorder.ts";
import { Samples } from "./samples.ts";
import { TimeSeries } from "./time-series.ts";

/** Run times below this count as this much in the slowdown (Feitelson's bound): a job of a second that waits a minute is no catastrophe. */
const SLOWDOWN_BOUND_MS = 10_000;

/** A job, or a child of an array, that is not over. */
interface Open {
  readonly kind: JobKind;
  readonly share: ShareRecord;
  readonly submittedAt: number;
  state: JobState;
  /** When its first attempt began to run. */
  startedAt: number | undefined;
  /** The environment whose capacity it holds. */
  holds: string | undefined;
  /** How many of its attempts are over. */
  endedAttempts: number;
}

interface OpenArray extends Pick<Open, "kind" | "submittedAt" | "state"> {
  /** Children to which nothing has happened. */
  unseen: number;
}

/** Jobs that wait for the same. */
export interface OpenJobs {
  /** Of the first of them. */
  readonly id: string;
  readonly state: JobState;
  readonly jobs: number;
}

/** What became of the jobs of one share. */
export interface ShareRecord {
  readonly name: string;
  /** Of the policy of its queue. */
  readonly weights: readonly ShareWeight[];
  readonly waitingMs: Samples;
  readonly slowdowns: Samples;
  /** The vCPUs that its jobs hold. */
  readonly vcpus: TimeSeries;
  /** Its jobs that are submitted and hold no capacity. */
  readonly waiting: TimeSeries;
}

/** Follows the jobs by what the engine commits: what the store of a server would have seen. */
export class Recorder {
  readonly beginsAt: number;
  readonly waitingMs = new Samples();
  readonly slowdowns = new Samples();
  /** Jobs that are submitted and hold no capacity. */
  readonly waiting: TimeSeries;
  /** By environment ARN, the vCPUs that jobs hold. */
  readonly vcpusByEnvironment = new Map<string, TimeSeries>();
  readonly memoryMiBByEnvironment = new Map<string, TimeSeries>();
  readonly fleets: FleetRecorder;
  readonly shares = new Map<string, ShareRecord>();
  submitted = 0;
  succeeded = 0;
  failed = 0;
  lastEndAt: number;
  /** When something happened last. */
  lastAt: number;
  readonly #weightsOf: (kind: JobKind) => readonly ShareWeight[];
  readonly #open = new Map<string, Open>();
  readonly #arrays = new Map<string, OpenArray>();

  constructor(
    beginsAt: number,
    environmentArns: readonly string[],
    weightsOf: (kind: JobKind) => readonly ShareWeight[],
  ) {
    this.#weightsOf = weightsOf;
    this.beginsAt = beginsAt;
    this.lastEndAt = beginsAt;
    this.lastAt = beginsAt;
    this.waiting = new TimeSeries(beginsAt);
    this.fleets = new FleetRecorder(beginsAt);
    for (const arn of environmentArns) {
      this.vcpusByEnvironment.set(arn, new TimeSeries(beginsAt));
      this.memoryMiBByEnvironment.set(arn, new TimeSeries(beginsAt));
    }
  }

  /** Jobs that are not over, with the place of each array's children that nothing has happened to. */
  get unfinished(): number {
    return this.submitted - this.succeeded - this.failed;
  }

  /**
   * What is not over: jobs and children, in order of submission. Of an array's children to which nothing has happened the first, which may be at the head
   * of its queue, and as one those behind it.
   */
  open(): OpenJobs[] {
    const open = [...this.#open].map(([id, { state }]): OpenJobs => ({ id, state, jobs: 1 }));
    for (const [id, { kind, state, unseen }] of this.#arrays) {
      const next = kind.arraySize! - unseen;
      if (unseen > 0) open.push({ id: childId(id, next), state, jobs: 1 });
      if (unseen > 1) open.push({ id: childId(id, next + 1), state, jobs: unseen - 1 });
    }
    return open.sort((a, b) => Number.parseInt(a.id, 10) - Number.parseInt(b.id, 10));
  }

  submit(id: string, kind: JobKind, state: JobState, now: number): void {
    const jobs = kind.arraySize ?? 1;
    this.lastAt = now;
    this.submitted += jobs;
    this.#wait(this.#share(kind), jobs, now);
    if (kind.arraySize === undefined) this.#open.set(id, this.#opened(kind, state, now));
    else this.#arrays.set(id, { kind, state, submittedAt: now, unseen: jobs });
  }

  committed(changes: readonly Change[], now: number): void {
    this.lastAt = now;
    for (const change of changes) {
      if (change.kind === "job-changed") this.#changed(change, now);
      else if ("instanceId" in change) this.fleets.changed(change, now);
    }
  }

  #opened(kind: JobKind, state: JobState, submittedAt: number): Open {
    const share = this.#share(kind);
    return { kind, share, submittedAt, state, startedAt: undefined, holds: undefined, endedAttempts: 0 };
  }

  #share(kind: JobKind): ShareRecord {
    const name = kind.share ?? "";
    let share = this.shares.get(name);
    if (share === undefined) {
      share = {
        ...{ name, weights: this.#weightsOf(kind), waitingMs: new Samples(), slowdowns: new Samples() },
        ...{ vcpus: new TimeSeries(this.beginsAt), waiting: new TimeSeries(this.beginsAt) },
      };
      this.shares.set(name, share);
    }
    return share;
  }

  #changed(change: JobChange, now: number): void {
    const { jobId, state } = change;
    const array = this.#arrays.get(jobId);
    if (array !== undefined) return this.#arrayChanged(jobId, array, state, now);
    const job = this.#open.get(jobId) ?? this.#newChild(change);
    job.state = state;
    const holds = activeAttempt(state)?.environmentArn;
    if (holds !== job.holds) this.#holds(job, holds, now);
    for (; job.endedAttempts < state.attempts.length; job.endedAttempts += 1) {
      const attempt = state.attempts[job.endedAttempts]!;
      job.startedAt ??= attempt.startedAt;
      if (attempt.stoppedAt === undefined) break;
    }
    if (!isTerminal(state.status)) return;
    this.#ended(job, now);
    if (state.status === "SUCCEEDED") this.succeeded += 1;
    else this.failed += 1;
    this.#open.delete(jobId);
  }

  #newChild({ jobId, state }: JobChange): Open {
    const array = this.#arrays.get(parseChildId(jobId)!.parentId)!;
    array.unseen -= 1;
    const child = this.#opened(array.kind, state, array.submittedAt);
    this.#open.set(jobId, child);
    return child;
  }

  /** With its end, those of its children that never got so far as to have a record end too. */
  #arrayChanged(id: string, array: OpenArray, state: JobState, now: number): void {
    array.state = state;
    if (!isTerminal(state.status)) return;
    this.#arrays.delete(id);
    this.failed += array.unseen;
    this.#wait(this.#share(array.kind), -array.unseen, now);
  }

  #holds(job: Open, holds: string | undefined, now: number): void {
    if (job.holds !== undefined) this.#hold(job, job.holds, -1, now);
    else this.#wait(job.share, -1, now);
    job.holds = holds;
    if (holds !== undefined) this.#hold(job, holds, 1, now);
    else this.#wait(job.share, 1, now);
  }

  #wait(share: ShareRecord, jobs: number, now: number): void {
    this.waiting.add(now, jobs);
    share.waiting.add(now, jobs);
  }

  #hold({ kind, share }: Open, environmentArn: string, sign: 1 | -1, now: number): void {
    const nodes = kind.nodes ?? 1;
    this.vcpusByEnvironment.get(environmentArn)!.add(now, sign * kind.vcpus * nodes);
    this.memoryMiBByEnvironment.get(environmentArn)!.add(now, sign * kind.memoryMiB * nodes);
    share.vcpus.add(now, sign * kind.vcpus * nodes);
  }

  #ended({ share, state, submittedAt, startedAt }: Open, now: number): void {
    const last = state.attempts.at(-1);
    this.#wait(share, -1, now);
    this.lastEndAt = now;
    if (startedAt === undefined) return;
    const waitingMs = startedAt - submittedAt;
    const runMs = (last?.stoppedAt ?? now) - (last?.startedAt ?? now);
    const slowdown = Math.max(1, (now - submittedAt) / Math.max(runMs, SLOWDOWN_BOUND_MS));
    for (const samples of [this.waitingMs, share.waitingMs]) samples.add(waitingMs);
    for (const samples of [this.slowdowns, share.slowdowns]) samples.add(slowdown);
  }
}
