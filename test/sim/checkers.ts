import { parseChildId, parseNodeId, unitAttemptId } from "../../src/core/ids.ts";
import type { Attempt, Job, JobState, StopRequest } from "../../src/core/job.ts";
import { activeAttempt, isTerminal, JOB_STATUSES } from "../../src/core/job.ts";
import { attemptsMade } from "../../src/core/quota/preempted.ts";
import { REASONS } from "../../src/core/lifecycle.ts";
import type { Capacity } from "../../src/core/resources.ts";
import type { FakeCloud } from "../../src/drivers/fake/cloud.ts";
import type { FakeAttempt, FakeMachine } from "../../src/drivers/fake/machine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Store } from "../../src/ports/store.ts";
import type { OpenStore } from "../../src/store/store.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { memoryOf, summaryOf } from "./ledger.ts";
import { checkRoom } from "./fleet.ts";
import type { Resources } from "./resources.ts";
import { checkBeginning, checkUnitsAtRest } from "./unit-rules.ts";
import { SCOPE } from "./workload.ts";

/** What must hold, beside what the ledger checks with each commit. Each checker gives the violations that it finds. */
type Violations = Iterable<string>;

/** A stop request, and what its job was when it came. */
export interface Stop extends StopRequest {
  readonly jobId: string;
  readonly attemptsBefore: number;
  readonly wasWaiting: boolean;
}

/** Where attempts run, and what is known of them. */
export interface Ground {
  readonly machine: FakeMachine;
  readonly cloud: FakeCloud;
  readonly ledger: Ledger;
  readonly capacity: Capacity;
  /** Ids of all that ever began. */
  readonly claimed: Set<string>;
}

/** When an attempt begins: once ever, alone, within the machine, and committed. */
export function* checkClaim(one: FakeAttempt, { machine, ledger, capacity, claimed, cloud }: Ground): Violations {
  const { spec } = one;
  if (claimed.has(spec.attemptId)) yield `attempt ${spec.attemptId} runs twice`;
  claimed.add(spec.attemptId);
  const jobId = jobOfNode(spec.jobId);
  const attempt = activeAttempt(ledger.stateOf(jobId) ?? { status: "SUBMITTED", attempts: [] });
  const expected = attempt === undefined ? [] : idsOf(attempt);
  const index = expected.indexOf(spec.attemptId);
  if (attempt === undefined || index === -1) return yield `attempt ${spec.attemptId} runs and is not committed`;
  const { scheduling } = ledger.entries.get(parseChildId(jobId)?.parentId ?? jobId)!.job;
  if (attempt.units !== undefined) yield* checkBeginning(jobId, scheduling, attempt, index);
  if (attempt.units === undefined && spec.memoryMiB !== memoryOf(scheduling, ledger.stateOf(jobId)!))
    yield `attempt ${spec.attemptId} runs with ${spec.memoryMiB} MiB`;
  yield* checkNodeVariables(spec, scheduling, machine, expected);
  if (spec.instanceId !== undefined) yield* checkRoom(one, machine, cloud);
  const active = machine.active();
  for (const other of active) {
    if (jobOfNode(other.spec.jobId) === jobId && !expected.includes(other.spec.attemptId))
      yield `${other.spec.attemptId}, of an attempt of ${jobId} that is over, still runs`;
  }
  const ofMachine = active.filter((other) => other.spec.instanceId === undefined);
  const vcpuMilli = ofMachine.reduce((sum, other) => sum + other.spec.vcpuMilli, 0);
  const memoryMiB = ofMachine.reduce((sum, other) => sum + other.spec.memoryMiB, 0);
  if (vcpuMilli > capacity.vcpuMilli || memoryMiB > capacity.memoryMiB) {
    yield `the machine runs ${vcpuMilli} milli-vCPU, ${memoryMiB} MiB`;
  }
}

/** A child node knows where the main one is. */
function* checkNodeVariables(
  { jobId, environment }: FakeAttempt["spec"],
  { nodes, units }: Job["scheduling"],
  machine: FakeMachine,
  ids: readonly string[],
): Violations {
  const node = parseNodeId(jobId)?.node;
  if (nodes === undefined || node === undefined) return;
  const told = environment["AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS"];
  const ofMain = ids.filter((_, unit) => units![unit]!.node === nodes.main);
  const addresses = [...machine.attempts()].flatMap(({ spec, address }) =>
    ofMain.includes(spec.attemptId) ? [address] : [],
  );
  const isKnown = node === nodes.main ? told === undefined : told !== undefined;
  // Lost without a word, the main node is not there to compare with.
  const isTrue = told === undefined || addresses.length < ofMain.length || addresses.includes(told);
  if (!isKnown || !isTrue) yield `${jobId} is told that the main node is at ${told}`;
}

function jobOfNode(id: string): string {
  return parseNodeId(id)?.jobId ?? id;
}

/** What the driver knows an attempt as: itself, or its units in their order. */
function idsOf({ id, units }: Attempt): string[] {
  return units === undefined ? [id] : units.map((_, unit) => unitAttemptId(id, unit));
}

/** When the engine rests. */
export function* checkAtRest(ledger: Ledger, machine: FakeMachine, engine: Engine, now: number): Violations {
  for (const { id, entry, index, state } of ledger.all(true)) {
    const { scheduling } = entry.job;
    if (state.status === "SUBMITTED") yield `${id} is still SUBMITTED`;
    const isArrayParent = index === undefined && scheduling.arraySize !== undefined;
    const isHeldBack = ledger.dependencies(id).some(({ status }) => !isTerminal(status));
    if (state.status === "PENDING" && !isArrayParent && !isHeldBack) yield `${id} is PENDING, for nothing that is open`;
    if (state.status === "RUNNABLE" && engine.waitingText({ ...entry.job, id, state }) === undefined) {
      yield `${id} waits and nobody knows why`;
    }
    yield* checkAttempt(id, state, machine, now, scheduling.timeoutSeconds);
    const attempt = activeAttempt(state);
    if (attempt?.units !== undefined) yield* checkUnitsAtRest(id, scheduling, attempt, now);
  }
}

/** When the engine rests: who is next in a queue finds no room in any environment of that queue. */
export function* checkStartable(
  ledger: Ledger,
  { environments, queues }: Resources,
  machine: Capacity,
  now: number,
): Violations {
  const used = ledger.used();
  for (const [arn, queue] of queues) {
    for (const { id, entry } of queue.isDeleting ? [] : ledger.next(arn, now)) {
      const { scheduling } = entry.job;
      const { vcpuMilli } = scheduling.requirements;
      const memoryMiB = memoryOf(scheduling, ledger.stateOf(id)!);
      const isRoom = used.vcpuMilli + vcpuMilli <= machine.vcpuMilli && used.memoryMiB + memoryMiB <= machine.memoryMiB;
      for (const name of queue.environments) {
        const { enabled, maxvCpus, hasInstances } = environments.get(name)!;
        if (hasInstances && enabled && ledger.hasRoomOnInstances(name, scheduling, memoryMiB))
          yield `${id} could start on an instance of ${name}, and waits`;
        if (hasInstances) continue;
        if (enabled && isRoom && ledger.used(name).vcpuMilli + vcpuMilli <= maxvCpus * 1000) {
          yield `${id} could start in ${name}, and waits`;
        }
      }
    }
  }
}

function* checkAttempt(
  id: string,
  state: JobState,
  machine: FakeMachine,
  now: number,
  timeoutSeconds = Infinity,
): Violations {
  const attempt = activeAttempt(state);
  if (attempt === undefined) return;
  const isStopping = attempt.stopping !== undefined;
  for (const [index, attemptId] of idsOf(attempt).entries()) {
    const unit = attempt.units?.[index];
    if (unit?.status === "waiting" || unit?.status === "ended") {
      if (machine.isActive(attemptId) && !machine.isStopping(attemptId)) yield `${id} unit ${index} runs on`;
      // Without an exit code its host may have lost it.
      if (unit.exitCode !== undefined && !machine.knows(attemptId)) yield `${id} unit ${index} is forgotten too early`;
      continue;
    }
    if (!machine.knows(attemptId)) yield `${id} is ${state.status}, and nobody has begun its attempt`;
    const mustStop = isStopping || unit?.stopping !== undefined;
    if (mustStop && machine.isActive(attemptId) && !machine.isStopping(attemptId)) {
      yield `${id} is to stop, and its attempt does not know`;
    }
  }
  const isDue = attempt.startedAt !== undefined && attempt.startedAt + timeoutSeconds * 1000 <= now;
  if (isDue && !isStopping) yield `${id} runs longer than its timeout`;
}

/** When the engine rests after a stop request. */
export function* checkStopped(ledger: Ledger, stop: Stop): Violations {
  const node = parseNodeId(stop.jobId);
  if (node === undefined) return yield* checkJobStopped(ledger, stop);
  const { scheduling } = ledger.entries.get(node.jobId)!.job;
  if (node.node === scheduling.nodes!.main) return yield* checkJobStopped(ledger, { ...stop, jobId: node.jobId });
  const { attempts } = ledger.stateOf(node.jobId)!;
  // Before the job runs there is nothing to stop; and what came after is a new attempt.
  if (stop.wasWaiting || stop.kind === "cancel" || attempts.length !== stop.attemptsBefore) return;
  for (const [index, { status, stopping }] of attempts.at(-1)!.units!.entries()) {
    if (scheduling.units![index]!.node !== node.node) continue;
    if (status !== "ended" && stopping === undefined) yield `${stop.jobId} goes on after terminate, ${status}`;
  }
}

function* checkJobStopped(ledger: Ledger, { jobId, kind, attemptsBefore, wasWaiting }: Stop): Violations {
  const state = ledger.stateOf(jobId)!;
  if (isTerminal(state.status)) return;
  if (state.rest !== undefined) {
    if (state.rest.status !== "FAILED") yield `array ${jobId} goes on after ${kind}`;
  } else if (kind === "terminate") {
    if (activeAttempt(state)?.stopping === undefined) yield `${jobId} goes on after terminate, ${state.status}`;
  } else if (wasWaiting && state.attempts.length === attemptsBefore) yield `${jobId} is ${state.status} after cancel`;
}

/** When everything has ended. `reasons`: by job id, those that stop requests gave. */
export async function checkEnd(
  store: OpenStore,
  ledger: Ledger,
  machine: FakeMachine,
  reasons: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string[]> {
  const violations: string[] = [];
  const left = [...machine.attempts()].map(({ spec }) => spec.attemptId);
  if (left.length > 0) violations.push(`attempts that nobody forgot: ${left.join(" ")}`);
  const { stops } = await store.scheduling.news(0, 1);
  for (const [arn, quantity] of ledger.usedUp) {
    const stored = (await store.consumableResources.get(arn))?.usedUp;
    if (stored !== quantity) violations.push(`${stored} of ${arn} are used up, by attempts that held ${quantity}`);
  }
  if (stops.length > 0) violations.push(`stop requests are left: ${JSON.stringify(stops)}`);
  for (const entry of ledger.entries.values()) violations.push(...(await checkRecords(store, entry)));
  violations.push(...(await checkStreams(store)));
  violations.push(...(await checkUses(store, [...ledger.entries.values()])));
  for (const { id, entry, state } of ledger.all()) {
    const isStopped = state.isCancelled === true || state.isTerminated === true;
    if (!isStopped || state.status === "SUCCEEDED") continue;
    const known = [...(reasons.get(id) ?? []), ...(reasons.get(entry.job.id) ?? []), REASONS.queueDeleted];
    if (!known.includes(state.statusReason ?? "")) {
      violations.push(`${id} was stopped, and its reason is ${state.statusReason}`);
    }
  }
  return violations;
}

/** The log streams of attempts have ended with them. */
async function checkStreams({ logGroups, logStreams }: OpenStore): Promise<string[]> {
  const group = await logGroups.find(SCOPE, "/aws/batch/job");
  const running = group === undefined ? [] : await logStreams.running(group.id, 10);
  return running.map(({ name }) => `the log stream ${name} goes on`);
}

/** What each attempt has used is kept once, as long as its job, and what an array has used is that of its children. */
async function checkUses({ jobs, uses }: Store, entries: readonly Entry[]): Promise<string[]> {
  const violations: string[] = [];
  const totals = await uses.totals({ by: { kind: "array" }, queueArnPrefix: "", except: [] });
  for (const { job, state, children, isRemoved } of entries) {
    const [record] = await jobs.find(SCOPE, [job.id]);
    if (record === undefined || isRemoved === true) continue;
    const states = [state, ...children.values()];
    const ended = states
      .flatMap(({ attempts }) => attempts)
      .map(({ id, stoppedAt }) => ({ id, stoppedAt: stoppedAt! }));
    const missing = ended.length - (await uses.ofAttempts(ended)).size;
    if (missing > 0) violations.push(`what ${missing} attempts of ${job.id} used is not known`);
    const made = states.reduce((sum, one) => sum + attemptsMade(one), 0);
    const counted = totals.get(String(record.seq))?.attempts ?? 0;
    if (counted !== made) violations.push(`${job.id} has made ${made} attempts, and what ${counted} used is counted`);
    totals.delete(String(record.seq));
  }
  if (totals.size > 0) violations.push(`what jobs used that were removed is kept: ${JSON.stringify([...totals])}`);
  return violations;
}

/** The store's rows say what was committed, and an array's counts add up. */
async function checkRecords({ jobs }: Store, { job, state, children, isRemoved }: Entry): Promise<string[]> {
  const violations: string[] = [];
  const [record] = await jobs.find(SCOPE, [job.id]);
  if (isRemoved === true) return record === undefined ? [] : [`${job.id} was removed, and is there`];
  if (!isSame(record?.state, state)) violations.push(`${job.id} is stored otherwise`);
  const size = job.scheduling.arraySize;
  if (size === undefined) return violations;
  let recorded = 0;
  for (const status of JOB_STATUSES) {
    for (const child of await jobs.children(job.id, { status, after: -1, limit: size })) {
      recorded += 1;
      const known = children.get(child.parent!.index);
      if (known?.status !== status || !isSame(child.state, known)) violations.push(`${child.id} is stored otherwise`);
    }
  }
  if (recorded !== children.size) violations.push(`array ${job.id} has ${recorded} recorded children`);
  if (!isSame(record?.recorded, children.size === 0 ? undefined : summaryOf(children, size))) {
    violations.push(`array ${job.id} is summarised as ${JSON.stringify(record?.recorded)}`);
  }
  return violations;
}

function isSame<T>(a: T | undefined, b: T | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
