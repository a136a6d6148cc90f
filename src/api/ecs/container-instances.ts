import type { ContainerInstance, Failure, Resource } from "@aws-sdk/client-ecs";
import { containerInstanceArn, containerInstanceId, instanceId } from "../../core/ecs-names.ts";
import type { Occupancy } from "../../core/occupancy.ts";
import type { Capacity } from "../../core/resources.ts";
import { describeMachine } from "../ec2/machine-instance.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { EcsHandlers, OnTheWire } from "../wire/operations.ts";
import type { MachineBackend } from "./backend.ts";
import type { EnvironmentRecord } from "./clusters.ts";
import { countTasks, findCluster, hasInstance } from "./clusters.ts";
import { ecsArn, memberIdOf } from "./identifiers.ts";
import { page } from "./page.ts";
import { ECS_TEXTS } from "./texts.ts";

const MAX_INSTANCES = 100;
const STATUSES = ["ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED"];

type Operations = "DescribeContainerInstances" | "ListContainerInstances";

/** Container instances: a compute environment has one, which stands for its share of this machine; on Fargate it has none. */
export function containerInstanceHandlers(backend: MachineBackend): Required<Pick<EcsHandlers, Operations>> {
  return {
    async DescribeContainerInstances({ cluster, containerInstances }, call) {
      if (containerInstances.length === 0) {
        throw invalidParameterException(ECS_TEXTS.empty("Container instance"));
      }
      if (containerInstances.length > MAX_INSTANCES) {
        throw invalidParameterException(ECS_TEXTS.tooMany("containerInstances", MAX_INSTANCES));
      }
      const { name, environment } = await findCluster(backend, call, cluster);
      const ids = new Set(containerInstances.map((id) => memberIdOf(call, "container-instance", name, id)));
      const isThere = hasInstance(environment) && ids.delete(containerInstanceId(environment.arn));
      const failures: Failure[] = [...ids].map((id) => ({
        arn: ecsArn(call, "container-instance", `${name}/${id}`),
        reason: "MISSING",
      }));
      return { containerInstances: isThere ? [await describe(backend, environment)] : [], failures };
    },

    async ListContainerInstances({ cluster, filter, status, maxResults, nextToken }, call) {
      if (filter) throw invalidParameterException(ECS_TEXTS.filter);
      if (status !== undefined && !STATUSES.includes(status)) {
        throw invalidParameterException(ECS_TEXTS.value("status", status, STATUSES));
      }
      const { name, environment } = await findCluster(backend, call, cluster);
      const isThere = hasInstance(environment) && (status ?? statusOf(environment)) === statusOf(environment);
      const arns = isThere ? [containerInstanceArn(environment.arn)] : [];
      const query = ["ListContainerInstances", name, status];
      const { items, ...more } = page(backend, call, query, arns, { maxResults, nextToken });
      return { containerInstanceArns: items, ...more };
    },
  };
}

/** An environment that is going takes no new tasks. */
function statusOf({ status }: EnvironmentRecord): "ACTIVE" | "DRAINING" {
  return status === "DELETING" ? "DRAINING" : "ACTIVE";
}

async function describe(
  backend: MachineBackend,
  environment: EnvironmentRecord,
): Promise<OnTheWire<ContainerInstance>> {
  const occupancy = backend.scheduler.occupancy(environment.arn);
  const { instanceType, availabilityZone, architecture } = describeMachine(backend.machine, environment, occupancy);
  const counts = countTasks(occupancy);
  const attributes = {
    "ecs.instance-type": instanceType,
    "ecs.availability-zone": availabilityZone,
    "ecs.cpu-architecture": architecture,
    "ecs.os-type": "linux",
  };
  return {
    containerInstanceArn: containerInstanceArn(environment.arn),
    ec2InstanceId: instanceId(environment.arn),
    version: environment.version,
    versionInfo: {},
    registeredResources: resources(occupancy?.capacity),
    remainingResources: resources(occupancy?.free),
    status: statusOf(environment),
    agentConnected: true,
    runningTasksCount: counts.RUNNING,
    pendingTasksCount: counts.PENDING,
    attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
    registeredAt: environment.createdAt / 1000,
    attachments: [],
    tags: [],
  };
}

/** ECS counts a vCPU as 1,024 units. */
function resources({ vcpuMilli, memoryMiB }: Occupancy["capacity"] = NOTHING): Resource[] {
  return [integer("CPU", Math.floor((vcpuMilli * 1024) / 1000)), integer("MEMORY", memoryMiB)];
}

const NOTHING: Capacity = { vcpuMilli: 0, memoryMiB: 0 };

function integer(name: string, integerValue: number): Resource {
  return { name, type: "INTEGER", doubleValue: 0, longValue: 0, integerValue };
}
