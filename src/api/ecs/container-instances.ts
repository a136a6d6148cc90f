import type { ContainerInstance, Failure, Resource } from "@aws-sdk/client-ecs";
import { containerInstanceArn, containerInstanceId } from "../../core/ecs-names.ts";
import type { EcsTask } from "../../core/ecs-tasks.ts";
import type { Capacity } from "../../core/resources.ts";
import type { ShownInstance } from "../ec2/shown-instances.ts";
import { availabilityZone, goneInstances, shownInstances } from "../ec2/shown-instances.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { EcsHandlers, OnTheWire } from "../wire/operations.ts";
import type { MachineBackend } from "./backend.ts";
import type { EnvironmentRecord } from "./clusters.ts";
import { activeTasks, countTasks, findCluster, hasJoined } from "./clusters.ts";
import { ecsArn, memberIdOf } from "./identifiers.ts";
import { page } from "./page.ts";
import { ECS_TEXTS } from "./texts.ts";

const MAX_INSTANCES = 100;
const STATUSES = ["ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED"];

type Operations = "DescribeContainerInstances" | "ListContainerInstances";

/** Container instances: those of a compute environment that have joined its cluster. */
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
      const ids = [...new Set(containerInstances.map((id) => memberIdOf(call, "container-instance", name, id)))];
      // Who has one by its id finds it for a while after its end; no list shows it.
      const known = [...goneInstances(backend, environment), ...shownInstances(backend, environment)];
      const joined = new Map(known.filter(hasJoined).map((one) => [containerInstanceId(one.id), one]));
      const tasks = Map.groupBy(activeTasks(backend, environment), ({ instanceId }) => instanceId);
      const failures: Failure[] = ids
        .filter((id) => !joined.has(id))
        .map((id) => ({ arn: ecsArn(call, "container-instance", `${name}/${id}`), reason: "MISSING" }));
      const found = ids.flatMap((id) => joined.get(id) ?? []);
      return { containerInstances: found.map((one) => describe(environment, one, tasks.get(one.id))), failures };
    },

    async ListContainerInstances({ cluster, filter, status, maxResults, nextToken }, call) {
      if (filter) throw invalidParameterException(ECS_TEXTS.filter);
      if (status !== undefined && !STATUSES.includes(status)) {
        throw invalidParameterException(ECS_TEXTS.value("status", status, STATUSES));
      }
      const { name, environment } = await findCluster(backend, call, cluster);
      const arns = members(backend, environment)
        .filter((one) => status === undefined || statusOf(one) === status)
        .map(({ id }) => containerInstanceArn(environment.arn, id));
      const query = ["ListContainerInstances", name, status];
      const { items, ...more } = page(backend, call, query, arns.sort(), { maxResults, nextToken });
      return { containerInstanceArns: items, ...more };
    },
  };
}

function members(backend: MachineBackend, environment: EnvironmentRecord): ShownInstance[] {
  return shownInstances(backend, environment).filter(hasJoined);
}

function statusOf({ state, isDraining }: ShownInstance): "ACTIVE" | "DRAINING" | "INACTIVE" {
  if (state === "terminated") return "INACTIVE";
  return isDraining ? "DRAINING" : "ACTIVE";
}

function describe(
  { arn, version }: EnvironmentRecord,
  instance: ShownInstance,
  tasks: readonly EcsTask[] = [],
): OnTheWire<ContainerInstance> {
  const { id, capacity, free } = instance;
  const counts = countTasks(tasks);
  const takenGpus = tasks.flatMap(({ attempt }) => attempt.gpuIds ?? []);
  const freeGpus = freeGpuIds(takenGpus, free.gpus ?? 0);
  const gpus = [...takenGpus, ...freeGpus].sort();
  const attributes = {
    "ecs.instance-type": instance.typeName,
    "ecs.availability-zone": availabilityZone(arn),
    "ecs.cpu-architecture": instance.architecture,
    "ecs.os-type": "linux",
  };
  return {
    containerInstanceArn: containerInstanceArn(arn, id),
    ec2InstanceId: id,
    version,
    versionInfo: {},
    registeredResources: resources(capacity, gpus, gpus),
    remainingResources: resources(free, freeGpus, gpus),
    status: statusOf(instance),
    agentConnected: instance.state === "running",
    runningTasksCount: counts.RUNNING,
    pendingTasksCount: counts.PENDING,
    attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
    registeredAt: instance.registeredAt! / 1000,
    attachments: [],
    tags: [],
  };
}

/** Which ones are free is not known of parts of a machine, whose GPUs are given out as they come: those of lowest number that could be. */
function freeGpuIds(taken: readonly string[], count: number): string[] {
  const ids = Array.from({ length: taken.length + count }, (_, number) => String(number));
  return ids.filter((id) => !taken.includes(id)).slice(0, count);
}

/** ECS counts a vCPU as 1,024 units. GPUs are told only of instances that have some. */
function resources(
  { vcpuMilli, memoryMiB }: Capacity,
  gpuIds: readonly string[],
  ofAll: readonly string[],
): Resource[] {
  const gpus = { name: "GPU", type: "STRINGSET", stringSetValue: [...gpuIds] };
  return [
    integer("CPU", Math.floor((vcpuMilli * 1024) / 1000)),
    integer("MEMORY", memoryMiB),
    ...(ofAll.length > 0 ? [gpus] : []),
  ];
}

function integer(name: string, integerValue: number): Resource {
  return { name, type: "INTEGER", doubleValue: 0, longValue: 0, integerValue };
}
