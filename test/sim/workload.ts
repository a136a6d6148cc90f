import type { CapacityLimit } from "@aws-sdk/client-batch";
import type { ConsumableNeed, Dependency, ExitCondition, Job } from "../../src/core/job.ts";
import type { Launching } from "../../src/core/instances/instance.ts";
import { childId } from "../../src/core/ids.ts";
import type { EnvironmentSettings, NewJob, QueueSettings } from "../../src/ports/store.ts";
import type { EnvironmentDraw } from "./mix.ts";
import { TYPES } from "./fleet.ts";
import type { FairPolicy } from "./fair-share.ts";
import type { Entry } from "./ledger.ts";
import type { Random } from "./random.ts";
import { severalContainers } from "./units-workload.ts";

export const SCOPE = "123456789012/us-east-1";

export function environmentArn(n: number): string {
  return `arn:aws:batch:us-east-1:123456789012:compute-environment/environment-${n}`;
}

export function queueArn(n: number): string {
  return `arn:aws:batch:us-east-1:123456789012:job-queue/queue-${n}`;
}

/** Each queue has one of its own. */
export function policyArn(queue: string): string {
  return queue.replace("job-queue/", "scheduling-policy/of-");
}

const SHARES = ["red", "green", "teamA", "teamB", "teamC"];

/** Weights of some shares, and of all that begin with `team` together. */
export function randomFairPolicy(random: Random): FairPolicy {
  const identifiers = ["red", "green", "team*", "teamC"].filter(() => random.chance(0.6));
  return {
    decaySeconds: random.pick([0, 600, 3_600]),
    reservationPercent: random.pick([0, 0, 25, 50]),
    weights: identifiers.map((identifier) => ({ identifier, weight: random.pick([0.1, 0.5, 1, 2, 10]) })),
  };
}

/** What a job says of itself in a fair-share queue. */
export function randomShare(random: Random): Pick<Job["scheduling"], "share" | "priority"> {
  return { share: random.pick(SHARES), priority: random.pick([1, 1, 1, 5]) };
}

/** The first one does not come back. */
export function consumableArn(n: number): string {
  return `arn:aws:batch:us-east-1:123456789012:consumable-resource/consumable-${n}`;
}
export const BUDGET = consumableArn(1);
export const CONSUMABLES = 3;

export const SERVICE_ENVIRONMENT = "arn:aws:batch:us-east-1:123456789012:service-environment/training";
/** For service jobs only; it is never deleted. */
export const SERVICE_QUEUE = queueArn(9);
/** By type, the most that one job needs. */
const INSTANCE_TYPES = { "ml.a.large": 3, "ml.b.large": 2 } as const;

/** A quota share of the queue for service jobs. */
export interface QuotaModel {
  /** By instance type. */
  readonly limits: Readonly<Record<string, number>>;
  readonly strategy: "RESERVE" | "LEND" | "LEND_AND_BORROW";
  /** Percent of its own; -1 is without limit. */
  readonly borrowLimit: number;
  readonly inSharePreemption: boolean;
}

export const LIBERAL_QUOTA: QuotaModel = {
  limits: INSTANCE_TYPES,
  strategy: "LEND_AND_BORROW",
  borrowLimit: -1,
  inSharePreemption: false,
};

export function quotaShareArn(n: number): string {
  return `${SERVICE_QUEUE}/quota-share/share-${n}`;
}

export function randomQuota(random: Random): QuotaModel {
  return {
    limits: Object.fromEntries(Object.entries(INSTANCE_TYPES).map(([type, most]) => [type, random.int(1, most)])),
    strategy: random.pick(["RESERVE", "LEND", "LEND_AND_BORROW", "LEND_AND_BORROW"]),
    borrowLimit: random.pick([-1, 50, 100, 200]),
    inSharePreemption: random.chance(0.5),
  };
}

/** Room for the largest job, at least. */
export function randomLimits(random: Random): CapacityLimit[] {
  return Object.entries(INSTANCE_TYPES).map(([capacityUnit, most]) => ({
    capacityUnit,
    maxCapacity: most + random.int(0, 2),
  }));
}

export function environmentSettings(
  { maxvCpus, hasInstances = false }: Pick<EnvironmentDraw, "maxvCpus"> & Partial<EnvironmentDraw>,
  state: "ENABLED" | "DISABLED" = "ENABLED",
): EnvironmentSettings {
  const types = hasInstances && { instanceTypes: TYPES.map(({ name }) => name) };
  return { type: "MANAGED", state, computeResources: { type: "EC2", maxvCpus, ...types, subnets: [] } };
}

/** What the environments of the simulation may launch. */
export function launchingOf({ computeResources }: EnvironmentSettings): Launching | undefined {
  if (computeResources?.instanceTypes === undefined) return undefined;
  return {
    types: TYPES,
    strategy: "BEST_FIT_PROGRESSIVE",
    isSpot: false,
    minVcpuMilli: 0,
    desiredVcpuMilli: 0,
    scaleDownDelayMs: 0,
  };
}

export function queueSettings(
  priority: number,
  environments: readonly string[],
  state: "ENABLED" | "DISABLED" = "ENABLED",
): QueueSettings {
  return {
    state,
    priority,
    computeEnvironmentOrder: environments.map((computeEnvironment, order) => ({ order, computeEnvironment })),
  };
}

/** Arrays have few different sizes, so that N_TO_N finds partners. */
const ARRAY_SIZES = [2, 2, 3, 3, 5, 5, 12, 40, 200];

/** A job as a user might submit it: mostly small and plain, sometimes an array, depending on others, retried, limited in time. */
export function randomJob(random: Random, id: string, queue: string, now: number, others: readonly Entry[]): NewJob {
  const arraySize = random.chance(0.35) ? random.pick(ARRAY_SIZES) : undefined;
  const several = random.chance(0.3) ? severalContainers(random, arraySize === undefined) : undefined;
  const scheduling: Job["scheduling"] = {
    requirements: {
      vcpuMilli: random.pick([250, 500, 1000, 1000, 1000, 2000, 4000]),
      memoryMiB: random.pick([128, 128, 512, 2048]),
      gpus: 0,
    },
    retry: { attempts: random.pick([1, 1, 2, 3, 5]), evaluateOnExit: randomConditions(random) },
    dependsOn: randomDependencies(random, arraySize, others),
    needsImage: false,
    ...(random.chance(0.2) && { infrastructureRetries: random.int(1, 3) }),
    ...(several === undefined && random.chance(0.3) && { memoryLadder: randomLadder(random) }),
    ...(random.chance(0.3) && { consumables: randomNeeds(random) }),
    ...(random.chance(0.3) && { timeoutSeconds: random.int(1, 60) }),
    ...(arraySize !== undefined && { arraySize, ...(random.chance(0.4) && { maxActiveChildren: random.int(1, 4) }) }),
    ...(several === undefined && random.chance(0.5) && { log: { group: "/aws/batch/job", prefix: "work" } }),
    ...several?.scheduling,
  };
  return {
    id,
    scope: SCOPE,
    queueArn: queue,
    name: `job-${id}`,
    definitionArn: "arn:aws:batch:us-east-1:123456789012:job-definition/work:1",
    createdAt: now,
    scheduling,
    spec: {
      ...(several?.properties ?? { container: { image: "work", command: ["work"] } }),
      parameters: {},
      dependsOn: [],
      retryStrategy: {},
      tags: {},
      propagateTags: false,
      platformCapabilities: [],
    },
  };
}

/** A training job; now and then one that the service would refuse. */
export function randomServiceJob(random: Random, id: string, now: number, shares: readonly string[]): NewJob {
  const instances = Object.entries(INSTANCE_TYPES)
    .filter(() => random.chance(0.7))
    .map(([type, most]) => ({ type, count: random.int(1, most) }));
  const job = randomJob(random, id, SERVICE_QUEUE, now, []);
  const { requirements, retry, timeoutSeconds } = job.scheduling;
  const share = shares.length === 0 ? undefined : random.pick(shares);
  return {
    ...job,
    definitionArn: "",
    scheduling: {
      ...{ requirements, retry, dependsOn: [], needsImage: false },
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      ...(share !== undefined && { priority: random.pick([1, 1, 5]) }),
      instances: instances.length > 0 ? instances : [{ type: "ml.a.large", count: 1 }],
      service: {
        type: "SAGEMAKER_TRAINING",
        trainingJobName: "train",
        ...(share !== undefined && { quotaShare: share }),
        ...(share !== undefined && random.chance(0.3) && { preemptionRetries: random.int(0, 2) }),
        ...(random.chance(0.1) && { refusal: "Received status from SageMaker: no" }),
      },
    },
    spec: { ...job.spec, service: { serviceRequestPayload: "{}" } },
  };
}

/** Above what any job asks for first, and within the smallest machine. */
function randomLadder(random: Random): number[] {
  return [2560, 3072, 4096].slice(random.int(0, 2));
}

function randomNeeds(random: Random): ConsumableNeed[] {
  const first = random.int(1, CONSUMABLES);
  const last = random.int(first, CONSUMABLES);
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    arn: consumableArn(first + index),
    quantity: random.pick([1, 1, 2, 3]),
  }));
}

function randomConditions(random: Random): ExitCondition[] {
  if (random.chance(0.6)) return [];
  return Array.from({ length: random.int(1, 3) }, () => ({
    action: random.pick(["retry", "exit"] as const),
    ...random.pick([
      { onExitCode: "42" },
      { onExitCode: "1*" },
      { onReason: "OutOfMemoryError*" },
      { onReason: "*" },
      { onStatusReason: "Host EC2*" },
      { onStatusReason: "Task failed*", onReason: "CannotPull*" },
    ]),
  }));
}

function randomType(random: Random): { type?: "AFTER_ANY" | "AFTER_NOT_OK" } {
  if (random.chance(0.6)) return {};
  return { type: random.pick(["AFTER_ANY", "AFTER_ANY", "AFTER_NOT_OK"] as const) };
}

function randomDependencies(random: Random, arraySize: number | undefined, others: readonly Entry[]): Dependency[] {
  const dependencies: Dependency[] = [];
  if (arraySize !== undefined && random.chance(0.25)) dependencies.push({ type: "SEQUENTIAL" });
  if (random.chance(0.55)) return dependencies;
  const recent = others.slice(-12);
  for (let left = random.int(1, 3); left > 0 && recent.length > 0; left -= 1) {
    const { job } = random.pick(recent);
    const size = job.scheduling.arraySize;
    if (size !== undefined && size === arraySize && random.chance(0.7)) {
      dependencies.push({ jobId: job.id, type: "N_TO_N" });
    } else if (size !== undefined && random.chance(0.4)) {
      dependencies.push({ jobId: childId(job.id, random.int(0, size - 1)), ...randomType(random) });
    } else dependencies.push({ jobId: job.id, ...randomType(random) });
  }
  return dependencies;
}
