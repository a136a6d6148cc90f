import type { RecordedChildren } from "../../src/core/array.ts";
import type { Change, JobChange } from "../../src/core/changes.ts";
import { childId, parseChildId } from "../../src/core/ids.ts";
import type { ConsumableNeed, Scheduling, Dependency, JobState, JobStatus } from "../../src/core/job.ts";
import { activeAttempt, initialState, isTerminal, JOB_STATUSES, requirementsOf } from "../../src/core/job.ts";
import { REASONS } from "../../src/core/lifecycle.ts";
import type { Capacity } from "../../src/core/resources.ts";
import type { Contender } from "./fair-share.ts";
import { Fleet, TYPES } from "./fleet.ts";
import { FairShares } from "./fair-share.ts";
import type { Resources } from "./resources.ts";
import type { QuotaModel } from "./workload.ts";
import { BUDGET } from "./workload.ts";
import type { NewJob } from "../../src/ports/store.ts";
import { checkUnits } from "./unit-rules.ts";

/** One submitted job: a single one, or an array with those of its children that have a record. */
export interface Entry {
  readonly job: NewJob;
  readonly seq: number;
  state: JobState;
  readonly children: Map<number, JobState>;
  /** It was over, and is forgotten. */
  isRemoved?: boolean;
  /** The engine has heard of it. */
  isRead?: boolean;
}

/** Which state may follow which: reference 2.1. */
const FOLLOWERS: Record<JobStatus, readonly JobStatus[]> = {
  SUBMITTED: ["PENDING", "RUNNABLE", "STARTING", "SUCCEEDED", "FAILED"],
  PENDING: ["PENDING", "RUNNABLE", "STARTING", "SUCCEEDED", "FAILED"],
  RUNNABLE: ["STARTING", "SCHEDULED", "FAILED"],
  SCHEDULED: ["SCHEDULED", "STARTING", "RUNNABLE", "FAILED"],
  STARTING: ["SCHEDULED", "STARTING", "RUNNING", "RUNNABLE", "SUCCEEDED", "FAILED"],
  RUNNING: ["RUNNING", "SCHEDULED", "STARTING", "RUNNABLE", "SUCCEEDED", "FAILED"],
  SUCCEEDED: [],
  FAILED: [],
};

/**
 * What was committed, told by the commits themselves and kept apart from the store and the world. It checks each commit against the rules,
 * written anew and plainly: slow, and therefore easy to believe.
 */
export class Ledger {
  readonly entries = new Map<string, Entry>();
  readonly violations: string[] = [];
  readonly fleet = new Fleet();
  readonly #capacity: Capacity;
  readonly #resources: Resources;
  #submissions = 0;
  /** By the ARN of a resource that does not come back: what the attempts that have ended held of it. */
  readonly usedUp = new Map<string, number>([[BUDGET, 0]]);

  constructor(capacity: Capacity, resources: Resources) {
    this.#capacity = capacity;
    this.#resources = resources;
  }

  submitted(job: NewJob): void {
    const seq = (this.#submissions += 1);
    this.entries.set(job.id, { job, seq, state: initialState(job.scheduling), children: new Map() });
  }

  /** The engine has heard of them. */
  read(jobIds: readonly string[]): void {
    for (const id of jobIds) {
      const entry = this.entries.get(id);
      if (entry !== undefined) entry.isRead = true;
    }
  }

  stateOf(id: string): JobState | undefined {
    const child = parseChildId(id);
    if (child === undefined) return this.entries.get(id)?.state;
    const array = this.entries.get(child.parentId);
    return array && childState(array, child.index);
  }

  /** `at`: the time that the tick went by. */
  committed(changes: readonly Change[], at: number): void {
    const placed: JobChange[] = [];
    for (const change of childrenFirst(changes)) {
      const before = this.stateOf(change.jobId);
      this.#checkTransition(change);
      this.#noteEnds(change);
      this.#write(change);
      if (before !== undefined && isPlacement(before, change.state)) placed.push(change);
    }
    for (const change of changes) {
      if (change.kind === "job-changed") this.#checkBlame(change);
      if (change.kind === "array-summary") this.#checkSummary(change.jobId, change.recorded);
    }
    this.#checkSummarised(changes);
    const bound = (arn: string): number => this.#resources.environments.get(arn)!.bound;
    for (const violation of this.fleet.committed(changes, bound)) this.#violated(violation);
    for (const { jobId } of placed) this.#checkDependencies(jobId);
    for (const change of placed) this.#checkInstances(change);
    if (placed.length > 0) {
      this.#checkCapacity();
      for (const { parent } of placed) if (parent !== undefined) this.#checkRoom(this.entries.get(parent.id)!);
      this.#checkConsumables(placed);
      this.#checkOrder(placed);
      this.#checkTurns(placed, at);
      this.#checkQuotas(placed);
    }
  }

  /** Whether the instances of an environment have room for a job, when the engine rests. */
  hasRoomOnInstances(environmentArn: string, { requirements, nodes }: Scheduling, memoryMiB: number): boolean {
    const free = new Map(this.fleet.running(environmentArn).map(({ id, type }) => [id, { ...type, isEmpty: true }]));
    for (const { scheduling, states } of this.#openEntries()) {
      for (const state of states) {
        for (const id of activeAttempt(state)?.instanceIds ?? []) {
          const room = free.get(id);
          if (room === undefined) continue;
          room.isEmpty = false;
          room.vcpuMilli -= scheduling.nodes === undefined ? scheduling.requirements.vcpuMilli : room.vcpuMilli;
          room.memoryMiB -= memoryOf(scheduling, state);
        }
      }
    }
    const rooms = [...free.values()];
    if (nodes === undefined)
      return rooms.some((one) => one.vcpuMilli >= requirements.vcpuMilli && one.memoryMiB >= memoryMiB);
    return TYPES.some(({ name }) => rooms.filter((one) => one.isEmpty && one.name === name).length >= nodes.count);
  }

  /** Every job and child that exists, with its id. Children without a record are what their parent says. */
  *all(openOnly = false): Iterable<{ id: string; entry: Entry; index: number | undefined; state: JobState }> {
    for (const entry of this.entries.values()) {
      if (openOnly && isTerminal(entry.state.status)) continue;
      yield { id: entry.job.id, entry, index: undefined, state: entry.state };
      for (let index = 0; index < (entry.job.scheduling.arraySize ?? 0); index += 1) {
        yield { id: childId(entry.job.id, index), entry, index, state: childState(entry, index) };
      }
    }
  }

  /** What active attempts hold in an environment, or of the machine: what is on instances holds nothing of that. */
  used(environmentArn?: string): Capacity {
    const used = { vcpuMilli: 0, memoryMiB: 0 };
    for (const entry of this.entries.values()) {
      if (isTerminal(entry.state.status)) continue;
      for (const state of [entry.state, ...entry.children.values()]) {
        const attempt = activeAttempt(state);
        if (attempt === undefined) continue;
        if (environmentArn === undefined ? attempt.instanceIds : attempt.environmentArn !== environmentArn) continue;
        used.vcpuMilli += entry.job.scheduling.requirements.vcpuMilli;
        used.memoryMiB += memoryOf(entry.job.scheduling, state);
      }
    }
    return used;
  }

  /** By ARN, what active attempts hold of consumable resources; by type, what they hold of instances. */
  held(): Map<string, number> {
    const held = new Map<string, number>();
    for (const { scheduling, states } of this.#openEntries()) {
      const active = states.filter((state) => activeAttempt(state) !== undefined).length;
      for (const { arn, quantity } of needsOf(scheduling)) {
        held.set(arn, (held.get(arn) ?? 0) + active * quantity);
      }
    }
    return held;
  }

  *#openEntries(): Iterable<{ scheduling: Scheduling; states: readonly JobState[] }> {
    for (const { job, state, children } of this.entries.values()) {
      if (!isTerminal(state.status)) yield { scheduling: job.scheduling, states: [state, ...children.values()] };
    }
  }

  /**
   * The first RUNNABLE job of a queue: retried ones first, then in order of submission, then by index. Those that may lack something of a
   * consumable resource hold up nobody, and children whose array runs as many as it may stand aside.
   */
  head(queueArn: string, share = ""): { id: string; entry: Entry } | undefined {
    const held = this.held();
    let best: { rank: Rank; id: string; entry: Entry } | undefined;
    for (const { id, entry, index, state } of this.all(true)) {
      if (state.status !== "RUNNABLE" || entry.job.queueArn !== queueArn || roomIn(entry) <= 0) continue;
      if (shareOf(entry) !== share || entry.isRead !== true || this.#mayLack(entry, held)) continue;
      const rank = rankOf(entry, index, state.attempts.length > 0);
      if (best === undefined || compare(rank, best.rank) < 0) best = { rank, id, entry };
    }
    return best;
  }

  /** Of a RUNNABLE job: how many of its queue are served no later than it. */
  placeOf(jobId: string): number {
    const own = this.entries.get(parseChildId(jobId)?.parentId ?? jobId)!;
    const rank = rankOf(own, parseChildId(jobId)?.index, this.stateOf(jobId)!.attempts.length > 0);
    let place = 0;
    for (const { entry, index, state } of this.all(true)) {
      if (state.status !== "RUNNABLE" || entry.job.queueArn !== own.job.queueArn) continue;
      if (compare(rankOf(entry, index, state.attempts.length > 0), rank) <= 0) place += 1;
    }
    return place;
  }

  #write({ jobId, parent, state }: JobChange): void {
    if (parent === undefined) this.entries.get(jobId)!.state = state;
    else this.entries.get(parent.id)!.children.set(parent.index, state);
  }

  #checkTransition({ jobId, state: after }: JobChange): void {
    const before = this.stateOf(jobId);
    if (before === undefined) return this.#violated(`a commit changes ${jobId}, which nobody submitted`);
    const entry = this.entries.get(parseChildId(jobId)?.parentId ?? jobId)!;
    if (isTerminal(before.status)) this.#violated(`${jobId} is ${before.status} and becomes ${after.status}`);
    else if (!FOLLOWERS[before.status].includes(after.status) && !isArray(entry, jobId)) {
      this.#violated(`${jobId} goes from ${before.status} to ${after.status}`);
    }
    const { attempts } = entry.job.scheduling.retry;
    const begun = after.attempts.length - forgivenOf(entry.job.scheduling, after);
    if (begun > attempts) this.#violated(`${jobId} makes more than ${attempts} attempts`);
    const { memoryMiB } = requirementsOf({ ...entry.job, state: after });
    if (!isTerminal(after.status) && memoryMiB !== memoryOf(entry.job.scheduling, after))
      this.#violated(`${jobId} asks for ${memoryMiB} MiB`);
    if (after.attempts.length > before.attempts.length + 1) this.#violated(`${jobId} makes two attempts at once`);
    for (const [at, attempt] of before.attempts.entries()) {
      const kept = after.attempts.find(({ id }) => id === attempt.id);
      const isOver = attempt.stoppedAt !== undefined;
      // Of attempts that were preempted only the last ones are kept.
      if (kept === undefined && attempt.stopping?.preempted !== true)
        this.#violated(`${jobId} loses its attempt ${at}`);
      else if (kept !== undefined && isOver && JSON.stringify(kept) !== JSON.stringify(attempt))
        this.#violated(`${jobId} rewrites attempt ${at}`);
    }
    for (const [at, attempt] of after.attempts.entries()) {
      const found = checkUnits(`${jobId} attempt ${at}`, entry.job.scheduling, before.attempts[at], attempt);
      for (const violation of found) this.#violated(violation);
    }
    const active = activeAttempt(after) !== undefined;
    if (active !== ["SCHEDULED", "STARTING", "RUNNING"].includes(after.status)) {
      this.#violated(`${jobId} is ${after.status} and ${active ? "has" : "has no"} active attempt`);
    }
    if (isTerminal(after.status)) this.#checkEnd(jobId, entry, after);
  }

  #checkEnd(jobId: string, entry: Entry, state: JobState): void {
    if (state.stoppedAt === undefined) this.#violated(`${jobId} is over and has no stoppedAt`);
    if (isArray(entry, jobId)) return this.#checkArrayEnd(entry, state);
    const last = state.attempts.at(-1);
    if ((state.status === "SUCCEEDED") !== (last?.exitCode === 0 && last.stopping === undefined)) {
      if (state.statusReason === last?.statusReason) {
        this.#violated(`${jobId} is ${state.status} after exit code ${last?.exitCode}`);
      }
    }
    const { retry } = entry.job.scheduling;
    const endedByItself = state.statusReason === REASONS.exited && state.status === "FAILED";
    if (
      endedByItself &&
      state.attempts.length - forgivenOf(entry.job.scheduling, state) < retry.attempts &&
      !retry.evaluateOnExit.some((one) => one.action === "exit")
    ) {
      this.#violated(`${jobId} is not retried after ${state.attempts.length} of ${retry.attempts} attempts`);
    }
  }

  #checkArrayEnd(entry: Entry, state: JobState): void {
    const { arraySize = 0 } = entry.job.scheduling;
    const statuses = Array.from({ length: arraySize }, (_, index) => {
      // What the array's own last change says of its children counts already.
      return entry.children.get(index)?.status ?? state.rest?.status ?? "PENDING";
    });
    if (!statuses.every((status) => status === "SUCCEEDED" || status === "FAILED")) {
      this.#violated(`array ${entry.job.id} is over before its children: ${statuses.join(" ")}`);
    }
    if ((state.status === "SUCCEEDED") !== statuses.every((status) => status === "SUCCEEDED")) {
      this.#violated(`array ${entry.job.id} is ${state.status} with children ${statuses.join(" ")}`);
    }
  }

  #checkSummary(jobId: string, recorded: RecordedChildren): void {
    const { children, job } = this.entries.get(jobId)!;
    const expected = summaryOf(children, job.scheduling.arraySize!);
    if (JSON.stringify(recorded) !== JSON.stringify(expected)) {
      this.#violated(`array ${jobId} is summarised as ${JSON.stringify(recorded)}, not ${JSON.stringify(expected)}`);
    }
  }

  /** A summary comes with every change of a child, in the same commit. */
  #checkSummarised(changes: readonly Change[]): void {
    const summarised = new Set(changes.flatMap((change) => (change.kind === "array-summary" ? [change.jobId] : [])));
    for (const change of changes) {
      if (change.kind !== "job-changed" || change.parent === undefined || summarised.has(change.parent.id)) continue;
      this.#violated(`${change.jobId} changes, and its array is not summarised`);
    }
  }

  /** Who fails for a dependency has one that justifies it. */
  #checkBlame({ jobId, state }: JobChange): void {
    const isToBlame = isTerminal(state.status) ? BLAMED_ON.get(state.statusReason ?? "") : undefined;
    if (isToBlame === undefined || this.dependencies(jobId).some((one) => isToBlame(one))) return;
    this.#violated(`${jobId} fails for dependencies that it does not have`);
  }

  #checkDependencies(jobId: string): void {
    for (const dependency of this.dependencies(jobId)) {
      const { on, type, status } = dependency;
      if (!isMet(dependency))
        this.#violated(`${jobId} starts while ${on}, on which it depends (${type}), is ${status}`);
    }
  }

  /** What a job or child depends on, and what that is now. */
  dependencies(jobId: string): On[] {
    const child = parseChildId(jobId);
    const { dependsOn } = this.entries.get(child?.parentId ?? jobId)!.job.scheduling;
    return dependsOn.flatMap((dependency) => {
      const on = dependencyOf(dependency, child);
      return on === undefined ? [] : [{ on, type: dependency.type, status: this.stateOf(on)!.status }];
    });
  }

  #checkCapacity(): void {
    const used = this.used();
    if (used.vcpuMilli > this.#capacity.vcpuMilli || used.memoryMiB > this.#capacity.memoryMiB) {
      this.#violated(`jobs hold ${used.vcpuMilli} milli-vCPU and ${used.memoryMiB} MiB`);
    }
  }

  #checkInstances({ jobId, parent, state }: JobChange): void {
    const { scheduling } = this.entries.get(parent?.id ?? jobId)!.job;
    const attempt = activeAttempt(state);
    if (attempt === undefined) return;
    const { hasInstances = false } = this.#resources.environments.get(attempt.environmentArn) ?? {};
    if (hasInstances !== (attempt.instanceIds !== undefined))
      this.#violated(`${jobId} is on ${attempt.instanceIds?.join()}`);
    if (!hasInstances) return;
    for (const violation of this.fleet.placed(jobId, scheduling, attempt)) this.#violated(violation);
  }

  #checkRoom(array: Entry): void {
    if (roomIn(array) < 0) this.#violated(`${-roomIn(array)} children too many of array ${array.job.id} run`);
  }

  /** Who starts finds all that it needs. What nobody begins to hold may have been lowered below what is held. */
  #checkConsumables(placed: readonly JobChange[]): void {
    const held = this.held();
    const needs = placed.flatMap(({ jobId, parent }) => {
      return needsOf(this.entries.get(parent?.id ?? jobId)!.job.scheduling);
    });
    for (const { arn } of needs) {
      if (held.get(arn)! > this.#resources.stock.most(arn)) this.#violated(`jobs hold ${held.get(arn)} of ${arn}`);
    }
  }

  #noteEnds({ jobId, parent, state: after }: JobChange): void {
    const before = this.stateOf(jobId);
    if (before === undefined || activeAttempt(before) === undefined || activeAttempt(after) === activeAttempt(before))
      return;
    const ended = after.attempts[before.attempts.length - 1]?.stoppedAt !== undefined;
    const { consumables = [] } = this.entries.get(parent?.id ?? jobId)!.job.scheduling;
    for (const { arn, quantity } of ended ? consumables : []) {
      if (!this.usedUp.has(arn)) continue;
      this.usedUp.set(arn, this.usedUp.get(arn)! + quantity);
      this.#resources.stock.useUp(arn, quantity);
    }
  }

  /** Who starts keeps its quota share within what it has and may borrow. What ran when a limit was lowered goes on. */
  #checkQuotas(placed: readonly JobChange[]): void {
    const shares = new Set(placed.map(({ jobId, parent }) => shareOf(this.entries.get(parent?.id ?? jobId)!)));
    for (const arn of shares) {
      const models = this.#resources.quotaShares.get(arn) ?? [];
      const used = this.#usedOfQuota(arn);
      const isWithin = ({ limits, strategy, borrowLimit }: QuotaModel): boolean =>
        Object.entries(limits).every(([type, own]) => {
          const borrows = strategy === "LEND_AND_BORROW" ? (borrowLimit === -1 ? Infinity : borrowLimit) : 0;
          return (used.get(type) ?? 0) <= own + (own * borrows) / 100;
        });
      if (models.length > 0 && !models.some(isWithin)) this.#violated(`${arn} uses ${JSON.stringify([...used])}`);
    }
  }

  #usedOfQuota(share: string): Map<string, number> {
    const used = new Map<string, number>();
    for (const entry of this.entries.values()) {
      if (shareOf(entry) !== share || activeAttempt(entry.state) === undefined) continue;
      for (const { type, count } of entry.job.scheduling.instances ?? []) used.set(type, (used.get(type) ?? 0) + count);
    }
    return used;
  }

  /** Under a fair-share policy nobody starts while a share that has used less waits. A policy that has just changed may be known, or not yet. */
  #checkTurns(placed: readonly JobChange[], at: number): void {
    const ids = new Set(placed.map(({ jobId }) => jobId));
    const fresh = new Set(placed.map(({ state }) => state.attempts.at(-1)!.id));
    const queues = new Set(placed.map(({ jobId, parent }) => this.entries.get(parent?.id ?? jobId)!.job.queueArn));
    for (const arn of queues) {
      const { policies = [], environments } = this.#resources.queues.get(arn) ?? { environments: [] };
      if (policies.length === 0) continue;
      const entries = [...this.entries.values()].filter(({ job, isRead }) => job.queueArn === arn && isRead === true);
      const lanes = this.#contenders(entries, ids, environments);
      const wrong = policies.map((policy) => new FairShares(policy, entries, fresh, at).firstWrongTurn(lanes));
      if (!wrong.includes(undefined)) this.#violated(wrong.at(-1)!);
    }
  }

  /** Who is served next in a queue, when the engine rests: one job, or under a fair-share policy perhaps the first of several shares. */
  next(queueArn: string, at: number): { id: string; entry: Entry }[] {
    const { policies = [], environments } = this.#resources.queues.get(queueArn)!;
    const policy = policies.at(-1);
    if (policy === undefined) return [this.head(queueArn)].flatMap((head) => head ?? []);
    const entries = [...this.entries.values()].filter(({ job }) => job.queueArn === queueArn);
    const lanes = this.#contenders(entries, new Set(), environments);
    const heads = new FairShares(policy, entries, new Set(), at).heads(lanes);
    return [...heads].map(({ id }) => ({ id, entry: this.entries.get(parseChildId(id)?.parentId ?? id)! }));
  }

  /** By share, in their order: who waited when these were placed. */
  #contenders(entries: readonly Entry[], placed: ReadonlySet<string>, environments: readonly string[]) {
    const held = this.held();
    const models = environments.map((arn) => this.#resources.environments.get(arn)!);
    const largest = Math.max(...models.map(({ enabled, maxvCpus }) => (enabled ? maxvCpus : 0)));
    const lanes = new Map<string, { rank: Rank; contender: Contender }[]>();
    for (const entry of entries) {
      const { share = "", requirements } = entry.job.scheduling;
      // Of instances a gang needs whole ones, and the last one may exceed the maximum: what is too large there is not worked out here.
      const isUnsure = models.some(({ hasInstances }) => hasInstances) || !this.#resources.isSettled;
      for (const { id, index, state } of waitingOf(entry, placed)) {
        const isPlaced = placed.has(id);
        const isLarge = isTooLarge(entry, state, largest, this.#capacity);
        const contender = {
          ...{ id, share, seq: entry.seq, vcpuMilli: requirements.vcpuMilli, isPlaced },
          mayStandAside: roomIn(entry) <= 0 || this.#mayLack(entry, held),
          mayHoldItsShareOnly: isUnsure || isLarge,
          mayHoldTheQueue: isUnsure || !isLarge,
        };
        const rank = rankOf(entry, index, state.attempts.length > (isPlaced ? 1 : 0));
        lanes.set(share, [...(lanes.get(share) ?? []), { rank, contender }]);
      }
    }
    return new Map(
      [...lanes].map(([share, lane]) => {
        return [share, lane.sort((a, b) => compare(a.rank, b.rank)).map(({ contender }) => contender)];
      }),
    );
  }

  /** Whether there may not have been enough of a consumable resource. */
  #mayLack({ job }: Entry, held: ReadonlyMap<string, number>): boolean {
    const { consumables = [] } = job.scheduling;
    return consumables.some(({ arn, quantity }) => (held.get(arn) ?? 0) + quantity > this.#resources.stock.least(arn));
  }

  /** Nobody in a queue starts while somebody before it waits. */
  #checkOrder(placed: readonly JobChange[]): void {
    const heads = new Map<string, ReturnType<Ledger["head"]>>();
    for (const { jobId, state, parent } of placed) {
      const entry = this.entries.get(parent?.id ?? jobId)!;
      const { queueArn, scheduling } = entry.job;
      if (scheduling.share !== undefined) continue;
      const lane = `${queueArn} ${shareOf(entry)}`;
      if (!heads.has(lane)) heads.set(lane, this.head(queueArn, shareOf(entry)));
      const head = heads.get(lane);
      if (head === undefined) continue;
      const headState = this.stateOf(head.id)!;
      const headRank = rankOf(head.entry, parseChildId(head.id)?.index, headState.attempts.length > 0);
      if (compare(headRank, rankOf(entry, parent?.index, state.attempts.length > 1)) < 0) {
        this.#violated(`${jobId} starts before ${head.id}, which is before it in the queue`);
      }
    }
  }

  #violated(what: string): void {
    this.violations.push(what);
  }
}

/** What the next attempt asks for, or the active one holds: one rung more for each attempt before it that ran out of memory. */
export function memoryOf({ requirements, memoryLadder = [] }: Scheduling, { attempts }: JobState): number {
  const starved = attempts.filter(({ reason }) => reason?.startsWith("OutOfMemoryError") === true).length;
  return memoryLadder[Math.min(starved, memoryLadder.length) - 1] ?? requirements.memoryMiB;
}

/** Attempts that do not count: those that made room for others, and those that were lost with their host or that nobody began, so many as are forgiven. */
function forgivenOf({ infrastructureRetries = 0 }: Scheduling, { attempts }: JobState): number {
  const preempted = attempts.filter(({ stopping }) => stopping?.preempted === true);
  const lost = attempts.filter(
    ({ stoppedAt, exitCode, reason, stopping }) =>
      stoppedAt !== undefined &&
      (stopping?.hostLost === true || (stopping === undefined && exitCode === undefined && reason === undefined)),
  );
  return preempted.length + Math.min(infrastructureRetries, lost.length);
}

/** All that is counted beside the machine's own capacity. */
export function needsOf({ consumables = [], instances = [] }: Scheduling): readonly ConsumableNeed[] {
  return [...consumables, ...instances.map(({ type, count }) => ({ arn: type, quantity: count }))];
}

/** A commit is one step: the end of an array and that of its last children may come in any order. */
function childrenFirst(changes: readonly Change[]): JobChange[] {
  const ofJobs = changes.filter((change) => change.kind === "job-changed");
  return [
    ...ofJobs.filter(({ parent }) => parent !== undefined),
    ...ofJobs.filter(({ parent }) => parent === undefined),
  ];
}

/** How many more children of an array may start. */
export function roomIn({ job, children }: Entry): number {
  const active = [...children.values()].filter((state) => activeAttempt(state) !== undefined).length;
  return (job.scheduling.maxActiveChildren ?? Infinity) - active;
}

/** An array's summary, counted anew. */
export function summaryOf(children: ReadonlyMap<number, JobState>, size: number): RecordedChildren {
  const all = [...children.values()];
  const counts = JOB_STATUSES.map((status) => [status, all.filter((one) => one.status === status).length] as const);
  const indexes = Array.from({ length: size }, (_, index) => index);
  return {
    counts: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    below: indexes.find((index) => !children.has(index)) ?? size,
  };
}

type Rank = readonly number[];

/** Within one share, or in a queue that has none. */
function rankOf(entry: Entry, index: number | undefined, isRetried: boolean): Rank {
  return [-(entry.job.scheduling.priority ?? 0), isRetried ? 0 : 1, entry.seq, index ?? -1];
}

function compare(a: Rank, b: Rank): number {
  for (const [at, value] of a.entries()) if (value !== b[at]) return value - b[at]!;
  return 0;
}

/** Who of an entry waited, before the placements of this commit. */
function* waitingOf(entry: Entry, placed: ReadonlySet<string>) {
  const { arraySize } = entry.job.scheduling;
  const waits = (id: string, { status }: JobState): boolean => status === "RUNNABLE" || placed.has(id);
  if (arraySize === undefined) {
    if (waits(entry.job.id, entry.state)) yield { id: entry.job.id, index: undefined, state: entry.state };
    return;
  }
  for (let index = 0; index < arraySize; index += 1) {
    const [id, state] = [childId(entry.job.id, index), childState(entry, index)];
    if (waits(id, state)) yield { id, index, state };
  }
}

/** Whether a job needs more than the largest environment or the machine ever has. */
function isTooLarge({ job }: Entry, state: JobState, maxvCpus: number, machine: Capacity): boolean {
  const most = Math.min(maxvCpus * 1000, machine.vcpuMilli);
  return job.scheduling.requirements.vcpuMilli > most || memoryOf(job.scheduling, state) > machine.memoryMiB;
}

/** The share identifier, or the ARN of the quota share. */
function shareOf({ job: { scheduling } }: Entry): string {
  return scheduling.share ?? scheduling.service?.quotaShare ?? "";
}

function isPlacement(before: JobState, after: JobState): boolean {
  const attempt = activeAttempt(after);
  return attempt !== undefined && !before.attempts.some(({ id }) => id === attempt.id);
}

function isArray(entry: Entry, id: string): boolean {
  return entry.job.id === id && entry.job.scheduling.arraySize !== undefined;
}

function childState(array: Entry, index: number): JobState {
  const rest = array.state.rest ?? { status: "PENDING" };
  return array.children.get(index) ?? { ...rest, attempts: [] };
}

/** One dependency, and the state of the job that it is on. */
interface On {
  readonly on: string;
  readonly type: Dependency["type"];
  readonly status: JobStatus;
}

function isMet({ type, status }: On): boolean {
  if (type === "AFTER_ANY") return isTerminal(status);
  return status === (type === "AFTER_NOT_OK" ? "FAILED" : "SUCCEEDED");
}

/** By the reason with which a job FAILED: what must be true of one of its dependencies. */
const BLAMED_ON: ReadonlyMap<string, (dependency: On) => boolean> = new Map([
  [REASONS.dependency, ({ type, status }) => !(type ?? "").startsWith("AFTER") && status === "FAILED"],
  [REASONS.dependencySucceeded, ({ type, status }) => type === "AFTER_NOT_OK" && status === "SUCCEEDED"],
]);

/** The id of the job that this dependency is on; undefined for the first child of a chain, and for what concerns the children of an array. */
function dependencyOf(
  dependency: Dependency,
  child: { parentId: string; index: number } | undefined,
): string | undefined {
  if (dependency.type !== "SEQUENTIAL" && dependency.type !== "N_TO_N") return dependency.jobId;
  if (child === undefined) return undefined;
  if (dependency.type === "N_TO_N") return childId(dependency.jobId, child.index);
  return child.index === 0 ? undefined : childId(child.parentId, child.index - 1);
}
