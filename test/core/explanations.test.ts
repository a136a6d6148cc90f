import assert from "node:assert/strict";
import { test } from "node:test";
import type { Blocker } from "../../src/core/explain/blockers.ts";
import { explain, explainJob } from "../../src/core/explain/explain.ts";
import type { Explanation } from "../../src/core/explain/explanation.ts";
import type { Obstacle } from "../../src/core/explain/obstacles.ts";
import { verdicts } from "../../src/core/explain/obstacles.ts";
import { considered, preview, proposedJob } from "../../src/core/explain/preview.ts";
import { fairFrontOf, frontOf } from "../../src/core/front.ts";
import { parseChildId } from "../../src/core/ids.ts";
import { launchingOfHosts } from "../../src/core/instances/host.ts";
import type { InstanceType } from "../../src/core/instances/instance.ts";
import { launch } from "../../src/core/instances/launch.ts";
import type { Job, Requirements } from "../../src/core/job.ts";
import { activeAttempt, demandOf, isTerminal, requirementsOf, shareOf } from "../../src/core/job.ts";
import { ended } from "../../src/core/lifecycle.ts";
import { jobChange } from "../../src/core/job-change.ts";
import type { Consumable, Environment } from "../../src/core/resources.ts";
import type { Plan } from "../../src/core/plan.ts";
import { queuesInTurn } from "../../src/core/order/queues-in-turn.ts";
import { Random } from "../sim/random.ts";
import { jobIn, randomScheduling, randomTurn, randomWorld, waitingIds } from "../support/random-world.ts";
import type { WorldBench } from "../support/world.ts";

/** No explanation is wrong: in random worlds, each reason that is stated is put to the test by taking it away. */

const SEEDS = Number(process.env["LONGSHORE_EXPLAIN_SEEDS"] ?? 200);
const FIRST_SEED = Number(process.env["LONGSHORE_EXPLAIN_SEED"] ?? 1);

function eachSeed(check: (seed: number) => void): void {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    try {
      check(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: LONGSHORE_EXPLAIN_SEED=${seed} LONGSHORE_EXPLAIN_SEEDS=1`, { cause: error });
    }
  }
}

/** Each one costs a few worlds. */
function someOf(seed: number, ids: readonly string[]): Set<string> {
  const random = new Random(seed + 2_000_000);
  return new Set(ids.length === 0 ? [] : Array.from({ length: 4 }, () => random.pick(ids)));
}

const worldOf = (seed: number) => randomWorld(new Random(seed));

function explained(bench: WorldBench, plan: Plan, id: string): Explanation {
  const job = jobIn(bench, id);
  assert.ok(job, id);
  return explainJob(bench.world, plan, job);
}

test("who waits has a reason; each reason is gone when it is taken away, and the job starts when all are", () => {
  const seen = new Map<string, number>();
  eachSeed((seed) => {
    const { bench, plan } = worldOf(seed);
    for (const id of someOf(seed, waitingIds(bench))) {
      const { blockers } = explained(bench, plan, id);
      assert.ok(blockers.length > 0, `${id} waits for nothing`);
      for (const blocker of blockers) {
        for (const kind of kindsOf(blocker)) seen.set(kind, (seen.get(kind) ?? 0) + 1);
        takenAlone(seed, id, blocker);
      }
      const { state, queueArn } = jobIn(bench, id)!;
      // When a job comes, its share may have another first job, and so another turn: that is not foreseen for one that does not wait there yet.
      const turnMayChange = state.status !== "RUNNABLE" && bench.world.queues.get(queueArn)?.policyArn !== undefined;
      if (blockers.every(canBeTaken) && !turnMayChange)
        for (const arn of environmentsOf(blockers)) takenTogether(seed, id, arn);
    }
  });
  const kinds = [
    ...["behind", "capacity", "consumable", "crowded", "dependency", "disabled", "no-container-engine", "no-gpus"],
    ...["above-instance-types", "instance-room", "needs-fargate", "no-such-architecture"],
    ...["above-environment-maximum", "above-machine", "not-valid", "placement", "policy", "queue-before", "unmanaged"],
  ];
  assert.deepEqual(
    kinds.filter((kind) => !seen.has(kind)),
    [],
    "the worlds have some of everything",
  );
});

/** Takes one blocker, and nothing else, away. */
function takenAlone(seed: number, id: string, blocker: Blocker): void {
  const obstacles = blocker.kind === "placement" ? blocker.environments : [];
  for (const { environmentArn, obstacles: own } of obstacles) {
    for (const obstacle of own.filter(isRemovable)) {
      const { bench, plan } = worldOf(seed);
      removeObstacle(bench, id, environmentArn, obstacle);
      const left = placementOf(explained(bench, plan, id))?.find((one) => one.environmentArn === environmentArn);
      const kinds = left?.obstacles.map(({ kind }) => kind) ?? [];
      assert.ok(!kinds.includes(obstacle.kind), `${id} still says ${obstacle.kind} of ${environmentArn}`);
    }
  }
  if (blocker.kind === "placement") return;
  const { bench, plan } = worldOf(seed);
  const isOfPlan = blocker.kind === "behind" || blocker.kind === "queue-before";
  // Whom the end of those before it would wake comes before it too.
  if (isOfPlan) dismissSleepers(bench, id, explained(bench, plan, id).blockers);
  if (blocker.kind === "consumable") {
    const before = [...aheadOf(bench, id), ...earlierFronts(bench, jobIn(bench, id)!)];
    assert.equal(before.filter((one) => wants(bench, one, blocker.arn)).length, blocker.wantedBefore, id);
  }
  remove(bench, id, blocker);
  const after = isOfPlan ? bench.tick() : plan;
  const { blockers } = jobIn(bench, id) === undefined ? { blockers: [] } : explained(bench, after, id);
  const still = blockers.some((one) => nameOf(one) === nameOf(blocker));
  assert.ok(!still, `${id} still says ${nameOf(blocker)}`);
}

/** Takes all blockers away, those of one environment among them; other jobs that this would wake are not there. */
function takenTogether(seed: number, id: string, environmentArn: string | undefined): void {
  const { bench, plan } = worldOf(seed);
  const { blockers } = explained(bench, plan, id);
  dismissSleepers(bench, id, blockers);
  dismissOtherLanes(bench, plan, id, blockers);
  for (const blocker of blockers) {
    if (blocker.kind !== "placement") remove(bench, id, blocker);
    // An array with a child that has failed can only fail, and so can who depends on it.
    if (jobIn(bench, id) === undefined) return assert.match(bench.state(id).statusReason!, /^Dependent Job/);
  }
  for (const { environmentArn: arn, obstacles } of blockers.flatMap((one) =>
    one.kind === "placement" ? one.environments : [],
  )) {
    if (arn !== environmentArn) continue;
    // Of a larger maximum there may be a reservation of which nothing was to be said before.
    reserveNothing(bench);
    for (const obstacle of obstacles) removeObstacle(bench, id, arn, obstacle);
    // Instances of a type that was not allowed before are not there yet.
    const hasRoom = obstacles.every(({ kind }) => kind !== "instance-room" && kind !== "host-room");
    if (hasRoom && obstacles.length > 0 && isOfInstances(bench, arn)) launchFor(bench, id, arn);
  }
  bench.tick();
  const { status } = bench.state(id);
  assert.equal(status, "STARTING", `${id} without ${blockers.map(nameOf).join(", ")} in ${environmentArn}`);
}

test("a job that starts had nothing in its way", () => {
  eachSeed((seed) => {
    const { bench } = worldOf(seed);
    const random = new Random(seed);
    for (let step = 0; step < 10; step += 1) {
      const active = activeIds(bench);
      if (active.length === 0) return;
      const plan = bench.tick();
      end(bench, random.pick(active));
      const before = new Map(waitingIds(bench).map((id) => [id, explained(bench, plan, id)]));
      const firsts = new Set([...bench.world.queues.keys()].map((arn) => frontOf(bench.world, arn, 1)[0]));
      const starts = bench.tick().changes.map(({ jobId }) => jobId);
      const [first] = starts;
      // Whoever starts first in the tick had to wait for nobody else's turn.
      if (first === undefined || !firsts.has(first)) continue;
      const stale = before.get(first)!.blockers.filter(({ kind }) => kind !== "queue-before");
      if (before.get(first)!.status === "RUNNABLE") assert.deepEqual(stale.map(nameOf), [], `${first} has started`);
    }
  });
});

test("who would have to end: without them it fits, and without one fewer it does not", () => {
  eachSeed((seed) => {
    const { bench, plan } = worldOf(seed);
    for (const id of someOf(seed, waitingIds(bench))) {
      for (const { environmentArn, obstacles } of placementOf(explained(bench, plan, id)) ?? []) {
        const capacity = obstacles.find(
          (one) => one.kind === "capacity" || one.kind === "instance-room" || one.kind === "host-room",
        );
        if (capacity === undefined) continue;
        const ids = capacity.toFree.map(({ jobId }) => jobId!);
        // There may be no instance at all that is large enough.
        if (capacity.kind !== "capacity" && ids.length === 0) continue;
        assert.ok(ids.length > 0);
        assert.ok(!lacksRoom(seed, id, environmentArn, ids), `${id} does not fit without ${ids.join()}`);
        for (const one of ids) {
          const fewer = ids.filter((other) => other !== one);
          assert.ok(lacksRoom(seed, id, environmentArn, fewer), `${id} fits without the end of ${one}`);
        }
      }
    }
  });
});

function lacksRoom(seed: number, id: string, environmentArn: string, without: readonly string[]): boolean {
  const { bench } = worldOf(seed);
  for (const one of without) end(bench, one);
  const job = jobIn(bench, id)!;
  const verdict = verdicts(bench.world, job, bench.world.queues.get(job.queueArn)!);
  const { obstacles } = verdict.find((one) => one.environmentArn === environmentArn)!;
  return obstacles.some(({ kind }) => kind === "capacity" || kind === "instance-room" || kind === "host-room");
}

test("the largest request that fits does fit, and one unit more does not", () => {
  eachSeed((seed) => {
    const { bench } = worldOf(seed);
    for (const queue of bench.world.queues.values()) {
      const kindsFor = (arn: string, requirements: Requirements): string[] => {
        const job = proposal(bench, queue.arn, requirements);
        const { obstacles } = verdicts(bench.world, job, queue).find(({ environmentArn }) => environmentArn === arn)!;
        return obstacles.map(({ kind }) => kind).filter((kind) => /above|capacity/.test(kind));
      };
      const first = proposal(bench, queue.arn, { vcpuMilli: 1, memoryMiB: 1, gpus: 0 });
      for (const { environmentArn: arn, largest } of verdicts(bench.world, first, queue)) {
        // On instances, what fits has several sides: what comes closest depends on what is asked for.
        if (largest === undefined || isOfInstances(bench, arn)) continue;
        const { now, ever } = largest;
        const [vcpu, memory] = [{ vcpuMilli: 1 }, { memoryMiB: 1 }];
        const more = (size: typeof now, by: Partial<typeof now>): Requirements => ({
          vcpuMilli: size.vcpuMilli + (by.vcpuMilli ?? 0),
          memoryMiB: size.memoryMiB + (by.memoryMiB ?? 0),
          gpus: 0,
        });
        assert.deepEqual(kindsFor(arn, more(now, {})), []);
        for (const by of [vcpu, memory]) assert.notDeepEqual(kindsFor(arn, more(now, by)), []);
        assert.ok(!kindsFor(arn, more(ever, {})).some((kind) => kind.startsWith("above")));
        for (const by of [vcpu, memory]) assert.match(kindsFor(arn, more(ever, by)).join(), /above/);
      }
    }
  });
});

test("a dry run says of a job what becomes of it when it is submitted", () => {
  const outcomes = { starts: 0, waits: 0, fails: 0 };
  eachSeed((seed) => {
    const { bench, plan } = worldOf(seed);
    const random = new Random(seed + 1_000_000);
    const ids = [...bench.world.jobs.keys()].filter((id) => !id.includes(":"));
    const queue = random.pick([...bench.world.queues.values()]);
    const queueArn = queue.arn;
    const scheduling = { ...randomScheduling(bench, random, ids), ...randomTurn(random, queue) };
    const full = { retry: { attempts: 1, evaluateOnExit: [] }, dependsOn: [], needsImage: false, ...scheduling };
    const { requirements = { vcpuMilli: 1, memoryMiB: 1, gpus: 0 } } = scheduling;
    const job = proposedJob({ queueArn, scheduling: { ...full, requirements }, createdAt: bench.now });
    const told = preview(bench.world, plan, job, new Map(), bench.now);
    outcomes[told.outcome] += 1;
    // Where there are too many jobs to try, it is considered without: that comes to the same, but for gaps that it could fill.
    const fillsGap = told.outcome === "starts" && bench.world.queues.get(queueArn)!.backfills === true;
    if (told.outcome !== "fails" && !fillsGap) assert.equal(considered(bench.world, plan, job).outcome, told.outcome);
    bench.submit("new", scheduling, queueArn);
    bench.tick();
    const status = bench.status(scheduling.arraySize === undefined ? "new" : "new:0");
    const expected = { starts: /STARTING/, waits: /PENDING|RUNNABLE/, fails: /FAILED/ }[told.outcome];
    assert.match(status, expected, told.answer);
    if (told.outcome !== "starts") return;
    const id = scheduling.arraySize === undefined ? "new" : "new:0";
    assert.equal(bench.state(id).attempts[0]!.environmentArn, told.environmentArn);
  });
  assert.ok(outcomes.starts > 0 && outcomes.waits > 0, JSON.stringify(outcomes));
});

test("when a job starts: exactly then, when all that runs ends at its bound", () => {
  const told = { at: 0, unknown: 0 };
  eachSeed((seed) => {
    const { bench, plan } = worldOf(seed);
    for (const id of someOf(seed, waitingIds(bench))) {
      const estimate = explain(bench.world, plan, id, bench.now)?.estimate;
      assert.ok(estimate, id);
      if ("unknown" in estimate && estimate.unknown.startsWith("Instances are launched")) continue;
      told["at" in estimate ? "at" : "unknown"] += 1;
      const starts = startWhenAllEndAtTheirBounds(seed, id);
      assert.deepEqual("at" in estimate ? estimate.at : undefined, starts, `${id}: ${JSON.stringify(estimate)}`);
    }
  });
  assert.ok(told.at > SEEDS / 20 && told.unknown > 0, JSON.stringify(told));
});

/** Lives through it: what starts runs at once, what has a timeout succeeds when that is over. */
function startWhenAllEndAtTheirBounds(seed: number, id: string): number | undefined {
  const { bench, plan } = worldOf(seed);
  let { wakeAt = Infinity } = plan;
  for (;;) {
    for (const one of activeIds(bench)) if (bench.status(one) === "STARTING") bench.start(one);
    const bounds = activeIds(bench).map((one) => {
      const { state, scheduling } = jobIn(bench, one)!;
      const { startedAt, stopping } = activeAttempt(state)!;
      // One that has run out of time already is killed after the grace.
      const at =
        stopping === undefined ? startedAt! + (scheduling.timeoutSeconds ?? Infinity) * 1000 : stopping.at + 30_000;
      return { one, at };
    });
    const next = Math.max(bench.now, Math.min(wakeAt, ...bounds.map(({ at }) => at)));
    if (next === Infinity) return undefined;
    bench.now = next;
    for (const { one, at } of bounds) if (at <= next) bench.end(one);
    const before = bench.changes.length;
    do ({ wakeAt = Infinity } = bench.tick());
    while (bench.world.agenda.size > 0);
    const hasStarted = bench.changes
      .slice(before)
      .some((change) => change.kind === "job-changed" && change.jobId === id && change.state.status === "STARTING");
    if (hasStarted) return bench.now;
  }
}

test("the places in the queue are those in the order of the jobs; shares take turns", () => {
  eachSeed((seed) => {
    const { bench, plan } = worldOf(seed);
    const runnable = waitingIds(bench)
      .map((id) => jobIn(bench, id)!)
      .filter(({ state }) => state.status === "RUNNABLE");
    const placeOf = ({ id }: Job): number => {
      const { position } = explained(bench, plan, id);
      return position !== undefined && "place" in position ? position.place : NaN;
    };
    for (const { arn } of bench.world.queues.values()) {
      const inOrder = runnable
        .filter(({ queueArn }) => queueArn === arn)
        .map((job) => ({ job, place: placeOf(job) }))
        .sort((a, b) => a.place - b.place);
      assert.deepEqual(
        inOrder.map(({ place }) => place),
        inOrder.map((_, index) => index + 1),
      );
      for (const share of new Set(inOrder.map(({ job }) => job.scheduling.share))) {
        const ofShare = inOrder.map(({ job }) => job).filter(({ scheduling }) => scheduling.share === share);
        assert.deepEqual(
          ofShare.map(({ id }) => id),
          ofShare.toSorted((a, b) => compare(rankOf(a), rankOf(b))).map(({ id }) => id),
        );
      }
    }
  });
});

/** Among jobs of one share, or of a queue without shares: the smallest is the first. */
function rankOf({ scheduling: { priority = 0 }, state, seq, parent }: Job): number[] {
  return [-priority, state.attempts.length > 0 ? 0 : 1, seq, parent?.index ?? 0];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at === -1 ? 0 : a[at]! - b[at]!;
}

function proposal(bench: WorldBench, queueArn: string, requirements: Requirements): Job {
  const scheduling = { requirements, retry: { attempts: 1, evaluateOnExit: [] }, dependsOn: [], needsImage: false };
  return proposedJob({ queueArn, scheduling, createdAt: bench.now });
}

function placementOf({ blockers }: Pick<Explanation, "blockers">) {
  return blockers.find((one) => one.kind === "placement")?.environments;
}

/** The environments in one of which the job may start; undefined where placement is not in its way. */
function environmentsOf(blockers: Explanation["blockers"]): (string | undefined)[] {
  const environments = placementOf({ blockers });
  if (environments === undefined) return [undefined];
  return environments.filter(({ obstacles }) => obstacles.every(isRemovable)).map((one) => one.environmentArn);
}

function kindsOf(blocker: Blocker): string[] {
  const obstacles = blocker.kind === "placement" ? blocker.environments.flatMap((one) => one.obstacles) : [];
  return [blocker.kind, ...obstacles.map(({ kind }) => kind)];
}

/** What a blocker is about: the same thing later has the same name. */
function nameOf(blocker: Blocker): string {
  switch (blocker.kind) {
    case "dependency":
      return `dependency ${blocker.jobId}`;
    case "consumable":
      return `consumable ${blocker.arn}`;
    case "queue-before":
    case "behind":
      return `${blocker.kind} ${blocker.headJobId}`;
    default:
      return blocker.kind;
  }
}

function canBeTaken(blocker: Blocker): boolean {
  return blocker.kind !== "refusal";
}

/** No fact brings an environment back that was never there, or a GPU, or makes a job another one. */
function isRemovable({ kind }: Obstacle): boolean {
  return kind !== "gone" && kind !== "no-gpus" && kind !== "needs-fargate";
}

function remove(bench: WorldBench, id: string, blocker: Blocker): void {
  const { world } = bench;
  const job = jobIn(bench, id)!;
  const before = frontOf(world, job.queueArn, 1_000);
  const ahead = before.slice(0, Math.max(0, before.indexOf(id)));
  switch (blocker.kind) {
    case "dependency": {
      const needsFailure = blocker.type === "AFTER_NOT_OK";
      return finish(bench, blocker.jobId, needsFailure ? "FAILED" : "SUCCEEDED");
    }
    case "behind":
      for (const one of [...aheadOf(bench, id), ...othersOfSharesAhead(bench, id)]) dismiss(bench, one);
      return;
    case "queue-before":
      for (const one of frontOf(world, blocker.queueArn!, 1_000)) dismiss(bench, one);
      return;
    case "crowded": {
      const ofArray = (one: string): boolean => parseChildId(one)?.parentId === blocker.arrayId;
      for (const one of ahead.filter(ofArray)) dismiss(bench, one);
      for (const one of activeIds(bench)
        .filter(ofArray)
        .slice(blocker.limit - 1))
        dismiss(bench, one);
      // Those that were parked behind it take nothing from it; those before it are gone.
      for (const one of activeIds(bench).filter(ofArray)) dismiss(bench, one);
      return;
    }
    case "consumable": {
      const others = [...aheadOf(bench, id), ...earlierFronts(bench, job)];
      // Those that go may be what others wait for.
      if (blocker.wantedBefore > 0) for (const one of others) dismiss(bench, one);
      const total = world.inUse(blocker.arn) + blocker.quantity;
      const known = [...world.consumables.values()].filter(({ arn }) => arn !== blocker.arn);
      const enough: Consumable = { arn: blocker.arn, total, isReplenishable: true };
      return bench.consumables(...known, enough);
    }
    case "policy":
      return reserveNothing(bench);
    case "placement":
    case "refusal":
      throw new Error(`${blocker.kind} is taken away otherwise`);
  }
}

function reserveNothing({ world }: WorldBench): void {
  const policies = [...world.policies.values()].map((one) => ({ ...one, reservationPercent: 0 }));
  world.apply({ kind: "scheduling-policies", policies });
}

function removeObstacle(bench: WorldBench, id: string, environmentArn: string, obstacle: Obstacle): void {
  const { world } = bench;
  const { vcpuMilli, memoryMiB } = requirementsOf(jobIn(bench, id)!);
  const change = (more: Partial<Environment>): void => {
    const environments = [...world.environments.values()].map((one) =>
      one.arn === environmentArn ? { ...one, ...more } : one,
    );
    world.apply({ kind: "environments", environments });
  };
  const raiseMaximum = (): void => {
    const { maxVcpuMilli } = world.environments.get(environmentArn)!;
    change({ maxVcpuMilli: Math.max(maxVcpuMilli, world.usedVcpuMilli(environmentArn) + vcpuMilli) });
  };
  const raiseMachine = (): void => {
    const { capacity, used } = world;
    Object.assign(capacity, {
      vcpuMilli: Math.max(capacity.vcpuMilli, used.vcpuMilli + vcpuMilli),
      memoryMiB: Math.max(capacity.memoryMiB, used.memoryMiB + memoryMiB),
    });
  };
  switch (obstacle.kind) {
    case "disabled":
      return change({ enabled: true });
    case "not-valid":
      return change({ status: "VALID" });
    case "unmanaged":
      change({ instances: { ...launchingOfHosts([]), types: [madeFor(bench, id)] } });
      return launchFor(bench, id, environmentArn);
    case "no-container-engine":
      return change({ driver: "fake" });
    case "above-environment-maximum":
      return isOfInstances(bench, environmentArn) ? change({ maxVcpuMilli: 1_000_000 }) : raiseMaximum();
    case "above-machine":
      return raiseMachine();
    case "capacity":
      raiseMaximum();
      return raiseMachine();
    case "no-such-architecture":
    case "above-hosts":
    case "above-instance-types": {
      const launching = world.environments.get(environmentArn)!.instances!;
      return change({ instances: { ...launching, types: [...launching.types, madeFor(bench, id)] } });
    }
    case "host-room":
    case "instance-room":
      return launchFor(bench, id, environmentArn);
    default:
      throw new Error(`nothing takes ${obstacle.kind} away`);
  }
}

function isOfInstances({ world }: WorldBench, environmentArn: string): boolean {
  return world.environments.get(environmentArn)?.instances !== undefined;
}

/** A type of instance on which there is nothing but this job. */
function madeFor(bench: WorldBench, id: string): InstanceType {
  const { requirements, eachNode = requirements, architecture = "X86_64" } = demandOf(jobIn(bench, id)!);
  return { name: "made-to-measure", ...eachNode, architecture, microUsdPerHour: 1 };
}

function launchFor(bench: WorldBench, id: string, environmentArn: string): void {
  const { world } = bench;
  const { nodes = { count: 1 } } = demandOf(jobIn(bench, id)!);
  for (let left = nodes.count; left > 0; left -= 1) {
    const change = launch(world, environmentArn, madeFor(bench, id), bench.now);
    world.apply(change);
    world.apply({ kind: "instance-running", instanceId: change.instanceId, at: bench.now });
  }
}

/** RUNNABLE jobs of its queue that come before it, or would if it were RUNNABLE. */
function aheadOf(bench: WorldBench, id: string): string[] {
  const job = jobIn(bench, id)!;
  const waits = job.state.status === "RUNNABLE";
  const fairFront = fairFrontOf(bench.world, job.queueArn, 1_000, waits ? undefined : job);
  if (fairFront !== undefined) return fairFront.slice(0, fairFront.indexOf(id));
  const front = frontOf(bench.world, job.queueArn, 1_000);
  return front.filter((one) => compare(rankOf(jobIn(bench, one)!), rankOf(job)) < 0);
}

/** Had those ahead started, their shares would have had their turn; when they are only gone, the next ones of the same shares come first. */
function othersOfSharesAhead(bench: WorldBench, id: string): string[] {
  const { queueArn, scheduling } = jobIn(bench, id)!;
  const shares = new Set(aheadOf(bench, id).map((one) => shareOf(jobIn(bench, one)!.scheduling)));
  shares.delete(shareOf(scheduling));
  return frontOf(bench.world, queueArn, 1_000).filter((one) => shares.has(shareOf(jobIn(bench, one)!.scheduling)));
}

function earlierFronts({ world }: WorldBench, job: Job): string[] {
  const queues = queuesInTurn(world);
  const earlier = queues.slice(
    0,
    queues.findIndex(({ arn }) => arn === job.queueArn),
  );
  return earlier.flatMap(({ arn }) => frontOf(world, arn, 1_000));
}

function wants(bench: WorldBench, id: string, arn: string): boolean {
  return jobIn(bench, id)?.scheduling.consumables?.some((one) => one.arn === arn) === true;
}

/** Jobs that the end of something could wake are not to come between: those that depend on it, those in whose way it is. */
function dismissSleepers(bench: WorldBench, id: string, blockers: readonly Blocker[]): void {
  const needed = new Set(blockers.flatMap((one) => (one.kind === "dependency" ? [one.jobId] : [])));
  const queues = new Set([...needed].map((one) => jobIn(bench, one)!.queueArn));
  for (const one of waitingIds(bench)) {
    const job = jobIn(bench, one);
    if (job === undefined || one === id) continue;
    if (job.state.status === "RUNNABLE" && !queues.has(job.queueArn)) continue;
    const arrayId = parseChildId(one)?.parentId ?? one;
    if (needed.has(one) || needed.has(arrayId)) continue;
    dismiss(bench, one);
  }
}

/** Shares that are held up by something of their own: what is taken out of the way of one job may be out of theirs too, and it is their turn. */
function dismissOtherLanes(bench: WorldBench, plan: Plan, id: string, blockers: readonly Blocker[]): void {
  const { queueArn, scheduling } = jobIn(bench, id)!;
  const { head, lanes = new Map() } = plan.blocked.get(queueArn) ?? {};
  const holder = head && jobIn(bench, head.jobId)?.scheduling.share;
  const needed = new Set(blockers.flatMap((one) => (one.kind === "dependency" ? [one.jobId] : [])));
  for (const one of waitingIds(bench)) {
    const job = jobIn(bench, one);
    const share = job && shareOf(job.scheduling);
    if (job?.queueArn !== queueArn || share === undefined || !lanes.has(share) || needed.has(one)) continue;
    if (share !== shareOf(scheduling) && share !== holder) dismiss(bench, one);
  }
}

/** It is over, as though it had done its work; a whole array with all of its children. */
function finish(bench: WorldBench, id: string, status: "SUCCEEDED" | "FAILED"): void {
  const array = bench.world.arrays.get(id);
  if (array === undefined) return dismiss(bench, id, status);
  for (let index = 0; index < array.size; index += 1) {
    const code = array.get(index);
    if (code === "none" || code === "active") dismiss(bench, `${id}:${index}`, status);
  }
  bench.reconcile();
}

function end(bench: WorldBench, id: string): void {
  dismiss(bench, id);
}

function dismiss(bench: WorldBench, id: string, status: "SUCCEEDED" | "FAILED" = "SUCCEEDED"): void {
  const job = jobIn(bench, id);
  if (job === undefined || isTerminal(job.state.status)) return;
  const isActive = activeAttempt(job.state) !== undefined;
  const over = isActive ? ended(job, { at: bench.now, exitCode: 0 }) : { ...job.state, stoppedAt: bench.now };
  const { rest: _, ...state } = over;
  bench.world.apply(jobChange(bench.world, job, { ...state, status }));
}

function activeIds({ world }: WorldBench): string[] {
  return [...world.activeAttemptIds()].map((attemptId) => world.jobOfAttempt(attemptId)!.id);
}
