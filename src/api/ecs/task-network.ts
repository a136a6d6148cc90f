import type { Attachment, NetworkInterface } from "@aws-sdk/client-ecs";
import { attachmentId } from "../../core/ecs-names.ts";
import type { EcsContainer, EcsTask, TaskStatus } from "../../core/ecs-tasks.ts";
import { taskStatus } from "../../core/ecs-tasks.ts";
import { isFargate } from "../../core/resources.ts";
import type { EnvironmentRecord } from "./clusters.ts";

const STATUSES: Readonly<Record<TaskStatus, string>> = {
  PENDING: "ATTACHING",
  RUNNING: "ATTACHED",
  STOPPED: "DELETED",
};

/** The network interface of a task that has one of its own: on Fargate, and of a node with an address. What is not known of it is left out. */
export function attachmentsOf(task: EcsTask, { settings }: EnvironmentRecord): Attachment[] {
  const address = task.containers.map(({ progress }) => progress.address).find((one) => one !== undefined);
  const { type, subnets = [] } = settings.computeResources ?? {};
  if (!isFargate(type) && address === undefined) return [];
  const details = { subnetId: isFargate(type) ? subnets[0] : undefined, privateIPv4Address: address };
  return [
    {
      id: attachmentId(task.id),
      type: "ElasticNetworkInterface",
      status: STATUSES[taskStatus(task)],
      details: Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : { name, value })),
    },
  ];
}

export function networkInterfacesOf(task: EcsTask, { progress: { address } }: EcsContainer): NetworkInterface[] {
  return address === undefined ? [] : [{ attachmentId: attachmentId(task.id), privateIpv4Address: address }];
}
