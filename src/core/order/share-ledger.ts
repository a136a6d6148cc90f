import TinyQueue from "tinyqueue";
import type { Attempt, Job } from "../job.ts";
import { isTerminal, requirementsOf } from "../job.ts";
import type { ShareUse } from "./share-use.ts";
import { UsageCurve } from "./usage-curve.ts";

/** The shortest time that usage counts (reference 10, no. 34). */
const MIN_WINDOW_MS = 600_000;
/** An attempt counts as having run a tenth of the window from its first moment, so that one tick spreads over the shares. */
export const CHARGED_PART = 10;

/** How long usage counts, and a share without jobs stays active. */
export function windowMs(decaySeconds: number): number {
  return Math.max(MIN_WINDOW_MS, decaySeconds * 1000);
}

/** An attempt that holds vCPUs. */
interface Held {
  readonly vcpuMilli: number;
  /** Set when it runs. */
  startedAt?: number;
  /** It runs, and has not yet run for as long as it counts. */
  isYoung: boolean;
}

/** What one share of one queue has and had. */
export class ShareRecord {
  /** Jobs that are not over; an array is one. */
  openJobs = 0;
  /** What its active attempts hold. */
  heldVcpuMilli = 0;
  /** When the last job or attempt ended. */
  #lastActiveAt = -Infinity;
  #curve = new UsageCurve();
  readonly #held = new Map<string, Held>();
  #startingVcpuMilli = 0;
  /** The longest-running first; with the sums of their vCPUs, and of vCPUs times start. */
  readonly #young = new TinyQueue<Held>([], (a, b) => a.startedAt! - b.startedAt!);
  #youngVcpuMilli = 0;
  /** Sums of epoch times are beyond the whole numbers that a number holds. */
  #youngStarts = 0n;

  isActive(now: number, window: number): boolean {
    return this.openJobs > 0 || this.heldVcpuMilli > 0 || now - this.#lastActiveAt < window;
  }

  /**
   * T of reference 7.3, in milli-vCPU times ms: what running and ended attempts have used of the window. An active attempt counts from its placement as
   * having run a tenth of the window, until it has.
   */
  usage(now: number, window: number): number {
    const least = window / CHARGED_PART;
    for (let oldest = this.#young.peek(); oldest !== undefined; oldest = this.#young.peek()) {
      if (oldest.isYoung && oldest.startedAt! > now - least) break;
      this.#young.pop();
      this.#growUp(oldest);
    }
    const young = BigInt(this.#youngVcpuMilli) * BigInt(Math.round(least - now)) + this.#youngStarts;
    return this.#curve.between(now - window, now) + this.#startingVcpuMilli * least + Number(young);
  }

  /** How fast `usage` changes from now on, in milli-vCPU; to be asked after it. */
  slope(now: number, window: number): number {
    return this.#curve.slope(now - window) - this.#youngVcpuMilli;
  }

  /** Until when it goes on changing so, if nothing begins or ends: epoch ms. */
  bendAt(now: number, window: number): number {
    const grownUpAt = (this.#young.peek()?.startedAt ?? Infinity) + window / CHARGED_PART;
    return Math.min(grownUpAt, (this.#curve.turnAfter(now - window) ?? Infinity) + window);
  }

  /** When the share will no longer be active, if nothing happens to it: epoch ms. */
  inactiveAt(window: number): number {
    return this.openJobs > 0 || this.heldVcpuMilli > 0 ? Infinity : this.#lastActiveAt + window;
  }

  /** A record of its own, of the same. */
  copy(): ShareRecord {
    const copy = new ShareRecord();
    copy.openJobs = this.openJobs;
    for (const [id, { vcpuMilli, startedAt }] of this.#held) {
      copy.attemptChanged(id, vcpuMilli, startedAt === undefined ? {} : { startedAt });
    }
    copy.#lastActiveAt = this.#lastActiveAt;
    copy.#curve = this.#curve.copy();
    return copy;
  }

  /** An attempt of the share was placed, runs, or is over. Repeated, it changes nothing. */
  attemptChanged(
    id: string,
    vcpuMilli: number,
    { startedAt, stoppedAt }: Pick<Attempt, "startedAt" | "stoppedAt">,
  ): void {
    const held = stoppedAt === undefined ? this.#hold(id, vcpuMilli) : undefined;
    if (held !== undefined && startedAt !== undefined && held.startedAt === undefined) this.#started(held, startedAt);
    if (stoppedAt === undefined) return;
    const active = this.#held.get(id);
    if (active !== undefined) this.#release(id, active);
    if (startedAt !== undefined) {
      if (active?.startedAt === undefined) this.#curve.begin(vcpuMilli, startedAt);
      this.#curve.end(vcpuMilli, stoppedAt);
    }
    this.ended(stoppedAt);
  }

  /** A job of the share ended. */
  ended(at: number): void {
    this.#lastActiveAt = Math.max(this.#lastActiveAt, at);
  }

  #hold(id: string, vcpuMilli: number): Held {
    let held = this.#held.get(id);
    if (held === undefined) {
      this.#held.set(id, (held = { vcpuMilli, isYoung: false }));
      this.heldVcpuMilli += vcpuMilli;
      this.#startingVcpuMilli += vcpuMilli;
    }
    return held;
  }

  #started(held: Held, startedAt: number): void {
    held.startedAt = startedAt;
    held.isYoung = true;
    this.#curve.begin(held.vcpuMilli, startedAt);
    this.#startingVcpuMilli -= held.vcpuMilli;
    this.#youngVcpuMilli += held.vcpuMilli;
    this.#youngStarts += startOf(held);
    this.#young.push(held);
  }

  #release(id: string, held: Held): void {
    this.#held.delete(id);
    this.heldVcpuMilli -= held.vcpuMilli;
    if (held.startedAt === undefined) this.#startingVcpuMilli -= held.vcpuMilli;
    this.#growUp(held);
  }

  /** Its place in the heap is cleared when it comes to the top. */
  #growUp(held: Held): void {
    if (!held.isYoung) return;
    held.isYoung = false;
    this.#youngVcpuMilli -= held.vcpuMilli;
    this.#youngStarts -= startOf(held);
  }
}

/** milli-vCPU times ms. */
function startOf({ vcpuMilli, startedAt }: Held): bigint {
  return BigInt(vcpuMilli) * BigInt(Math.round(startedAt!));
}

/** The shares of the queues with a fair-share policy, and what each of them uses. Changed by the world alone. */
export class ShareLedger {
  readonly #queues = new Map<string, Map<string, ShareRecord>>();

  #askedAt = 0;

  /** When the shares were last asked for: at the last tick. */
  get askedAt(): number {
    return this.#askedAt;
  }

  /** Those of a queue that are active. What is no longer active has nothing in the window, and is forgotten. */
  active(queueArn: string, now: number, window: number): ReadonlyMap<string, ShareRecord> {
    this.#askedAt = Math.max(this.#askedAt, now);
    const shares = this.#queues.get(queueArn) ?? new Map<string, ShareRecord>();
    for (const [share, record] of shares) if (!record.isActive(now, window)) shares.delete(share);
    return shares;
  }

  admitted(job: Job): void {
    const record = this.#recordOf(job);
    if (record === undefined) return;
    if (job.parent === undefined) record.openJobs += 1;
    for (const attempt of job.state.attempts) this.#attemptChanged(record, job, attempt);
  }

  changed(before: Job, job: Job): void {
    const last = job.state.attempts.at(-1);
    if (last === undefined && !isTerminal(job.state.status)) return;
    const record = this.#recordOf(job);
    if (record === undefined) return;
    if (last !== undefined && last !== before.state.attempts.at(-1)) this.#attemptChanged(record, job, last);
    if (job.parent !== undefined || !isTerminal(job.state.status)) return;
    record.openJobs -= 1;
    record.ended(job.state.stoppedAt!);
  }

  /** An attempt that ended before the world was read. */
  used({ queueArn, share, attemptId, vcpuMilli, startedAt, stoppedAt }: ShareUse): void {
    this.#record(queueArn, share).attemptChanged(attemptId, vcpuMilli, { startedAt, stoppedAt });
  }

  /** From now on it says what the other one says now. */
  takeOver(other: ShareLedger): void {
    this.#queues.clear();
    for (const [queueArn, shares] of other.#queues) {
      this.#queues.set(queueArn, new Map([...shares].map(([share, record]) => [share, record.copy()])));
    }
    this.#askedAt = other.#askedAt;
  }

  queueDeleted(queueArn: string): void {
    this.#queues.delete(queueArn);
  }

  #attemptChanged(record: ShareRecord, job: Job, attempt: Attempt): void {
    record.attemptChanged(attempt.id, requirementsOf(job).vcpuMilli, attempt);
  }

  #recordOf({ queueArn, scheduling: { share } }: Job): ShareRecord | undefined {
    return share === undefined ? undefined : this.#record(queueArn, share);
  }

  #record(queueArn: string, share: string): ShareRecord {
    let shares = this.#queues.get(queueArn);
    if (shares === undefined) this.#queues.set(queueArn, (shares = new Map()));
    let record = shares.get(share);
    if (record === undefined) shares.set(share, (record = new ShareRecord()));
    return record;
  }
}
