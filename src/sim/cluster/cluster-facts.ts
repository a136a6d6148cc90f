import type { Fact } from "../../core/changes.ts";
import { askedByQueueTags } from "../../core/queue-tags.ts";
import type { Environment, Queue, SchedulingPolicy } from "../../core/resources.ts";
import type { Cluster, ClusterEnvironment, ClusterQueue } from "./cluster.ts";

/** Account and region of everything that is simulated. */
export const SCOPE = "123456789012/us-east-1";

const ARN = "arn:aws:batch:us-east-1:123456789012";

export function queueArn(name: string): string {
  return `${ARN}:job-queue/${name}`;
}

export function environmentArn(name: string): string {
  return `${ARN}:compute-environment/${name}`;
}

/** What the scheduler knows of the cluster: all of it is there, and healthy. */
export function factsOf({ environments, queues }: Cluster): Fact[] {
  return [
    { kind: "environments", environments: environments.map(toEnvironment) },
    { kind: "scheduling-policies", policies: queues.flatMap(toPolicy) },
    { kind: "queues", queues: queues.map(toQueue) },
  ];
}

function toEnvironment({ name, maxVcpus, launching }: ClusterEnvironment): Environment {
  return {
    arn: environmentArn(name),
    ...{ version: 1, enabled: true, status: "VALID", isUnmanaged: false },
    isFargate: launching === undefined,
    maxVcpuMilli: maxVcpus * 1000,
    ...(launching !== undefined && { instances: launching }),
    driver: "fake",
  };
}

/** Each queue has its own. */
function policyArn(queueName: string): string {
  return `${ARN}:scheduling-policy/${queueName}`;
}

function toPolicy({ name, sharing }: ClusterQueue): SchedulingPolicy[] {
  return sharing === undefined ? [] : [{ kind: "fair-share", arn: policyArn(name), ...sharing }];
}

function toQueue({ name, priority, environments, tags, sharing }: ClusterQueue): Queue {
  return {
    arn: queueArn(name),
    ...{ version: 1, status: "VALID", priority },
    environmentArns: environments.map(environmentArn),
    ...askedByQueueTags(tags),
    ...(sharing !== undefined && { policyArn: policyArn(name) }),
  };
}
