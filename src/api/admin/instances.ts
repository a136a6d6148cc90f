import { ecsTasks } from "../../core/ecs-tasks.ts";
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

/** Every instance that was launched, with the jobs on it. For who may describe instances and list jobs. */
export async function listInstances(backend: MachineBackend, call: Call): Promise<InstancesAnswer> {
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
export async function terminateInstance(backend: MachineBackend, call: Call, id: string): Promise<TerminationAnswer> {
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

async function launchedInstances(backend: MachineBackend, call: Call): Promise<InstanceReport[]> {
  const found = (await allInstances(backend, call)).filter(({ instance }) => instance.isShare !== true);
  const jobsOf = new Map<string, Map<string, string[]>>();
  for (const { arn } of new Set(found.map(({ environment }) => environment)))
    jobsOf.set(arn, jobsByInstance(backend.scheduler.occupancy(arn)?.jobs ?? []));
  return found.map((one) => report(one, jobsOf.get(one.environment.arn)?.get(one.instance.id) ?? []));
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

function report({ environment, instance }: FoundInstance, jobs: readonly string[]): InstanceReport {
  return {
    instanceId: instance.id,
    computeEnvironment: environment.name,
    computeEnvironmentArn: environment.arn,
    instanceType: instance.typeName,
    state: instance.state,
    isDraining: instance.isDraining,
    isSpot: environment.settings.computeResources?.type === "SPOT",
    total: reported(instance.capacity),
    free: reported(instance.free),
    launchedAt: instance.launchedAt,
    ...(instance.registeredAt !== undefined && { runningAt: instance.registeredAt }),
    jobs: [...jobs].sort(),
  };
}

function reported({ vcpuMilli, memoryMiB, gpus = 0 }: Capacity): ReportedCapacity {
  return { vcpus: vcpuMilli / 1000, memoryMiB, gpus };
}
