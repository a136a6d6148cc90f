import type { Change, JobChange } from "../../core/changes.ts";
import { parseChildId } from "../../core/ids.ts";
import type { Attempt } from "../../core/job.ts";
import { activeAttempt, isTerminal } from "../../core/job.ts";
import type { JobKind } from "../workload/workload.ts";
import { Samples } from "./samples.ts";
import { TimeSeries } from "./time-series.ts";

/** Run times below this count as this much in the slowdown (Feitelson's bound): a job of a second that waits a minute is no catastrophe. */
const SLOWDOWN_BOUND_MS = 10_000;

/** A job, or a child of an array, that is not over. */
interface Open {
  readonly kind: JobKind;
  readonly share: ShareRecord;
  readonly submittedAt: number;
  /** When its first attempt began to run. */
  startedAt: number | undefined;
  /** The environment whose capacity it holds. */
  holds: string | undefined;
  /** How many of its attempts are over. */
  endedAttempts: number;
}

/** What became of the jobs of one share. */
export interface ShareRecord {
  readonly name: string;
  readonly waitingMs: Samples;
  readonly slowdowns: Samples;
  /** The vCPUs that its jobs hold. */
  readonly vcpus: TimeSeries;
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
  readonly shares = new Map<string, ShareRecord>();
  submitted = 0;
  succeeded = 0;
  failed = 0;
  lastEndAt: number;
  readonly #open = new Map<string, Open>();
  readonly #arrays = new Map<string, { readonly kind: JobKind; readonly submittedAt: number; unseen: number }>();

  constructor(beginsAt: number, environmentArns: readonly string[]) {
    this.beginsAt = beginsAt;
    this.lastEndAt = beginsAt;
    this.waiting = new TimeSeries(beginsAt);
    for (const arn of environmentArns) {
      this.vcpusByEnvironment.set(arn, new TimeSeries(beginsAt));
      this.memoryMiBByEnvironment.set(arn, new TimeSeries(beginsAt));
    }
  }

  /** Jobs that are not over, with the place of each array's children that nothing has happened to. */
  get unfinished(): number {
    return this.submitted - this.succeeded - this.failed;
  }

  openIds(): Iterable<string> {
    return this.#open.keys();
  }

  openArrays(): Iterable<readonly [id: string, { readonly unseen: number }]> {
    return this.#arrays;
  }

  submit(id: string, kind: JobKind, now: number): void {
    const jobs = kind.arraySize ?? 1;
    this.submitted += jobs;
    this.waiting.add(now, jobs);
    if (kind.arraySize === undefined) this.#open.set(id, this.#opened(kind, now));
    else this.#arrays.set(id, { kind, submittedAt: now, unseen: jobs });
  }

  committed(changes: readonly Change[], now: number): void {
    for (const change of changes) if (change.kind === "job-changed") this.#changed(change, now);
  }

  #opened(kind: JobKind, submittedAt: number): Open {
    const share = this.#share(kind.share ?? "");
    return { kind, share, submittedAt, startedAt: undefined, holds: undefined, endedAttempts: 0 };
  }

  #share(name: string): ShareRecord {
    let share = this.shares.get(name);
    if (share === undefined) {
      share = { name, waitingMs: new Samples(), slowdowns: new Samples(), vcpus: new TimeSeries(this.beginsAt) };
      this.shares.set(name, share);
    }
    return share;
  }

  #changed(change: JobChange, now: number): void {
    const { jobId, state } = change;
    if (this.#arrays.has(jobId)) {
      if (isTerminal(state.status)) this.#arrayEnded(jobId, now);
      return;
    }
    const job = this.#open.get(jobId) ?? this.#newChild(change);
    const holds = activeAttempt(state)?.environmentArn;
    if (holds !== job.holds) this.#holds(job, holds, now);
    for (; job.endedAttempts < state.attempts.length; job.endedAttempts += 1) {
      const attempt = state.attempts[job.endedAttempts]!;
      job.startedAt ??= attempt.startedAt;
      if (attempt.stoppedAt === undefined) break;
    }
    if (!isTerminal(state.status)) return;
    this.#ended(job, state.attempts.at(-1), now);
    if (state.status === "SUCCEEDED") this.succeeded += 1;
    else this.failed += 1;
    this.#open.delete(jobId);
  }

  #newChild({ jobId }: JobChange): Open {
    const array = this.#arrays.get(parseChildId(jobId)!.parentId)!;
    array.unseen -= 1;
    const child = this.#opened(array.kind, array.submittedAt);
    this.#open.set(jobId, child);
    return child;
  }

  /** Those of its children that never got so far as to have a record. */
  #arrayEnded(id: string, now: number): void {
    const { unseen } = this.#arrays.get(id)!;
    this.#arrays.delete(id);
    this.failed += unseen;
    this.waiting.add(now, -unseen);
  }

  #holds(job: Open, holds: string | undefined, now: number): void {
    if (job.holds !== undefined) this.#hold(job, job.holds, -1, now);
    else this.waiting.add(now, -1);
    job.holds = holds;
    if (holds !== undefined) this.#hold(job, holds, 1, now);
    else this.waiting.add(now, 1);
  }

  #hold({ kind, share }: Open, environmentArn: string, sign: 1 | -1, now: number): void {
    const nodes = kind.nodes ?? 1;
    this.vcpusByEnvironment.get(environmentArn)!.add(now, sign * kind.vcpus * nodes);
    this.memoryMiBByEnvironment.get(environmentArn)!.add(now, sign * kind.memoryMiB * nodes);
    share.vcpus.add(now, sign * kind.vcpus * nodes);
  }

  #ended({ share, submittedAt, startedAt }: Open, last: Attempt | undefined, now: number): void {
    this.waiting.add(now, -1);
    this.lastEndAt = now;
    if (startedAt === undefined) return;
    const waitingMs = startedAt - submittedAt;
    const runMs = (last?.stoppedAt ?? now) - (last?.startedAt ?? now);
    const slowdown = Math.max(1, (now - submittedAt) / Math.max(runMs, SLOWDOWN_BOUND_MS));
    for (const samples of [this.waitingMs, share.waitingMs]) samples.add(waitingMs);
    for (const samples of [this.slowdowns, share.slowdowns]) samples.add(slowdown);
  }
}
