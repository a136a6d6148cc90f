import type { JobStateTimeLimitAction } from "@aws-sdk/client-batch";
import type { Fact } from "../core/changes.ts";
import type { ClusterPlace } from "../core/clusters/place.ts";
import type { DriverName } from "../core/driver-name.ts";
import { environmentProblem, instanceTypesProblem } from "../core/environment-problem.ts";
import { askedFate } from "../core/environment-tags.ts";
import type { Host } from "../core/instances/host.ts";
import { launchingOfHosts } from "../core/instances/host.ts";
import type { Launching } from "../core/instances/instance.ts";
import type { Consumable, Environment, Queue, QuotaShare, SchedulingPolicy, TimeLimit } from "../core/resources.ts";
import { DRIVER_TAG, isFargate, isSpot } from "../core/resources.ts";
import { askedByQueueTags } from "../core/queue-tags.ts";
import type {
  EnvironmentSettings,
  QueueSettings,
  QuotaShareSettings,
  ResourceRecord,
  SchedulingPolicySettings,
  ServiceEnvironmentSettings,
} from "../ports/store.ts";
import type { Database } from "./database.ts";
import { readHosts } from "./hosts.ts";
import { toRecord } from "./resources.ts";

/** What the server's options decide about resources. */
export interface ResourceOptions {
  /** The driver of environments that do not pick one. */
  readonly defaultDriver: DriverName | "auto";
  /** Whether queues may have what AWS Batch does not have; by default they may. */
  readonly extensions?: boolean;
  /** What an environment may launch; undefined for those that are shares of the machine. By default all are. */
  launchingOf?(settings: EnvironmentSettings): Launching | undefined;
  /** The cluster that an environment is in; undefined for those of this machine. By default all are. */
  clusterOf?(settings: Pick<EnvironmentSettings, "eksConfiguration" | "tags">): ClusterPlace | undefined;
}

/** All resources, as the scheduler sees them. */
export async function readResources(database: Database, options: ResourceOptions): Promise<Fact[]> {
  const { extensions = true } = options;
  const rows = await database.read(
    `SELECT * FROM resources WHERE kind IN ('compute-environment', 'service-environment', 'job-queue', 'quota-share', 'scheduling-policy')
     ORDER BY arn`,
  );
  const hosts = await readHosts(database);
  const ofKind = (kind: string) => rows.filter((row) => row["kind"] === kind);
  const environments = [
    ...ofKind("compute-environment").map((row) =>
      toEnvironment(toRecord<EnvironmentSettings>(row), options, hosts.get(String(row["arn"]))),
    ),
    ...ofKind("service-environment").map((row) =>
      toServiceEnvironment(toRecord<ServiceEnvironmentSettings>(row), options),
    ),
  ];
  const queues = ofKind("job-queue").map((row) => toQueue(toRecord<QueueSettings>(row), extensions));
  const quotaShares = ofKind("quota-share").map((row) => toQuotaShare(toRecord<QuotaShareSettings>(row)));
  const policies = ofKind("scheduling-policy").map((row) => toPolicy(toRecord<SchedulingPolicySettings>(row)));
  return [
    { kind: "environments", environments },
    { kind: "queues", queues },
    { kind: "scheduling-policies", policies },
    { kind: "quota-shares", quotaShares },
    { kind: "consumables", consumables: await readConsumables(database) },
  ];
}

/** There may be many: SQL picks what is wanted of them. */
async function readConsumables(database: Database): Promise<Consumable[]> {
  const rows = await database.read(
    `SELECT r.arn, CAST(r.settings ->> '$.totalQuantity' AS BIGINT) - coalesce(u.quantity, 0) AS total,
       r.settings ->> '$.resourceType' AS type
     FROM resources r LEFT JOIN consumables_used u ON u.arn = r.arn WHERE r.kind = 'consumable-resource'`,
  );
  return rows.map(({ arn, total, type }) => ({
    arn: String(arn),
    total: Number(total),
    isReplenishable: type !== "NON_REPLENISHABLE",
  }));
}

function toEnvironment(
  record: ResourceRecord<EnvironmentSettings>,
  options: ResourceOptions,
  hosts: readonly Host[] = [],
): Environment {
  const { arn, version, status, statusReason, settings } = record;
  const isUnmanaged = settings.type === "UNMANAGED";
  const place = options.clusterOf?.(settings);
  const launching = isUnmanaged || place !== undefined ? undefined : options.launchingOf?.(settings);
  const problem = environmentProblem(settings) ?? problemOf(place) ?? instanceTypesProblem(settings, launching);
  const isFargateSpot = settings.computeResources?.type === "FARGATE_SPOT" && options.extensions !== false;
  const fate = isFargateSpot ? askedFate(settings.tags ?? {}, true) : undefined;
  return {
    arn,
    version,
    status,
    enabled: settings.state === "ENABLED",
    maxVcpuMilli: isUnmanaged ? Infinity : (settings.computeResources?.maxvCpus ?? 0) * 1000,
    isFargate: isFargate(settings.computeResources?.type),
    ...(isSpot(settings.computeResources?.type) && { isSpot: true }),
    ...(fate?.interruptAfterMs !== undefined && { interruptTasksAfterMs: fate.interruptAfterMs }),
    isUnmanaged,
    ...(!takesNodes(settings) && { takesNoNodes: true }),
    ...(problem !== undefined && { problem }),
    ...(status === "INVALID" && { invalidReason: statusReason }),
    ...(launching !== undefined && { instances: launching }),
    ...(settings.replacement !== undefined && { replacement: settings.replacement }),
    ...(isUnmanaged && place === undefined && ofHosts(settings, hosts)),
    ...runBy(settings, place, options),
  };
}

function problemOf(place: ClusterPlace | undefined): string | undefined {
  return place?.kind === "unusable" ? place.problem : undefined;
}

/** Its own driver, by its tag, or the default one. */
function runBy(
  { tags }: Pick<EnvironmentSettings, "tags">,
  place: ClusterPlace | undefined,
  { defaultDriver }: ResourceOptions,
): Pick<Environment, "driver" | "cluster"> {
  if (place?.kind === "in-cluster") return { driver: place.driver, cluster: place.share };
  return { driver: (tags?.[DRIVER_TAG] as Environment["driver"] | undefined) ?? defaultDriver };
}

function ofHosts(
  { unmanagedvCpus }: EnvironmentSettings,
  hosts: readonly Host[],
): Pick<Environment, "hosts" | "instances" | "unmanagedVcpuMilli"> {
  const vcpus = unmanagedvCpus !== undefined && { unmanagedVcpuMilli: unmanagedvCpus * 1000 };
  return { hosts, instances: launchingOfHosts(hosts), ...vcpus };
}

/** On EKS too. */
function takesNodes({ type, computeResources }: EnvironmentSettings): boolean {
  return type === "MANAGED" && computeResources?.type === "EC2";
}

/** Its bound is a number of instances. */
function toServiceEnvironment(
  { arn, version, status, settings }: ResourceRecord<ServiceEnvironmentSettings>,
  options: ResourceOptions,
): Environment {
  const { tags = {} } = settings;
  const place = options.clusterOf?.({ tags });
  const problem = problemOf(place);
  return {
    ...{ arn, version, status },
    enabled: settings.state === "ENABLED",
    maxVcpuMilli: Infinity,
    maxInstances: new Map(
      settings.capacityLimits!.map(({ capacityUnit, maxCapacity }) => [capacityUnit!, maxCapacity!]),
    ),
    isFargate: false,
    isUnmanaged: false,
    ...(problem !== undefined && { problem }),
    ...runBy({ tags }, place, options),
  };
}

function toQueue({ arn, version, status, settings }: ResourceRecord<QueueSettings>, extensions: boolean): Queue {
  const order = (settings.computeEnvironmentOrder ?? []).toSorted((a, b) => a.order! - b.order!);
  const environmentArns = [
    ...order.map(({ computeEnvironment }) => computeEnvironment!),
    ...(settings.serviceEnvironmentOrder ?? []).map(({ serviceEnvironment }) => serviceEnvironment!),
  ];
  const { priority, schedulingPolicyArn: policyArn, jobStateTimeLimitActions: timeLimits = [] } = settings;
  return {
    ...{ arn, version, status, environmentArns },
    priority: priority!,
    ...(policyArn !== undefined && { policyArn }),
    ...(extensions && askedByQueueTags(settings.tags ?? {})),
    ...(timeLimits.length > 0 && { timeLimits: timeLimits.map(toTimeLimit) }),
  };
}

function toTimeLimit({ reason, maxTimeSeconds, action }: JobStateTimeLimitAction): TimeLimit {
  return { reason: reason!, maxTimeSeconds: maxTimeSeconds!, action: action! };
}

function toPolicy({ arn, settings }: ResourceRecord<SchedulingPolicySettings>): SchedulingPolicy {
  if (settings.quotaSharePolicy !== undefined) return { kind: "quota-share", arn };
  const { shareDecaySeconds = 0, computeReservation = 0, shareDistribution = [] } = settings.fairsharePolicy ?? {};
  const weights = shareDistribution.map(({ shareIdentifier, weightFactor = 1 }) => ({
    identifier: shareIdentifier!,
    weight: weightFactor,
  }));
  return { kind: "fair-share", arn, decaySeconds: shareDecaySeconds, reservationPercent: computeReservation, weights };
}

function toQuotaShare({ arn, version, status, settings }: ResourceRecord<QuotaShareSettings>): QuotaShare {
  const { capacityLimits = [], resourceSharingConfiguration, preemptionConfiguration, state } = settings;
  return {
    ...{ arn, version, status },
    enabled: state === "ENABLED",
    limits: new Map(capacityLimits.map(({ capacityUnit, maxCapacity }) => [capacityUnit!, maxCapacity!])),
    strategy: resourceSharingConfiguration?.strategy ?? "RESERVE",
    borrowLimitPercent: resourceSharingConfiguration?.borrowLimit ?? -1,
    inSharePreemption: preemptionConfiguration?.inSharePreemption === "ENABLED",
  };
}
