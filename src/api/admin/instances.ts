import { ecsTasks } from "../../core/ecs-tasks.ts";
import type { PriceBook } from "../../core/cost/price.ts";
import { nodeId } from "../../core/ids.ts";
import type { Job } from "../../core/job.ts";
import { activeAttempt, requirementsOf } from "../../core/job.ts";
import type { Capacity } from "../../core/resources.ts";
import type {
  EnvironmentReport,
  EnvironmentsAnswer,
  InstanceReport,
  InstancesAnswer,
  ReportedCapacity,
  TerminationAnswer,
} from "../../ports/capacity-reports.ts";
import type { FoundInstance } from "../ec2/instance-lookup.ts";
import { allInstances, chosenInstances } from "../ec2/instance-lookup.ts";
import { terminate } from "../ec2/terminate-instances.ts";
import type { MachineBackend } from "../ecs/backend.ts";
import { allEnvironments } from "../ecs/clusters.ts";
import type { Call } from "../wire/operations.ts";

type PricedBackend = MachineBackend & { readonly prices: PriceBook };

/** Every instance that was launched, with the jobs on it. For who may describe instances and list jobs. */
export async function listInstances(backend: PricedBackend, call: Call): Promise<InstancesAnswer> {
  demand(call, "ec2:DescribeInstances", "batch:ListJobs");
  return { instances: await launchedInstances(backend, call) };
}

/** What each environment holds. For who may describe environments. */
export async function listEnvironmentUses(backend: MachineBackend, call: Call): Promise<EnvironmentsAnswer> {
  demand(call, "batch:DescribeComputeEnvironments");
  const environments = await allEnvironments(backend, call);
  return {
    environments: environments.map(({ arn, name }): EnvironmentReport => {
      const jobs = backend.scheduler.occupancy(arn)?.jobs ?? [];
      const instances = backend.scheduler.instances(arn);
      const vcpuMilli = jobs.reduce((sum, job) => sum + requirementsOf(job).vcpuMilli, 0);
      return {
        ...{ computeEnvironment: name, computeEnvironmentArn: arn, vcpusInUse: vcpuMilli / 1000 },
        ...(instances !== undefined && { instances: instances.length }),
      };
    }),
  };
}

/** As EC2's TerminateInstances, but it tells which jobs end, and knows nothing of instances that are gone. */
export async function terminateInstance(backend: PricedBackend, call: Call, id: string): Promise<TerminationAnswer> {
  demand(call, "ec2:DescribeInstances", "batch:ListJobs");
  const denied = call.denial("ec2:TerminateInstances", `arn:aws:ec2:${call.region}:${call.account}:instance/${id}`);
  if (denied !== undefined) throw denied;
  const before = await launchedInstances(backend, call);
  chosenInstances(await allInstances(backend, call), [id]);
  await terminate(backend, call, [id]);
  return { instanceId: id, jobs: before.find(({ instanceId }) => instanceId === id)?.jobs ?? [] };
}

function demand(call: Call, ...actions: readonly string[]): void {
  for (const action of actions) {
    const denied = call.denial(action, "*");
    if (denied !== undefined) throw denied;
  }
}

async function launchedInstances(backend: PricedBackend, call: Call): Promise<InstanceReport[]> {
  const found = (await allInstances(backend, call)).filter(({ instance }) => instance.isShare !== true);
  const jobsOf = new Map<string, Map<string, string[]>>();
  for (const { arn } of new Set(found.map(({ environment }) => environment)))
    jobsOf.set(arn, jobsByInstance(backend.scheduler.occupancy(arn)?.jobs ?? []));
  return found.map((one) => report(backend.prices, one, jobsOf.get(one.environment.arn)?.get(one.instance.id) ?? []));
}

/** By instance, the jobs on it; of a multi-node job the node. */
function jobsByInstance(jobs: readonly Job[]): Map<string, string[]> {
  const byInstance = new Map<string, string[]>();
  for (const { id, scheduling, state } of jobs) {
    const attempt = activeAttempt(state);
    for (const { instanceId, containers } of attempt === undefined ? [] : ecsTasks(scheduling, attempt)) {
      const node = containers[0]?.unit?.node;
      const name = node === undefined ? id : nodeId(id, node);
      byInstance.set(instanceId, [...(byInstance.get(instanceId) ?? []), name]);
    }
  }
  return byInstance;
}

function report(prices: PriceBook, { environment, instance }: FoundInstance, jobs: readonly string[]): InstanceReport {
  const isSpot = environment.settings.computeResources?.type === "SPOT";
  const usdPerHour = priceOf(prices, environment.name, instance, isSpot);
  return {
    instanceId: instance.id,
    computeEnvironment: environment.name,
    computeEnvironmentArn: environment.arn,
    instanceType: instance.typeName,
    state: instance.state,
    isDraining: instance.isDraining,
    isSpot,
    total: reported(instance.capacity),
    free: reported(instance.free),
    launchedAt: instance.launchedAt,
    ...(instance.registeredAt !== undefined && { runningAt: instance.registeredAt }),
    ...(usdPerHour !== undefined && { usdPerHour }),
    jobs: [...jobs].sort(),
  };
}

/** Of the whole instance, whatever is on it. */
function priceOf(
  prices: PriceBook,
  environmentName: string,
  { capacity, typeName: type }: FoundInstance["instance"],
  isSpot: boolean,
): number | undefined {
  const size = { vcpuMilli: capacity.vcpuMilli, memoryMiB: capacity.memoryMiB, gpus: capacity.gpus ?? 0 };
  const place = { kind: "instances", instances: [{ type, count: 1 }], size, isWhole: true, isSpot } as const;
  const price = prices({ environmentName, requirements: size, place });
  return price === undefined ? undefined : Math.round(price.nanoUsdPerHour) / 1e9;
}

function reported({ vcpuMilli, memoryMiB, gpus = 0 }: Capacity): ReportedCapacity {
  return { vcpus: vcpuMilli / 1000, memoryMiB, gpus };
}
