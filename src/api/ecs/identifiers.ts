import { invalidParameterException } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import { ECS_TEXTS } from "./texts.ts";

export type EcsResource = "cluster" | "task" | "container-instance";

/** The parts of an ECS ARN's last section; of tasks and instances the cluster's name and the id. */
interface Identifier {
  readonly parts: readonly string[];
}

/** @throws InvalidParameterException for an ARN of another account, region or kind of resource. */
function readArn(call: Call, type: EcsResource, arn: string): Identifier {
  const [, , , region = "", account = "", resource = ""] = arn.split(":");
  const [found = "", ...parts] = resource.split("/");
  if (account !== call.account) throw invalidParameterException(ECS_TEXTS.otherAccount(account, call.account));
  if (region !== call.region) throw invalidParameterException(ECS_TEXTS.otherRegion(region, call.region));
  if (found !== type) throw invalidParameterException(ECS_TEXTS.resourceType(found));
  return { parts };
}

/** A cluster's name, from that or from its ARN. */
export function clusterNameOf(call: Call, cluster: string): string {
  return cluster.startsWith("arn:") ? readArn(call, "cluster", cluster).parts.join("/") : cluster;
}

/**
 * The id of a task or container instance of a cluster, from that or from its ARN; older ARNs do not name the cluster.
 *
 * @throws InvalidParameterException when the ARN is one of another cluster: some clients try one cluster after the other.
 */
export function memberIdOf(call: Call, type: Exclude<EcsResource, "cluster">, cluster: string, id: string): string {
  if (!id.startsWith("arn:")) return checkedId(type, id);
  const { parts } = readArn(call, type, id);
  const [theirs, ...rest] = parts.length > 1 ? parts : [cluster, ...parts];
  if (theirs !== cluster) throw invalidParameterException(ECS_TEXTS.otherCluster(theirs!, cluster));
  return checkedId(type, rest.join("/"));
}

const NOUNS = { task: "taskId", "container-instance": "containerInstanceId" } as const;

function checkedId(type: keyof typeof NOUNS, id: string): string {
  if (id.length === 32 || id.length === 36) return id;
  throw invalidParameterException(ECS_TEXTS.idLength(NOUNS[type]));
}

/** `arn:aws:ecs:REGION:ACCOUNT:TYPE/REST`. */
export function ecsArn({ region, account }: Call, type: EcsResource, rest: string): string {
  return `arn:aws:ecs:${region}:${account}:${type}/${rest}`;
}
