import type { Change } from "./changes.ts";
import type { Readiness } from "./dependency.ts";
import { childReadiness, hasChildDependencies, wholeReadiness } from "./dependency.ts";
import { childId, parseNodeId } from "./ids.ts";
import type { ArrayRest, Job, JobState, Stopping, StopRequest } from "./job.ts";
import { activeAttempt, isArrayParent, isWaiting } from "./job.ts";
import { leavingHosts, settledHosts } from "./instances/follow-hosts.ts";
import { endedWithHost } from "./instances/lost.ts";
import { giveUpOverdue } from "./instances/overdue.ts";
import { ended, failed, hostTerminated, REASONS, stopping } from "./lifecycle.ts";
import { jobChange } from "./job-change.ts";
import { isPreempted } from "./quota/preempted.ts";
import type { Environment, Replacement } from "./resources.ts";
import { HEALTHY } from "./resources.ts";
import { nodeStopped, unitsAdvanced } from "./tasks/task-lifecycle.ts";
import type { World } from "./world.ts";
import { virtualChild } from "./virtual-child.ts";

/**
 * What time, dependencies, stop requests and the resources' own life change, without any placement: settles everything on the
 * world's agenda, and what that puts there in turn. Applies each change to the world and returns all of them.
 */
export function reconcile(world: World, now: number): Change[] {
  const changes: Change[] = [];
  const emit = (change: Change): void => {
    world.apply(change);
    changes.push(change);
  };
  const settler = new Settler(world, now, emit);
  settler.resources();
  for (const change of leavingHosts(world)) emit(change);
  settler.lostInstances();
  giveUpOverdue(world, now, emit);
  for (const jobId of world.deadlines.takeDue(now)) settler.timeOut(jobId);
  while (world.agenda.size > 0 || world.progressed.size > 0) {
    for (const id of world.agenda) {
      world.agenda.delete(id);
      settler.settle(id);
    }
    for (const id of world.progressed) {
      world.progressed.delete(id);
      settler.followChildren(id);
    }
  }
  for (const change of settledHosts(world, now)) emit(change);
  settler.deletions();
  return changes;
}

const SHARE_DELETED: StopRequest = { kind: "terminate", reason: REASONS.quotaShareDeleted };

class Settler {
  readonly #world: World;
  readonly #now: number;
  readonly #emit: (change: Change) => void;

  constructor(world: World, now: number, emit: (change: Change) => void) {
    this.#world = world;
    this.#now = now;
    this.#emit = emit;
  }

  /** CREATING and UPDATING become VALID, or INVALID; the jobs of a queue that is DELETING end. */
  resources(): void {
    for (const { arn, version, status } of this.#world.quotaShares.values()) {
      if (status === "CREATING" || status === "UPDATING") {
        this.#emit({ kind: "quota-share-status", arn, version, status: "VALID", statusReason: "" });
      } else if (status === "DELETING") this.#endJobsOfShare(arn);
    }
    for (const environment of this.#world.environments.values()) {
      if (environment.status === "CREATING" || environment.status === "UPDATING") this.#settleEnvironment(environment);
    }
    for (const { arn, version, status } of this.#world.queues.values()) {
      if (status === "CREATING" || status === "UPDATING") {
        this.#emit({ kind: "queue-status", arn, version, status: "VALID", statusReason: HEALTHY.queue });
      } else if (status === "DELETING") this.#endJobsOf(arn);
    }
  }

  #settleEnvironment(environment: Environment): void {
    const { arn, version, status, replacement, problem } = environment;
    if (status === "UPDATING" && replacement !== undefined && !this.#isReplaced(environment, replacement)) return;
    this.#emit({
      kind: "environment-status",
      ...{ arn, version },
      ...(problem === undefined
        ? { status: "VALID", statusReason: HEALTHY.environment }
        : { status: "INVALID", statusReason: problem }),
    });
  }

  /** Whether the instances of before the update are gone. Those that are not take no more jobs, and end theirs when it is time. */
  #isReplaced({ arn, instances }: Environment, { at, jobsEndAt }: Replacement): boolean {
    const old = [...this.#world.instances.of(arn).instances()].filter(({ launchedAt }) => launchedAt <= at);
    for (const { id, status } of old) {
      if (status === "terminating") continue;
      this.#emit({ kind: "instance-terminating", instanceId: id, because: { kind: "replaced" } });
    }
    if (this.#now >= jobsEndAt)
      this.#endJobsIn(arn, instances === undefined ? undefined : new Set(old.map(({ id }) => id)));
    return old.length === 0;
  }

  /** The attempts that run on these instances end with them; in a share of the machine, where another one is there at once, all. */
  #endJobsIn(environmentArn: string, instanceIds: ReadonlySet<string> | undefined): void {
    for (const attemptId of [...this.#world.activeAttemptIds()]) {
      const job = this.#world.jobOfAttempt(attemptId)!;
      const attempt = activeAttempt(job.state)!;
      if (attempt.environmentArn !== environmentArn || attempt.stopping !== undefined) continue;
      const lost = attempt.instanceIds?.find((id) => instanceIds?.has(id));
      if (instanceIds !== undefined && lost === undefined) continue;
      this.#tellToEnd(job, job.state, { reason: hostTerminated(attempt, lost), at: this.#now, hostLost: true });
    }
  }

  /** What runs on an instance that is gone ends; the instance is forgotten when it has. Costs in active attempts, while there is such an instance. */
  lostInstances(): void {
    const { instances } = this.#world;
    if (instances.lost.size === 0) return;
    for (const attemptId of [...this.#world.activeAttemptIds()]) {
      const job = this.#world.jobOfAttempt(attemptId)!;
      this.#set(job, endedWithHost(this.#world, job, this.#now));
    }
    for (const id of [...instances.lost]) {
      const { environmentArn } = instances.get(id)!;
      if (instances.of(environmentArn).isIdle(id)) this.#emit({ kind: "instance-gone", instanceId: id, at: this.#now });
    }
  }

  /** DELETING ends when nothing is left that needs the resource. */
  deletions(): void {
    for (const { arn, status } of this.#world.environments.values()) {
      const isUsed = this.#world.usedVcpuMilli(arn) > 0 || this.#world.instances.of(arn).size > 0;
      if (status === "DELETING" && !isUsed) this.#emit({ kind: "environment-deleted", arn });
    }
    for (const { arn, status } of this.#world.quotaShares.values()) {
      if (status === "DELETING" && this.#jobsOfShare(arn).length === 0)
        this.#emit({ kind: "quota-share-deleted", arn });
    }
    for (const { arn, status } of this.#world.queues.values()) {
      if (status === "DELETING" && !this.#hasJobs(arn)) this.#emit({ kind: "queue-deleted", arn });
    }
  }

  /** Reference 3.9. */
  #endJobsOfShare(arn: string): void {
    for (const job of this.#jobsOfShare(arn)) this.#stop(job, SHARE_DELETED);
  }

  #jobsOfShare(arn: string): Job[] {
    return [...this.#world.jobs.values()].filter(({ scheduling }) => scheduling.service?.quotaShare === arn);
  }

  #hasJobs(queueArn: string): boolean {
    for (const job of this.#world.jobs.values()) if (job.queueArn === queueArn) return true;
    return false;
  }

  /** A deadline has come: the attempt's, or that of one of its units. */
  timeOut(jobId: string): void {
    const job = this.#world.jobs.get(jobId);
    const attempt = job && activeAttempt(job.state);
    // What makes room for another job is not to fail for that it takes its time to end.
    if (job === undefined || attempt === undefined || isPreempted(attempt)) return;
    const startedAt = (attempt.startedAt ?? Infinity) + (attempt.clockSetMs ?? 0);
    const endsAt = startedAt + (job.scheduling.timeoutSeconds ?? Infinity) * 1000;
    const { interruptTasksAfterMs = Infinity } = this.#world.environments.get(attempt.environmentArn) ?? {};
    if (startedAt + interruptTasksAfterMs <= this.#now && attempt.stopping === undefined) this.#interrupt(job);
    else if (endsAt <= this.#now) this.#stopAttempt(job, REASONS.timeout, job.state);
    else if (attempt.units !== undefined) this.#set(job, unitsAdvanced(job, this.#now));
  }

  settle(id: string): void {
    const job = this.#world.jobs.get(id);
    const stop = this.#world.stops.get(id);
    const node = job === undefined ? parseNodeId(id) : undefined;
    if (node !== undefined) this.#settleNode(node, stop);
    else if (job === undefined) this.#settleVirtualChild(id, stop);
    else if (isArrayParent(job)) this.#settleArray(job, stop);
    else this.#settleJob(job, stop);
    if (stop !== undefined) this.#emit({ kind: "stop-dismissed", jobId: id, stop: stop.kind });
  }

  /** An array's start and end are its first child's start and its last child's end. */
  followChildren(arrayId: string): void {
    const parent = this.#world.jobs.get(arrayId);
    if (parent === undefined) return;
    this.#noteStart(parent);
    this.#finishArray(this.#current(parent));
  }

  #settleJob(asked: Job, stop: StopRequest | undefined): void {
    if (stop !== undefined) this.#stop(asked, stop);
    const job = this.#world.jobs.get(asked.id);
    if (job === undefined) return;
    if (!this.#world.queues.has(job.queueArn)) return this.#endForQueue(job);
    const quotaShare = job.scheduling.service?.quotaShare;
    if (quotaShare !== undefined && !this.#world.quotaShares.has(quotaShare)) return this.#stop(job, SHARE_DELETED);
    if (job.state.status === "SCHEDULED") return this.#handOver(job);
    if (job.state.status !== "SUBMITTED" && job.state.status !== "PENDING") return;
    const readiness = wholeReadiness(this.#world, job);
    if (typeof readiness === "object") this.#set(job, failed(job.state, readiness.failure, this.#now));
    else if (readiness === "ready") this.#set(job, { ...job.state, status: "RUNNABLE" });
    else if (job.state.status === "SUBMITTED") this.#set(job, { ...job.state, status: "PENDING" });
  }

  /** SCHEDULED -> STARTING, when that it is bound is committed; or the end of an attempt that nobody is to run. */
  #handOver(job: Job): void {
    const refusal = job.scheduling.service?.refusal;
    const isOver = refusal !== undefined || activeAttempt(job.state)!.stopping !== undefined;
    if (!isOver) return this.#set(job, { ...job.state, status: "STARTING" });
    this.#set(job, ended(job, { at: this.#now, ...(refusal !== undefined && { statusReason: refusal }) }));
  }

  /** CancelJob and TerminateJob in each state (reference 2.8). */
  #stop(job: Job, stop: StopRequest): void {
    if (stop.kind === "interrupt") return this.#interrupt(job);
    const flag = stop.kind === "cancel" ? { isCancelled: true } : { isTerminated: true };
    if (isWaiting(job.state.status)) this.#set(job, { ...failed(job.state, stop.reason, this.#now), ...flag });
    else if (stop.kind === "terminate") this.#stopAttempt(job, stop.reason, { ...job.state, ...flag });
  }

  /** AWS takes back what the job runs on (reference 2.3). */
  #interrupt(job: Job): void {
    const attempt = activeAttempt(job.state);
    if (attempt === undefined || attempt.stopping !== undefined) return;
    const isFargate = this.#world.environments.get(attempt.environmentArn)?.isFargate === true;
    const reason = isFargate ? REASONS.spotTaskInterrupted : hostTerminated(attempt);
    this.#tellToEnd(job, job.state, { reason, at: this.#now, hostLost: true });
  }

  /** The first reason counts; but a job that loses its instance, or makes room, may still be told not to try again. */
  #stopAttempt(job: Job, reason: string, state: JobState): void {
    const stop = activeAttempt(job.state)?.stopping;
    if (stop === undefined || stop.hostLost === true || stop.preempted === true)
      this.#tellToEnd(job, state, { reason, at: this.#now });
  }

  #tellToEnd(job: Job, state: JobState, stop: Stopping): void {
    const attempt = activeAttempt(job.state);
    if (attempt === undefined) return;
    const stopped = stopping(state, stop);
    if (state.status === "SCHEDULED") return this.#handOver({ ...job, state: stopped });
    this.#set(job, attempt.units === undefined ? stopped : unitsAdvanced({ ...job, state: stopped }, this.#now));
  }

  /** To stop the main node is to stop the job; another one stops alone, if it runs (reference 10, no. 49). */
  #settleNode({ jobId, node }: { jobId: string; node: number }, stop: StopRequest | undefined): void {
    const job = this.#world.jobs.get(jobId);
    if (job === undefined || stop === undefined) return;
    if (node === job.scheduling.nodes?.main || stop.kind === "interrupt") return this.#stop(job, stop);
    if (stop.kind === "cancel" || activeAttempt(job.state)?.units === undefined) return;
    this.#set(job, nodeStopped(job, node, { reason: stop.reason, at: this.#now, isTerminated: true }));
  }

  #settleArray(parent: Job, stop: StopRequest | undefined): void {
    if (parent.state.status === "SUBMITTED") {
      this.#set(parent, { ...parent.state, status: "PENDING", rest: parent.state.rest ?? { status: "PENDING" } });
    }
    if (stop !== undefined) this.#stopArray(parent, stop);
    else if (!this.#world.queues.has(parent.queueArn)) this.#endForQueue(parent);
    const array = this.#current(parent);
    if (array.state.rest?.status === "PENDING") this.#settleWaitingArray(array);
    this.followChildren(parent.id);
  }

  /** The first terminate counts, as it does for single jobs. */
  #stopArray(parent: Job, stop: StopRequest): void {
    if (stop.kind === "interrupt") {
      for (const child of this.#activeChildren(parent)) this.#interrupt(child);
      return;
    }
    const { state } = this.#current(parent);
    if (state.isTerminated === true) return;
    const flag = stop.kind === "cancel" ? { isCancelled: true } : { isTerminated: true };
    const rest: ArrayRest = { status: "FAILED", statusReason: stop.reason, stoppedAt: this.#now, ...flag };
    const endReason = stop.kind === "terminate" ? stop.reason : (state.endReason ?? stop.reason);
    this.#set(parent, { ...state, ...flag, endReason, ...(state.rest?.status !== "FAILED" && { rest }) });
    for (const child of this.#activeChildren(parent)) this.#stop(child, stop);
  }

  *#activeChildren(parent: Job): Iterable<Job> {
    const progress = this.#world.arrays.get(parent.id)!;
    if (progress.active === 0) return;
    for (let index = 0; index < progress.size; index += 1) {
      const child = progress.get(index) === "active" ? this.#world.jobs.get(childId(parent.id, index)) : undefined;
      if (child !== undefined) yield child;
    }
  }

  #settleWaitingArray(parent: Job): void {
    const readiness = wholeReadiness(this.#world, parent);
    if (typeof readiness === "object") {
      return this.#failRest(parent, readiness.failure, { endReason: readiness.failure });
    }
    if (hasChildDependencies(parent)) return this.#settleChildren(parent);
    if (readiness === "ready") this.#set(parent, { ...parent.state, rest: { status: "RUNNABLE" } });
  }

  /** Every child without a record, after something that concerns all of them. */
  #settleChildren(parent: Job): void {
    const progress = this.#world.arrays.get(parent.id)!;
    const open: number[] = [];
    const ready = new Set<number>();
    let failing = 0;
    for (let index = 0; index < progress.size; index += 1) {
      if (progress.get(index) !== "none") continue;
      open.push(index);
      const readiness = this.#readinessOf(parent, index);
      if (readiness === "ready") ready.add(index);
      else if (readiness !== "waits") failing += 1;
    }
    if (open.length > 0 && failing === open.length) return this.#failRest(parent, REASONS.dependency, {});
    for (const index of open) {
      if (this.#current(parent).state.rest?.status === "FAILED") return;
      if (ready.has(index) || failing > 0) this.#settleChild(parent, index);
    }
  }

  #settleVirtualChild(id: string, stop: StopRequest | undefined): void {
    const child = virtualChild(this.#world, id);
    if (child === undefined || child.parent.state.rest?.status === "FAILED") return;
    if (stop !== undefined && stop.kind !== "interrupt") {
      const flag = stop.kind === "cancel" ? { isCancelled: true } : { isTerminated: true };
      const state = { ...failed({ status: "PENDING", attempts: [] }, stop.reason, this.#now), ...flag };
      this.#record(child.parent, child.index, state);
    } else if (child.parent.state.rest?.status === "PENDING" && hasChildDependencies(child.parent)) {
      // When the whole array is to fail, it is settled as one.
      if (typeof wholeReadiness(this.#world, child.parent) === "string") this.#settleChild(child.parent, child.index);
    }
  }

  /** A child starts only when its array may; but it fails at once when its own dependencies cannot be met any more. */
  #readinessOf(parent: Job, index: number): Readiness {
    const own = childReadiness(this.#world, parent, index);
    return own === "ready" ? wholeReadiness(this.#world, parent) : own;
  }

  #settleChild(parent: Job, index: number): void {
    const readiness = this.#readinessOf(parent, index);
    if (readiness === "ready") return this.#record(parent, index, { status: "RUNNABLE", attempts: [] });
    if (readiness === "waits") return;
    const isChain = parent.scheduling.dependsOn.some(({ type }) => type === "SEQUENTIAL");
    const isFirstOpen = this.#world.arrays.get(parent.id)!.next() === index;
    // All that comes later in a chain fails alike: one write instead of one for each.
    if (isChain && isFirstOpen) return this.#failRest(parent, readiness.failure, {});
    this.#record(parent, index, failed({ status: "PENDING", attempts: [] }, readiness.failure, this.#now));
  }

  #failRest(parent: Job, reason: string, more: Partial<JobState>): void {
    const rest: ArrayRest = { status: "FAILED", statusReason: reason, stoppedAt: this.#now };
    this.#set(parent, { ...this.#current(parent).state, ...more, rest });
    this.#world.agenda.add(parent.id);
  }

  #noteStart(parent: Job): void {
    const { startedAt } = this.#world.arrays.get(parent.id)!;
    if (startedAt !== undefined && parent.state.startedAt === undefined) {
      this.#set(parent, { ...parent.state, startedAt });
    }
  }

  /** An array ends when its last child has (reference 3.1). */
  #finishArray(parent: Job): void {
    const progress = this.#world.arrays.get(parent.id)!;
    const restEnded = parent.state.rest?.status === "FAILED" || progress.recorded === progress.size;
    if (progress.active > 0 || !restEnded) return;
    if (progress.succeeded === progress.size) {
      this.#set(parent, { ...parent.state, status: "SUCCEEDED", stoppedAt: this.#now });
    } else this.#set(parent, failed(parent.state, parent.state.endReason ?? REASONS.arrayChild, this.#now));
  }

  /** Jobs of a deleted queue end FAILED; the queue goes when the last one has (reference 7.1). */
  #endJobsOf(arn: string): void {
    for (const job of this.#world.jobs.values()) {
      if (job.queueArn === arn && job.parent === undefined) this.#endForQueue(job);
    }
  }

  #endForQueue(job: Job): void {
    const stop: StopRequest = { kind: "terminate", reason: REASONS.queueDeleted };
    if (!isArrayParent(job)) return this.#stop(job, stop);
    if (job.state.isTerminated === true) return;
    this.#stopArray(job, stop);
    this.#world.agenda.add(job.id);
  }

  #record(parent: Job, index: number, state: JobState): void {
    this.#emit({ kind: "job-changed", jobId: childId(parent.id, index), parent: { id: parent.id, index }, state });
  }

  #set(job: Job, state: JobState): void {
    if (state !== job.state) this.#emit(jobChange(this.#world, job, state));
  }

  #current(job: Job): Job {
    return this.#world.jobs.get(job.id) ?? job;
  }
}
