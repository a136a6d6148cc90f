import { runsPodsOfCluster } from "./driver-name.ts";
import type { Attempt, InstanceNeed, Job, Requirements, Scheduling } from "./job.ts";
import { requirementsOf } from "./job.ts";
import { shareHoldings } from "./quota/holdings.ts";
import type { Environment } from "./resources.ts";

/** How much of something that is counted. */
export interface Holding {
  /**
   * The ARN of a consumable resource; of a service environment's instances `ARN type`, and `ARN NUM_INSTANCES` for those of all types; those of a
   * quota share in its own keys.
   */
  readonly key: string;
  readonly quantity: number;
}

/** The unit that counts instances of every type (reference 3.8). */
export const NUM_INSTANCES = "NUM_INSTANCES";

/** All that an active attempt holds beside the machine's own capacity. */
export function holdingsOf(
  job: Pick<Job, "scheduling">,
  attempt: Pick<Attempt, "environmentArn" | "stopping">,
): Holding[] {
  const { consumables = [], instances = [] } = job.scheduling;
  const { environmentArn } = attempt;
  return [
    ...consumables.map(({ arn, quantity }) => ({ key: arn, quantity })),
    ...counted(instances).map(({ type, count }) => ({ key: instanceKey(environmentArn, type), quantity: count })),
    ...shareHoldings(job, attempt),
  ];
}

/** As how many pods of a cluster it runs: one for each node. */
export function podsOf({ nodes }: Pick<Scheduling, "nodes">): number {
  return nodes?.count ?? 1;
}

/** Whether it takes its share of the machine itself: it is on no instance, and in no cluster. */
export function hasShareOfMachine({ driver, instanceIds }: Pick<Attempt, "driver" | "instanceIds">): boolean {
  return instanceIds === undefined && !runsPodsOfCluster(driver);
}

/** What an attempt holds of one instance. */
export interface InstanceHolding {
  readonly id: string;
  readonly requirements: Requirements;
  /** The instance is its alone: it is a node of a multi-node job (reference 3.3). */
  readonly isWhole: boolean;
}

/** What an active attempt holds of the instances that it is on; nothing in an environment without instances. */
export function instanceHoldings(job: Job, { instanceIds = [] }: Pick<Attempt, "instanceIds">): InstanceHolding[] {
  const { nodes, eachNode = requirementsOf(job) } = job.scheduling;
  return instanceIds.map((id) => ({ id, requirements: eachNode, isWhole: nodes !== undefined }));
}

/** A limit of a service environment, and how much of it is left. */
export interface ExceededLimit {
  readonly type: string;
  readonly left: number;
}

/** The first limit of a service environment that these instances exceed beside those `inUse`. A type without a limit has none to give. */
export function exceededLimit(
  { arn, maxInstances = new Map() }: Environment,
  instances: readonly InstanceNeed[],
  inUse: (key: string) => number,
): ExceededLimit | undefined {
  const needs = maxInstances.has(NUM_INSTANCES) ? counted(instances).slice(-1) : instances;
  for (const { type, count } of needs) {
    const left = Math.max(0, (maxInstances.get(type) ?? 0) - inUse(instanceKey(arn, type)));
    if (count > left) return { type, left };
  }
  return undefined;
}

/** Each type, and then all together. */
function counted(instances: readonly InstanceNeed[]): readonly InstanceNeed[] {
  if (instances.length === 0) return [];
  return [...instances, { type: NUM_INSTANCES, count: instances.reduce((sum, { count }) => sum + count, 0) }];
}

export function instanceKey(environmentArn: string, type: string): string {
  return `${environmentArn} ${type}`;
}
