import { hexId, uuidFrom } from "./ids.ts";
import type { Attempt } from "./job.ts";
import { remembered } from "./remembered.ts";

/**
 * The names under which ECS and EC2 know a compute environment, its machine and its attempts (reference 8.1). They follow from the
 * environment's ARN, so that what one API tells can be asked of another.
 */

/** The ECS cluster of a compute environment. */
export const clusterName = remembered(
  (environmentArn) => `${environmentArn.slice(environmentArn.indexOf("/") + 1)}_Batch_${uuidFrom(environmentArn)}`,
);

export function clusterArn(environmentArn: string): string {
  return `${ecsPrefix(environmentArn)}:cluster/${clusterName(environmentArn)}`;
}

/** `id`: of an attempt, or of the task of one of its nodes. */
export function taskArn(environmentArn: string, id: string): string {
  return `${taskPrefix(environmentArn)}/${id}`;
}

const taskPrefix = remembered((environmentArn) => `${ecsPrefix(environmentArn)}:task/${clusterName(environmentArn)}`);

export function containerArn(environmentArn: string, taskId: string, name: string): string {
  const uuid = uuidFrom(`${taskId} container ${name}`);
  return `${ecsPrefix(environmentArn)}:container/${clusterName(environmentArn)}/${taskId}/${uuid}`;
}

/** The network interface of a task that has one of its own: of a node of a multi-node job, and on Fargate. */
export function attachmentId(taskId: string): string {
  return uuidFrom(`${taskId} network interface`);
}

/** Batch registers a task definition for each job definition that it runs, under the same name. */
export function taskDefinitionArn(jobDefinitionArn: string): string {
  return `${ecsPrefix(jobDefinitionArn)}:task-definition/${jobDefinitionArn.slice(jobDefinitionArn.indexOf("/") + 1)}`;
}

/** The task definition's name without its revision. */
export function familyOf(jobDefinitionArn: string): string {
  return jobDefinitionArn.slice(jobDefinitionArn.indexOf("/") + 1).replace(/:\d+$/, "");
}

export function revisionOf(jobDefinitionArn: string): string {
  return jobDefinitionArn.slice(jobDefinitionArn.lastIndexOf(":") + 1);
}

/** The name of the environment that a cluster's name is made of; undefined when it is not made so. */
export function environmentNameOf(cluster: string): string | undefined {
  return /^(.+)_Batch_[0-9a-f-]{36}$/.exec(cluster)?.[1];
}

/** The instance that stands for a compute environment's share of this machine. */
export const shareInstanceId = remembered((environmentArn) => `i-${hexId(environmentArn, 17)}`);

/** The instance that an attempt, or one of its nodes, is or was on: where the environment has none, the one that stands for its share. */
export function instanceIdOf({ instanceIds, environmentArn, machine }: Binding, node = 0): string {
  if (machine !== undefined) return machineInstanceId(machine.id);
  return instanceIds?.[node] ?? shareInstanceId(environmentArn);
}

type Binding = Pick<Attempt, "environmentArn" | "instanceIds" | "machine">;

/** The instance that a machine of a cluster is, by its UID. */
export const machineInstanceId = remembered((machineId) => `i-${hexId(machineId, 17)}`);

/** An instance as a member of its cluster. */
export const containerInstanceId = remembered((instanceId) => hexId(instanceId, 32));

export function containerInstanceArn(environmentArn: string, instanceId: string): string {
  return `${containerInstancePrefix(environmentArn)}/${containerInstanceId(instanceId)}`;
}

const containerInstancePrefix = remembered(
  (environmentArn) => `${ecsPrefix(environmentArn)}:container-instance/${clusterName(environmentArn)}`,
);

/** `arn:aws:ecs:REGION:ACCOUNT`, where the resource of Batch is. */
function ecsPrefix(batchArn: string): string {
  const [, partition, , region, account] = batchArn.split(":");
  return `arn:${partition}:ecs:${region}:${account}`;
}
