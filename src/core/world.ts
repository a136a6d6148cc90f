import { ArrayProgress } from "./array.ts";
import type { Change, Fact, JobChange } from "./changes.ts";
import { Deadlines, isMeasuredAnew, outOfTimeAt } from "./deadlines.ts";
import { Dependents } from "./dependents.ts";
import type { DriverName } from "./driver-name.ts";
import { childId, parseChildId } from "./ids.ts";
import { InUse } from "./in-use.ts";
import { Instances } from "./instances/instances.ts";
import type { Job, JobState, StopRequest } from "./job.ts";
import { activeAttempt, isArrayParent, isTerminal, newChild, waitsForRoom } from "./job.ts";
import type { Capacity, Consumable, Environment, Queue, QuotaShare, SchedulingPolicy } from "./resources.ts";
import { refill, removeHost, replaceIn, useUp } from "./resources.ts";
import { SetsByKey } from "./sets-by-key.ts";
import type { Standings } from "./standings.ts";
import { UnitIndex } from "./tasks/unit-index.ts";
import { UnfinishedJobs } from "./unfinished-jobs.ts";
import { ShareLedger } from "./order/share-ledger.ts";
import type { Waiting } from "./waiting.ts";
import { WaitingJobs } from "./waiting.ts";

export type ChildOutcome = "open" | "succeeded" | "failed";

/**
 * The scheduler's memory: every job that is not over, and what it needs to decide about them. A cache of the store: `apply` is its one mutator,
 * and when anything goes wrong it is dropped and read again. Everything else in core reads it and returns changes.
 */
export class World {
  /** What the machine holds. */
  readonly capacity: Capacity;
  readonly hasDocker: boolean;
  readonly queues = new Map<string, Queue>();
  readonly environments = new Map<string, Environment>();
  readonly policies = new Map<string, SchedulingPolicy>();
  readonly quotaShares = new Map<string, QuotaShare>();
  readonly consumables = new Map<string, Consumable>();
  /** Jobs that are not over, array parents and recorded children included. */
  readonly jobs = new UnfinishedJobs();
  readonly arrays = new Map<string, ArrayProgress>();
  /** Ids of jobs (and children without a record) around which something happened; reconcile settles them. */
  readonly agenda = new Set<string>();
  /** Ids of arrays whose own children started or ended: their parents may have to follow, while their other children need no look. */
  readonly progressed = new Set<string>();
  /** Arrays, by id, whose children have changed since they were last summarised; also such as are over since. */
  readonly unsummarised = new Map<string, ArrayProgress>();
  /** ARNs of queues with jobs that came or changed; until somebody has looked at them. */
  readonly touchedQueues = new Set<string>();
  /** Each job that came to another status, or a child to its first record, with the state that it then had; until they are told. */
  readonly transitions: Job[] = [];
  readonly stops = new Map<string, StopRequest>();
  /** By queue that has time limits, who has been at the head of a lane for how long. It is in no store: a world that is read anew begins anew. */
  readonly standings = new Map<string, Standings>();
  readonly instances = new Instances();
  /** By driver, in which boot of its machine it was seen last. */
  readonly boots = new Map<DriverName, string>();
  /** Part of the ids of new attempts, where the store was restored from a backup. Only `apply` writes it. */
  era: string | undefined;
  /** What the shares of queues with a fair-share policy use. */
  readonly shares = new ShareLedger();
  #lastSeq = 0;
  readonly #inUse = new InUse();
  readonly heldBy = (account: string) => this.#inUse.heldBy(account);
  readonly #jobIdByAttemptId = new Map<string, string>();
  readonly #units = new UnitIndex();
  /** By ARN of a quota share, ids of jobs. */
  readonly #activeOfShares = new SetsByKey();
  readonly #dependents = new Dependents();
  readonly #waiting = new Map<string, WaitingJobs>();
  /** When running attempts run out of time, or one of their units does. */
  readonly deadlines = new Deadlines(this.#jobIdByAttemptId);

  constructor(capacity: Capacity, hasDocker: boolean) {
    this.capacity = capacity;
    this.hasDocker = hasDocker;
  }

  apply(event: Fact | Change): void {
    if ("instanceId" in event) return this.instances.apply(event);
    if ("bootId" in event) return void this.boots.set(event.driver, event.bootId);
    if ("era" in event) return void (this.era = event.era);
    switch (event.kind) {
      case "queues":
        refill(this.queues, event.queues);
        break;
      case "environments":
        refill(this.environments, event.environments);
        break;
      case "scheduling-policies":
        refill(this.policies, event.policies);
        // Whose turn it is may be another one's now.
        for (const { arn, policyArn } of this.queues.values()) if (policyArn !== undefined) this.touchedQueues.add(arn);
        break;
      case "quota-shares":
        refill(this.quotaShares, event.quotaShares);
        break;
      case "consumables":
        refill(this.consumables, event.consumables);
        break;
      case "instances":
        this.instances.read(event.instances, event.lastSeq);
        break;
      case "job-admitted":
        this.#admit(event.job);
        break;
      case "jobs-read":
        this.#lastSeq = Math.max(this.#lastSeq, event.lastSeq);
        break;
      case "job-priority":
        this.#prioritise(event.jobId, event.priority);
        break;
      case "share-uses":
        for (const use of event.uses) this.shares.used(use);
        break;
      case "outcome":
        this.#dependents.setOutcome(event.jobId, event.outcome);
        break;
      case "children-ended":
        for (const index of event.indexes) this.arrays.get(event.parentId)?.set(index, event.status);
        this.jobs.countRest(this.arrays, event.parentId);
        break;
      case "array-summary":
        this.unsummarised.delete(event.jobId);
        break;
      case "stop-requested":
        this.stops.set(event.jobId, event.stop);
        this.agenda.add(event.jobId);
        break;
      case "stop-dismissed":
        this.stops.delete(event.jobId);
        break;
      case "job-changed":
        this.#change(event);
        break;
      case "environment-status":
        replaceIn(this.environments, event.arn, {
          status: event.status,
          ...(event.status === "INVALID" && { invalidReason: event.statusReason }),
        });
        if (event.status === "VALID") this.instances.of(event.arn).forgetLaunchesInVain();
        break;
      case "queue-status":
        replaceIn(this.queues, event.arn, { status: event.status });
        break;
      case "quota-share-status":
        replaceIn(this.quotaShares, event.arn, { status: event.status });
        break;
      case "quota-share-deleted":
        this.quotaShares.delete(event.arn);
        break;
      case "host-deleted":
        removeHost(this.environments, event.environmentArn, event.hostId);
        break;
      case "environment-deleted":
        this.environments.delete(event.arn);
        break;
      case "queue-deleted":
        this.queues.delete(event.arn);
        this.#waiting.delete(event.arn);
        this.shares.queueDeleted(event.arn);
        for (const arn of this.quotaShares.keys()) if (arn.startsWith(`${event.arn}/`)) this.quotaShares.delete(arn);
        break;
    }
  }

  /** The job whose active attempt this is. */
  jobOfAttempt(attemptId: string): Job | undefined {
    const jobId = this.#jobIdByAttemptId.get(attemptId);
    return jobId === undefined ? undefined : this.jobs.get(jobId);
  }

  /** The job and the unit that a driver knows as this attempt. */
  unitOf(attemptId: string): { job: Job; unit: number } | undefined {
    const known = this.#units.get(attemptId);
    return known && { job: this.jobs.get(known.jobId)!, unit: known.unit };
  }

  /** The newest job that was read, by `seq`. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  activeAttemptIds(): Iterable<string> {
    return this.#jobIdByAttemptId.keys();
  }

  /** The jobs of a quota share that hold capacity, in no order. */
  activeJobsOfShare(shareArn: string): Job[] {
    return [...this.#activeOfShares.get(shareArn)].map((jobId) => this.jobs.get(jobId)!);
  }

  /** How many pods of an environment in a cluster have not begun. */
  startingPods(environmentArn: string): number {
    return this.#inUse.startingPods(environmentArn);
  }

  /** What active attempts hold of the machine: those that are on no instance, and in no cluster. */
  get used(): InUse["machine"] {
    return this.#inUse.machine;
  }

  /** How many jobs of a queue hold capacity. */
  activeJobs(queueArn: string): number {
    return this.#inUse.jobs(queueArn);
  }

  usedVcpuMilli(environmentArn: string): number {
    return this.#inUse.vcpuMilli(environmentArn);
  }

  /** How much the active attempts hold of a consumable resource, or of what else has such a key. */
  inUse(key: string): number {
    return this.#inUse.of(key);
  }

  holdings(): Iterable<readonly [key: string, quantity: number]> {
    return this.#inUse.holdings();
  }

  waitingJobs(queueArn: string): WaitingJobs | undefined {
    return this.#waiting.get(queueArn);
  }

  /** How many children of this array may run at a time, when so many do. */
  crowding(arrayId: string): number | undefined {
    const limit = this.jobs.get(arrayId)?.scheduling.maxActiveChildren;
    const progress = this.arrays.get(arrayId);
    if (limit === undefined || progress === undefined) return undefined;
    return progress.count("STARTING") + progress.count("RUNNING") >= limit ? limit : undefined;
  }

  /** A RUNNABLE job; for a child of an array that has no record its parent, which is as it. */
  waitingJob(jobId: string): Job {
    return this.jobs.get(jobId) ?? this.jobs.get(parseChildId(jobId)!.parentId)!;
  }

  /** Whether an entry of the waiting jobs still waits. */
  readonly waits = (entry: Waiting): boolean => this.stillWaits(entry);

  stillWaits(entry: Waiting): boolean {
    const job = this.jobs.get(entry.job.id);
    // Whoever has another priority by now waits in another place.
    if (job === undefined || job.scheduling !== entry.job.scheduling) return false;
    // A job that started out of its turn leaves its entry behind; if it comes back, it has another one.
    const isThisTurn = job.state.attempts.length === entry.job.state.attempts.length;
    if (!isArrayParent(job)) return isThisTurn && job.state.status === "RUNNABLE";
    return job.state.rest?.status === "RUNNABLE" && this.arrays.get(job.id)!.next() !== undefined;
  }

  /** Jobs that `job` depends on and that are neither here nor known to have ended. */
  unknownDependencies(job: Job): string[] {
    return job.scheduling.dependsOn.flatMap(({ jobId }) => {
      if (jobId === undefined) return [];
      const whole = parseChildId(jobId)?.parentId ?? jobId;
      return this.jobs.has(whole) || this.#dependents.outcome(whole) !== undefined ? [] : [whole];
    });
  }

  /** How a dependency ended: a whole job or array, or one child by its own id. */
  outcomeOf(jobId: string): ChildOutcome {
    const child = parseChildId(jobId);
    if (child !== undefined) return this.outcomeOfChild(child.parentId, child.index);
    if (this.jobs.has(jobId)) return "open";
    return this.#dependents.outcome(jobId)?.succeeded === true ? "succeeded" : "failed";
  }

  /** How the child `index` of an array ended, whether the array itself is over or not. */
  outcomeOfChild(arrayId: string, index: number): ChildOutcome {
    const array = this.jobs.get(arrayId);
    if (array === undefined) {
      const outcome = this.#dependents.outcome(arrayId);
      const succeeded = outcome?.succeeded === true || outcome?.failedChildren?.has(index) === false;
      return succeeded ? "succeeded" : "failed";
    }
    const code = this.arrays.get(arrayId)!.get(index);
    if (code === "none") return array.state.rest?.status === "FAILED" ? "failed" : "open";
    return code === "active" ? "open" : code;
  }

  #admit(job: Job): void {
    this.#lastSeq = Math.max(this.#lastSeq, job.seq);
    this.jobs.set(job.id, job);
    if (isArrayParent(job)) this.arrays.set(job.id, new ArrayProgress(job.scheduling.arraySize!));
    if (job.parent !== undefined) this.arrays.get(job.parent.id)!.set(job.parent.index, job.state.status);
    else this.#dependents.add(job);
    this.jobs.countRest(this.arrays, job.parent?.id ?? job.id);
    this.#index(job);
    this.instances.attemptsChanged(undefined, job);
    this.shares.admitted(job);
    if (!waitsForRoom(job) || !this.queues.has(job.queueArn)) this.agenda.add(job.id);
    this.touchedQueues.add(job.queueArn);
  }

  #change(change: JobChange): void {
    const known = this.jobs.get(change.jobId);
    const before = known ?? newChild(this.jobs.get(change.parent!.id)!, change.parent!.index);
    const job: Job = { ...before, state: change.state };
    if (known?.state.status !== job.state.status) this.transitions.push(job);
    for (const { arn, quantity } of change.usedUp ?? []) useUp(this.consumables, arn, quantity);
    this.#unindex(before);
    this.instances.attemptsChanged(before, job);
    this.shares.changed(before, job);
    this.jobs.set(job.id, job);
    this.touchedQueues.add(job.queueArn);
    this.#index(job, before.state);
    if (job.parent !== undefined) this.#childChanged(job, job.parent, before.state);
    if (job.parent === undefined || before.state.attempts.length === 0)
      this.jobs.countRest(this.arrays, job.parent?.id ?? job.id);
    if (isTerminal(job.state.status)) this.#ended(job);
    else if (before.state.rest?.status !== "FAILED" && job.state.rest?.status === "FAILED")
      this.#wakeDependents(job.id);
  }

  #prioritise(jobId: string, priority: number): void {
    const before = this.jobs.get(jobId);
    if (before === undefined) return;
    const job = { ...before, scheduling: { ...before.scheduling, priority } };
    this.jobs.set(jobId, job);
    this.touchedQueues.add(job.queueArn);
    if (job.state.status === "RUNNABLE") this.#wait({ job, retried: job.state.attempts.length > 0 });
  }

  #index(job: Job, before?: JobState): void {
    const { state } = job;
    const restBecameRunnable = state.rest?.status === "RUNNABLE" && before?.rest?.status !== "RUNNABLE";
    const becameRunnable = state.status === "RUNNABLE" && before?.status !== "RUNNABLE";
    if (restBecameRunnable || becameRunnable) this.#wait({ job, retried: state.attempts.length > 0 });
    const attempt = activeAttempt(state);
    if (job.scheduling.units !== undefined) {
      this.#units.changed(job, before && activeAttempt(before), attempt, this.deadlines);
    }
    if (attempt === undefined) return;
    // Somebody is to be told to run it, once that it is bound is committed.
    if (state.status === "SCHEDULED") this.agenda.add(job.id);
    this.#inUse.count(job, attempt, 1);
    this.#jobIdByAttemptId.set(attempt.id, job.id);
    const share = job.scheduling.service?.quotaShare;
    if (share !== undefined) this.#activeOfShares.add(share, job.id);
    const begins = before === undefined || isMeasuredAnew(activeAttempt(before), attempt);
    const at = outOfTimeAt(job.scheduling, attempt, this.environments.get(attempt.environmentArn));
    if (begins && at < Infinity) this.deadlines.add({ at, jobId: job.id, attemptId: attempt.id });
  }

  #unindex(job: Job): void {
    const attempt = activeAttempt(job.state);
    if (attempt === undefined) return;
    this.#inUse.count(job, attempt, -1);
    this.#jobIdByAttemptId.delete(attempt.id);
    const share = job.scheduling.service?.quotaShare;
    if (share !== undefined) this.#activeOfShares.remove(share, job.id);
  }

  #wait(entry: Waiting): void {
    let waiting = this.#waiting.get(entry.job.queueArn);
    if (waiting === undefined) this.#waiting.set(entry.job.queueArn, (waiting = new WaitingJobs()));
    waiting.add(entry, this.waits);
  }

  #childChanged(child: Job, parent: { id: string; index: number }, before: JobState): void {
    const { status, startedAt } = child.state;
    const progress = this.arrays.get(parent.id)!;
    progress.set(parent.index, status);
    this.unsummarised.set(parent.id, progress);
    if (startedAt !== undefined && progress.startedAt === undefined) {
      progress.startedAt = startedAt;
      this.progressed.add(parent.id);
    }
    const hasLeft = activeAttempt(child.state) === undefined && (isTerminal(status) || before.status !== "PENDING");
    if (child.scheduling.maxActiveChildren !== undefined && hasLeft) {
      this.#waiting.get(child.queueArn)?.unpark(parent.id, this.waits);
    }
  }

  #ended(job: Job): void {
    this.jobs.delete(job.id);
    if (job.parent !== undefined) return this.#wakeAroundChild(job.parent);
    if (this.#dependents.isWaitedFor(job.id)) {
      const succeeded = job.state.status === "SUCCEEDED";
      // Children without a record failed too: the array as a whole was given up.
      const failedChildren = succeeded ? undefined : this.arrays.get(job.id)?.notSucceeded();
      this.#dependents.setOutcome(job.id, { succeeded, ...(failedChildren !== undefined && { failedChildren }) });
      this.#wakeDependents(job.id);
    }
    if (this.arrays.delete(job.id)) this.jobs.statuses.arrayRemoved(job.id);
    this.#dependents.remove(job);
  }

  #wakeAroundChild({ id, index }: { id: string; index: number }): void {
    this.progressed.add(id);
    const parent = this.jobs.get(id);
    if (parent?.scheduling.dependsOn.some(({ type }) => type === "SEQUENTIAL") === true) {
      this.agenda.add(childId(id, index + 1));
    }
    for (const dependent of this.#dependents.of(id)) this.agenda.add(childId(dependent, index));
    this.#wakeDependents(childId(id, index));
  }

  #wakeDependents(jobId: string): void {
    for (const dependent of this.#dependents.of(jobId)) this.agenda.add(dependent);
  }
}
