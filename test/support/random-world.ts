import { childId } from "../../src/core/ids.ts";
import type { Host } from "../../src/core/instances/host.ts";
import type { Instance, InstanceType, Launching } from "../../src/core/instances/instance.ts";
import type { ConsumableNeed, Dependency, Job, Scheduling } from "../../src/core/job.ts";
import { isArrayParent, isWaiting } from "../../src/core/job.ts";
import type { Consumable, Environment, FairSharePolicy, Queue } from "../../src/core/resources.ts";
import type { Plan } from "../../src/core/plan.ts";
import { jobOf } from "../../src/core/explain/open-dependencies.ts";
import { host, withHosts } from "./instances.ts";
import type { Random } from "../sim/random.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "./world.ts";

const QUEUES = ["queue-a", "queue-b", "queue-c"];
const ENVIRONMENTS = ["environment-a", "environment-b", "environment-c"];
const POLICY = "scheduling-policy/shares";
const SHARES = ["red", "green", "blue"];
const CONSUMABLES = ["consumable-resource/licence", "consumable-resource/token"];

export interface RandomBench {
  readonly bench: WorldBench;
  /** Of the last tick, after which another one would change nothing. */
  readonly plan: Plan;
}

/** A small world after a random history, at rest: the same one again for the same numbers. */
export function randomWorld(random: Random): RandomBench {
  const bench = new WorldBench({
    capacity: { vcpuMilli: random.int(4, 16) * 1000, memoryMiB: random.int(4, 32) * 1024 },
    environments: ENVIRONMENTS.slice(0, random.int(1, 3)).map((arn) => randomEnvironment(random, arn)),
    queues: QUEUES.slice(0, random.int(1, 3)).map((arn) => randomQueue(random, arn)),
  });
  bench.world.apply({ kind: "scheduling-policies", policies: [randomPolicy(random)] });
  bench.consumables(...randomConsumables(random));
  bench.world.apply({ kind: "instances", ...randomInstances(bench, random) });
  const ids: string[] = [];
  for (let step = random.int(10, 40); step > 0; step -= 1) {
    bench.now += random.int(1, 60_000);
    if (random.chance(0.6)) submit(bench, random, ids);
    else if (random.chance(0.5)) bench.tick();
    else advance(bench, random);
  }
  return { bench, plan: atRest(bench) };
}

/** Ticks until nothing more follows from what is. */
export function atRest(bench: WorldBench): Plan {
  for (;;) {
    const before = bench.changes.length;
    const plan = bench.tick();
    if (bench.changes.length === before && bench.world.agenda.size === 0) return plan;
  }
}

/** Ids of all jobs and children that wait, those without a record among them; arrays by their children. */
export function waitingIds({ world }: WorldBench): string[] {
  return [...world.jobs.values()].flatMap((job) => {
    if (!isArrayParent(job)) return isWaiting(job.state.status) ? [job.id] : [];
    if (job.state.rest?.status === "FAILED") return [];
    return [...world.arrays.get(job.id)!.unrecorded()].map((index) => childId(job.id, index));
  });
}

function randomEnvironment(random: Random, arn: string): Environment {
  const environment = {
    ...ENVIRONMENT,
    arn,
    maxVcpuMilli: random.int(1, 12) * 1000,
    enabled: random.chance(0.9),
    status: random.chance(0.9) ? ("VALID" as const) : ("INVALID" as const),
    isUnmanaged: random.chance(0.05),
    driver: random.chance(0.95) ? ("fake" as const) : ("docker" as const),
    ...(random.chance(0.3) && { instances: randomLaunching(random) }),
  };
  const { enabled, isUnmanaged } = environment;
  return isUnmanaged ? withHosts(randomHosts(random, arn), { arn, enabled }) : environment;
}

const TYPES: readonly InstanceType[] = [
  { name: "small", vcpuMilli: 2000, memoryMiB: 4096, gpus: 0, architecture: "X86_64", microUsdPerHour: 100_000 },
  { name: "large", vcpuMilli: 4000, memoryMiB: 8192, gpus: 0, architecture: "X86_64", microUsdPerHour: 180_000 },
  { name: "arm", vcpuMilli: 4000, memoryMiB: 8192, gpus: 0, architecture: "ARM64", microUsdPerHour: 150_000 },
];

function randomHosts(random: Random, environmentArn: string): Host[] {
  const states = ["active", "active", "draining"] as const;
  return Array.from({ length: random.int(0, 2) }, (_, index) =>
    host(`${environmentArn}#${index}`, random.int(1, 4), { state: random.pick(states) }),
  );
}

function randomLaunching(random: Random): Launching {
  return {
    types: TYPES.filter((_, index) => index === random.int(0, 2) || random.chance(0.4)),
    strategy: "BEST_FIT_PROGRESSIVE",
    ...{ isSpot: false, minVcpuMilli: 0, desiredVcpuMilli: 0, scaleDownDelayMs: 0 },
  };
}

/** A few in each environment that has some; nobody launches more. */
function randomInstances({ world, now }: WorldBench, random: Random): { instances: Instance[]; lastSeq: number } {
  const instances: Instance[] = [];
  const add = (more: Pick<Instance, "environmentArn" | "type" | "status" | "host">): void => {
    const seq = instances.length + 1;
    instances.push({ id: `i-${seq}`, seq, launchedAt: now, ...more });
  };
  for (const { arn, instances: launching, hosts } of world.environments.values()) {
    for (const { id, type } of hosts ?? []) add({ environmentArn: arn, type, status: "running", host: id });
    if (hosts !== undefined) continue;
    for (let count = launching?.types.length ? random.int(0, 3) : 0; count > 0; count -= 1) {
      const status = random.chance(0.8) ? "running" : "launching";
      add({ environmentArn: arn, type: random.pick(launching!.types), status });
    }
  }
  return { instances, lastSeq: instances.length };
}

function randomQueue(random: Random, arn: string): Queue {
  // One that is gone may still be in the list.
  const environmentArns = ENVIRONMENTS.filter((_, index) => index === 0 || random.chance(0.4));
  const shared = { arn, priority: random.int(1, 3), environmentArns, backfills: random.chance(0.3) };
  return { ...QUEUE, ...shared, ...(random.chance(0.3) && { policyArn: POLICY }) };
}

function randomPolicy(random: Random): FairSharePolicy {
  const weights = SHARES.filter(() => random.chance(0.5)).map((identifier) => ({
    ...{ identifier, weight: random.pick([0.5, 1, 3]) },
  }));
  const decaySeconds = random.pick([0, 3600]);
  return { kind: "fair-share", arn: POLICY, decaySeconds, reservationPercent: random.pick([0, 0, 20, 60]), weights };
}

function randomConsumables(random: Random): Consumable[] {
  return CONSUMABLES.filter(() => random.chance(0.8)).map((arn) => ({
    ...{ arn, total: random.int(0, 4) },
    isReplenishable: random.chance(0.7),
  }));
}

function submit(bench: WorldBench, random: Random, ids: string[]): void {
  const id = `job-${ids.length}`;
  const queue = random.pick([...bench.world.queues.values()]);
  bench.submit(id, { ...randomScheduling(bench, random, ids), ...randomTurn(random, queue) }, queue.arn);
  ids.push(id);
}

/** Whose it is, and how urgent: where the queue has shares. */
export function randomTurn(random: Random, { policyArn }: Queue): Pick<Scheduling, "share" | "priority"> {
  return policyArn === undefined ? {} : { share: random.pick(SHARES), priority: random.int(0, 2) };
}

/** What a job might ask for; `ids`: on which it may depend. */
export function randomScheduling(bench: WorldBench, random: Random, ids: readonly string[]): Partial<Scheduling> {
  const arraySize = random.chance(0.25) ? random.int(2, 5) : undefined;
  const consumables = randomNeeds(random);
  return {
    requirements: {
      vcpuMilli: random.chance(0.9) ? random.int(1, 12) * 500 : random.int(10, 20) * 1000,
      memoryMiB: random.chance(0.9) ? random.int(1, 16) * 256 : random.int(8, 40) * 1024,
      gpus: random.chance(0.97) ? 0 : 1,
    },
    retry: { attempts: random.int(1, 3), evaluateOnExit: [] },
    dependsOn: randomDependencies(bench, random, ids, arraySize),
    ...(random.chance(0.05) && { architecture: "ARM64" as const }),
    ...(random.chance(0.05) && { needsFargate: true as const }),
    ...(random.chance(0.6) && { timeoutSeconds: random.int(60, 3600) }),
    ...(consumables.length > 0 && { consumables }),
    ...(arraySize !== undefined && { arraySize }),
    ...(arraySize !== undefined && random.chance(0.4) && { maxActiveChildren: random.int(1, 2) }),
  };
}

function randomNeeds(random: Random): ConsumableNeed[] {
  return CONSUMABLES.filter(() => random.chance(0.12)).map((arn) => ({ arn, quantity: random.int(1, 3) }));
}

function randomDependencies(
  { world }: WorldBench,
  random: Random,
  ids: readonly string[],
  arraySize: number | undefined,
): Dependency[] {
  const dependencies: Dependency[] = [];
  // One that is over is known only to who depended on it before: the store would tell.
  const open = new Set(ids.filter((id) => world.jobs.has(id)));
  for (let count = random.chance(0.3) ? random.int(1, 2) : 0; count > 0 && open.size > 0; count -= 1) {
    const jobId = random.pick([...open]);
    // On one job only in one way: two may never come true together.
    open.delete(jobId);
    const size = world.jobs.get(jobId)!.scheduling.arraySize;
    if (size !== undefined && size === arraySize) dependencies.push({ jobId, type: "N_TO_N" });
    else if (size !== undefined && random.chance(0.3)) dependencies.push({ jobId: childId(jobId, size - 1) });
    else
      dependencies.push(random.chance(0.6) ? { jobId } : { jobId, type: random.pick(["AFTER_ANY", "AFTER_NOT_OK"]) });
  }
  if (arraySize !== undefined && random.chance(0.2)) dependencies.push({ type: "SEQUENTIAL" });
  return dependencies;
}

/** One job goes on. */
function advance(bench: WorldBench, random: Random): void {
  const active = [...bench.world.activeAttemptIds()].map((id) => bench.world.jobOfAttempt(id)!);
  if (active.length === 0) return;
  const job: Job = random.pick(active);
  if (job.state.status === "STARTING") bench.start(job.id);
  else bench.end(job.id, { exitCode: random.chance(0.6) ? 0 : 1 });
}

/** The job, or what its parent says of a child without a record. */
export function jobIn({ world }: WorldBench, id: string): Job | undefined {
  return jobOf(world, id);
}
