import type { Cluster, Failure } from "@aws-sdk/client-ecs";
import { clusterArn, clusterName, environmentNameOf } from "../../core/ecs-names.ts";
import { ecsTasks, taskStatus } from "../../core/ecs-tasks.ts";
import type { TaskStatus } from "../../core/ecs-tasks.ts";
import type { EcsTask } from "../../core/ecs-tasks.ts";
import { activeAttempt } from "../../core/job.ts";
import { isFargate } from "../../core/resources.ts";
import type { EnvironmentSettings, ResourceRecord } from "../../ports/store.ts";
import type { ShownInstance } from "../ec2/shown-instances.ts";
import { shownInstances } from "../ec2/shown-instances.ts";
import { arnOf, RESOURCE_NAME, scopeOf } from "../batch/names.ts";
import { ApiError, invalidParameterException } from "../wire/errors.ts";
import type { Call, EcsHandlers, OnTheWire } from "../wire/operations.ts";
import type { MachineBackend } from "./backend.ts";
import { clusterNameOf, ecsArn } from "./identifiers.ts";
import { page } from "./page.ts";
import { ECS_TEXTS } from "./texts.ts";

export type EnvironmentRecord = ResourceRecord<EnvironmentSettings>;

/** More than the environments that an account can have. */
const ENVIRONMENTS_AT_A_TIME = 1_000;
const MAX_CLUSTERS = 100;

/** Clusters: each stands for a compute environment. */
export function clusterHandlers(
  backend: MachineBackend,
): Required<Pick<EcsHandlers, "DescribeClusters" | "ListClusters">> {
  return {
    async DescribeClusters({ clusters = [DEFAULT_CLUSTER] }, call) {
      if (clusters.length > MAX_CLUSTERS) {
        throw invalidParameterException(ECS_TEXTS.tooMany("clusters", MAX_CLUSTERS));
      }
      const found: OnTheWire<Cluster>[] = [];
      const failures: Failure[] = [];
      for (const name of new Set(clusters.map((cluster) => clusterNameOf(call, cluster)))) {
        const environment = await environmentOf(backend, call, name);
        if (environment === undefined) failures.push({ arn: ecsArn(call, "cluster", name), reason: "MISSING" });
        else found.push(describeCluster(backend, environment));
      }
      return { clusters: found, failures };
    },

    async ListClusters({ maxResults, nextToken }, call) {
      const environments = await listEnvironments(backend, call);
      const names = environments.map(({ arn }) => clusterName(arn)).sort();
      const { items, ...more } = page(backend, call, ["ListClusters"], names, { maxResults, nextToken });
      return { clusterArns: items.map((name) => ecsArn(call, "cluster", name)), ...more };
    },
  };
}

/** The cluster that a request means which names none. No environment has it. */
export const DEFAULT_CLUSTER = "default";

/** @throws ClusterNotFoundException */
export async function findCluster(
  backend: MachineBackend,
  call: Call,
  cluster = DEFAULT_CLUSTER,
): Promise<{ name: string; environment: EnvironmentRecord }> {
  const name = clusterNameOf(call, cluster);
  const environment = await environmentOf(backend, call, name);
  if (environment === undefined) throw new ApiError("ClusterNotFoundException", 400, ECS_TEXTS.clusterNotFound);
  return { name, environment };
}

async function environmentOf(
  backend: MachineBackend,
  call: Call,
  cluster: string,
): Promise<EnvironmentRecord | undefined> {
  const name = environmentNameOf(cluster);
  if (name === undefined || !RESOURCE_NAME.test(name)) return undefined;
  const arn = arnOf(call, "compute-environment", name);
  const environment = clusterName(arn) === cluster ? await backend.store.environments.get(arn) : undefined;
  return environment !== undefined && hasCluster(environment) ? environment : undefined;
}

/** The environments of the caller's account and region that ECS knows: pods run in no ECS cluster. */
export async function listEnvironments(backend: MachineBackend, call: Call): Promise<EnvironmentRecord[]> {
  return (await allEnvironments(backend, call)).filter(hasCluster);
}

export async function allEnvironments(backend: MachineBackend, call: Call): Promise<EnvironmentRecord[]> {
  const all: EnvironmentRecord[] = [];
  for (;;) {
    const after = all.at(-1)?.name;
    const query = { ...(after !== undefined && { after }), limit: ENVIRONMENTS_AT_A_TIME };
    const read = await backend.store.environments.list(scopeOf(call), query);
    all.push(...read);
    if (read.length < ENVIRONMENTS_AT_A_TIME) return all;
  }
}

/** Of ECS. */
export function hasCluster({ settings }: EnvironmentRecord): boolean {
  return settings.ecsClusterArn !== undefined;
}

/** What runs on Fargate is on no instance that one could see. */
export function runsOnInstances({ settings }: EnvironmentRecord): boolean {
  return !isFargate(settings.computeResources?.type);
}

/** One that is still launching is in no cluster yet. */
export function hasJoined({ registeredAt }: ShownInstance): boolean {
  return registeredAt !== undefined;
}

/** Of the environment's tasks. */
export function launchTypeOf({ settings }: EnvironmentRecord): "EC2" | "FARGATE" | "MANAGED_INSTANCES" {
  const type = settings.computeResources?.type;
  if (isFargate(type)) return "FARGATE";
  return type === "ECS_MANAGED_INSTANCES" ? "MANAGED_INSTANCES" : "EC2";
}

/** The tasks of the attempts that run in an environment. */
export function activeTasks({ scheduler }: MachineBackend, { arn }: EnvironmentRecord): EcsTask[] {
  const jobs = scheduler.occupancy(arn)?.jobs ?? [];
  return jobs.flatMap(({ scheduling, state }) => ecsTasks(scheduling, activeAttempt(state)!));
}

export function countTasks(tasks: readonly EcsTask[]): Record<TaskStatus, number> {
  const counts = { PENDING: 0, RUNNING: 0, STOPPED: 0 };
  for (const task of tasks) counts[taskStatus(task)] += 1;
  return counts;
}

function describeCluster(backend: MachineBackend, environment: EnvironmentRecord): OnTheWire<Cluster> {
  const counts = countTasks(activeTasks(backend, environment));
  return {
    clusterArn: clusterArn(environment.arn),
    clusterName: clusterName(environment.arn),
    status: environment.status === "DELETING" ? "DEPROVISIONING" : "ACTIVE",
    registeredContainerInstancesCount: shownInstances(backend, environment).filter(hasJoined).length,
    runningTasksCount: counts.RUNNING,
    pendingTasksCount: counts.PENDING,
    activeServicesCount: 0,
    statistics: [],
    tags: [],
    settings: [],
    capacityProviders: [],
    defaultCapacityProviderStrategy: [],
  };
}
