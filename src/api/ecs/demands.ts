import type { Demand, Demands } from "../access/authorized.ts";
import type { Call, EcsInput, EcsOperationName } from "../wire/operations.ts";
import { DEFAULT_CLUSTER } from "./clusters.ts";
import type { EcsResource } from "./identifiers.ts";
import { ecsArn } from "./identifiers.ts";

/** What each operation demands of the caller's policy, as the Service Authorization Reference lists actions and resource types for ECS. */
export const ECS_DEMANDS: { readonly [Op in EcsOperationName]: Demands<EcsInput<Op>> } = {
  DescribeTasks: ({ cluster, tasks }, call) => tasks.map((id) => onMember("DescribeTasks", call, "task", cluster, id)),
  ListTasks: ({ cluster, containerInstance = "*" }, call) => [
    onMember("ListTasks", call, "container-instance", cluster, containerInstance),
  ],
  DescribeContainerInstances: ({ cluster, containerInstances }, call) =>
    containerInstances.map((id) => onMember("DescribeContainerInstances", call, "container-instance", cluster, id)),
  ListContainerInstances: ({ cluster }, call) => [onCluster("ListContainerInstances", call, cluster)],
  DescribeClusters: ({ clusters = [DEFAULT_CLUSTER] }, call) =>
    clusters.map((cluster) => onCluster("DescribeClusters", call, cluster)),
  ListClusters: () => [["ListClusters", "*"]],
};

function onCluster(action: string, call: Call, cluster = DEFAULT_CLUSTER): Demand {
  return [action, ecsArn(call, "cluster", lastPart(cluster))];
}

/** Whatever an ARN says beside the id must be the cluster that the request is about: the handler sees to that. */
function onMember(action: string, call: Call, type: EcsResource, cluster = DEFAULT_CLUSTER, id: string): Demand {
  return [action, ecsArn(call, type, `${lastPart(cluster)}/${lastPart(id)}`)];
}

function lastPart(idOrArn: string): string {
  return idOrArn.slice(idOrArn.lastIndexOf("/") + 1);
}
