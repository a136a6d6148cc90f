import type { Launching } from "../../../core/instances/instance.ts";
import { BACKFILL_TAG, MAX_RUNNING_JOBS_TAG } from "../../../core/submission/own-tags.ts";
import type {
  WhatIfChanges,
  WhatIfCluster,
  WhatIfEnvironment,
  WhatIfQueue,
  WhatIfSharing,
} from "../../../ports/what-if.ts";
import type {
  EnvironmentSettings,
  QueueSettings,
  ResourceRecord,
  SchedulingPolicySettings,
} from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { nameOf, scopeOf } from "../../batch/names.ts";
import { queuesWith } from "../../batch/queues/queue-lookup.ts";
import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";

/** The account's queues with where they place jobs, as they are now. */
export interface PresentCluster {
  readonly queues: readonly ResourceRecord<QueueSettings>[];
  readonly cluster: WhatIfCluster;
  readonly policies: ReadonlyMap<string, WhatIfSharing>;
  /** Of each queue that has one, the name of its policy. */
  readonly policyOf: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
}

export interface ClusterParts extends Pick<Backend, "store" | "scheduler" | "capacity"> {
  /** What an environment launches on this machine; undefined for those that are shares of it. */
  launchingOf(settings: EnvironmentSettings): Launching | undefined;
}

const PAGE = 100;

export async function presentCluster(backend: Backend & ClusterParts, call: Call): Promise<PresentCluster> {
  const queues = await queuesWith(backend, call, ({ jobQueueType }) => jobQueueType !== "SAGEMAKER_TRAINING");
  const records = await all((after) => backend.store.environments.list(scopeOf(call), { after, limit: PAGE }));
  const usable = records.filter(({ status, settings }) => status !== "INVALID" && settings.state === "ENABLED");
  const unusable = records.length - usable.length;
  const policyRecords = await all((after) =>
    backend.store.schedulingPolicies.list(scopeOf(call), { after, limit: PAGE }),
  );
  const policies = new Map(policyRecords.flatMap(toSharing));
  const policyOf = new Map(
    queues.flatMap(({ name, settings: { schedulingPolicyArn: arn } }) =>
      arn === undefined ? [] : [[name, nameOf(arn)] as const],
    ),
  );
  const environments = usable.map((record) => toEnvironment(backend, record));
  const known = new Set(environments.map(({ name }) => name));
  const elsewhere = usable
    .filter(({ settings }) => backend.runsElsewhere(settings))
    .map((record) => machinesOf(backend, record));
  return {
    queues,
    cluster: {
      environments,
      queues: queues.map((record) => toQueue(record, known, policies.get(policyOf.get(record.name) ?? ""))),
      // Hosts and clusters are beside the machine.
      machine: {
        ...backend.capacity,
        vcpuMilli: backend.capacity.vcpuMilli + elsewhere.reduce((sum, { vcpuMilli }) => sum + vcpuMilli, 0),
        memoryMiB: backend.capacity.memoryMiB + elsewhere.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
      },
    },
    ...{ policies, policyOf },
    notes: unusable === 0 ? [] : [`${unusable} compute environments that are disabled or INVALID are left out.`],
  };
}

/** @throws ClientException when it names what is not there. */
export function changedCluster(present: PresentCluster, changes: WhatIfChanges): WhatIfCluster {
  const { cluster, policies, policyOf } = present;
  const { queues = [], environments = [], policies: weights = [] } = changes;
  const environmentNames = new Set(cluster.environments.map(({ name }) => name));
  const needed = (kind: string, name: string, names: { has(name: string): boolean }): void => {
    if (!names.has(name)) throw clientException(`There is no ${kind} ${name.slice(0, 200)} that takes part.`);
  };
  const queueNames = new Set(cluster.queues.map(({ name }) => name));
  for (const { jobQueueName, computeEnvironments = [] } of queues) {
    needed("job queue", jobQueueName, queueNames);
    for (const name of computeEnvironments) needed("compute environment", name, environmentNames);
  }
  for (const { computeEnvironmentName } of environments)
    needed("compute environment", computeEnvironmentName, environmentNames);
  for (const { name } of weights) needed("fair-share scheduling policy", name, policies);
  return {
    ...cluster,
    environments: cluster.environments.map((environment) => {
      const change = environments.find((one) => one.computeEnvironmentName === environment.name);
      return change === undefined ? environment : { ...environment, maxVcpus: change.maxvCpus };
    }),
    queues: cluster.queues.map((queue): WhatIfQueue => {
      const change = queues.find((one) => one.jobQueueName === queue.name);
      const shares = weights.find(({ name }) => name === policyOf.get(queue.name))?.shareDistribution;
      return {
        ...queue,
        ...(change?.priority !== undefined && { priority: change.priority }),
        ...(change?.computeEnvironments !== undefined && { environments: change.computeEnvironments }),
        ...(queue.sharing !== undefined && shares !== undefined && { sharing: reweighted(queue.sharing, shares) }),
      };
    }),
  };
}

/** The weights that are changed come first: of two that match a share, the first one counts. */
function reweighted(
  sharing: WhatIfSharing,
  shares: readonly { readonly shareIdentifier: string; readonly weightFactor: number }[],
): WhatIfSharing {
  const changed = shares.map(({ shareIdentifier, weightFactor }) => ({
    identifier: shareIdentifier,
    weight: weightFactor,
  }));
  const kept = sharing.weights.filter(({ identifier }) => !changed.some((one) => one.identifier === identifier));
  return { ...sharing, weights: [...changed, ...kept] };
}

function toEnvironment(
  backend: Backend & ClusterParts,
  { arn, name, settings }: ResourceRecord<EnvironmentSettings>,
): WhatIfEnvironment {
  if (settings.type === "UNMANAGED") {
    return { name, maxVcpus: Math.max(1, hostsOf(backend, arn).vcpuMilli / 1000), bootSeconds: 0 };
  }
  const launching = backend.runsElsewhere(settings) ? undefined : backend.launchingOf(settings);
  const maxVcpus = settings.computeResources?.maxvCpus ?? 0;
  if (launching === undefined) return { name, maxVcpus, bootSeconds: 0 };
  const { fate, joinTimeoutMs: _, ...others } = launching;
  return { name, maxVcpus, launching: others, bootSeconds: (fate?.bootMs ?? 0) / 1000 };
}

/** Of a cluster nothing but maxvCpus bounds what it may come to. */
function machinesOf(
  backend: ClusterParts,
  { arn, settings }: ResourceRecord<EnvironmentSettings>,
): { vcpuMilli: number; memoryMiB: number } {
  if (settings.type === "UNMANAGED" && settings.eksConfiguration === undefined) return hostsOf(backend, arn);
  return { vcpuMilli: (settings.computeResources?.maxvCpus ?? 0) * 1000, memoryMiB: Number.MAX_SAFE_INTEGER };
}

function hostsOf({ scheduler }: ClusterParts, arn: string): { vcpuMilli: number; memoryMiB: number } {
  const instances = scheduler.instances(arn) ?? [];
  return {
    vcpuMilli: instances.reduce((sum, { instance }) => sum + instance.type.vcpuMilli, 0),
    memoryMiB: instances.reduce((sum, { instance }) => sum + instance.type.memoryMiB, 0),
  };
}

function toQueue(
  { name, settings }: ResourceRecord<QueueSettings>,
  known: ReadonlySet<string>,
  sharing: WhatIfSharing | undefined,
): WhatIfQueue {
  const { priority = 1, computeEnvironmentOrder = [], tags = {} } = settings;
  const environments = computeEnvironmentOrder
    .toSorted((a, b) => a.order! - b.order!)
    .map(({ computeEnvironment = "" }) => nameOf(computeEnvironment))
    .filter((environment) => known.has(environment));
  const kept = [BACKFILL_TAG, MAX_RUNNING_JOBS_TAG].flatMap((tag) =>
    tags[tag] === undefined ? [] : [[tag, tags[tag]] as const],
  );
  return { name, priority, environments, tags: Object.fromEntries(kept), ...(sharing !== undefined && { sharing }) };
}

function toSharing({
  name,
  settings: { fairsharePolicy },
}: ResourceRecord<SchedulingPolicySettings>): [string, WhatIfSharing][] {
  if (fairsharePolicy === undefined) return [];
  const { shareDecaySeconds = 0, computeReservation = 0, shareDistribution = [] } = fairsharePolicy;
  const weights = shareDistribution.map(({ shareIdentifier = "", weightFactor = 1 }) => ({
    identifier: shareIdentifier,
    weight: weightFactor,
  }));
  return [[name, { decaySeconds: shareDecaySeconds, reservationPercent: computeReservation, weights }]];
}

async function all<T extends { readonly name: string }>(read: (after: string) => Promise<T[]>): Promise<T[]> {
  const found: T[] = [];
  for (let after = ""; ;) {
    const page = await read(after);
    found.push(...page);
    if (page.length < PAGE) return found;
    after = page.at(-1)!.name;
  }
}
