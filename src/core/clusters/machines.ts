import type { MachineName } from "./machine-name.ts";
import { machineInstanceId } from "../ecs-names.ts";
import type { Requirements } from "../job.ts";
import { requirementsOf } from "../job.ts";
import type { World } from "../world.ts";
import type { InstanceUse } from "../instances/instance-use.ts";

/** A machine of a cluster, with what its cluster may place there. */
export interface MachineOfCluster extends MachineName {
  /** What pods can use of it. */
  readonly capacity: Requirements;
  /** It answers. */
  readonly isReady: boolean;
  readonly takesPods: boolean;
  /** As its labels tell: node.kubernetes.io/instance-type, topology.kubernetes.io/zone, kubernetes.io/arch. */
  readonly instanceType?: string;
  readonly zone?: string;
  readonly architecture?: string;
  /** Epoch ms. */
  readonly since: number;
  /** As drivers know them. */
  readonly attemptIds: readonly string[];
}

/** The machines of an environment's cluster as its instances, oldest first. What others than the environments here use of them is not known: it counts as free. */
export function machinesAsInstances(
  world: World,
  environmentArn: string,
  machines: readonly MachineOfCluster[],
): InstanceUse[] {
  return machines
    .toSorted((a, b) => a.since - b.since || (a.name < b.name ? -1 : 1))
    .map((machine) => {
      const { capacity, since, name, isReady, takesPods } = machine;
      const used = usedBy(world, machine.attemptIds);
      return {
        instance: {
          ...{ id: machineInstanceId(machine.id), seq: 0, environmentArn, launchedAt: since, runningAt: since },
          type: {
            ...capacity,
            name: machine.instanceType ?? name,
            architecture: machine.architecture === "arm64" ? "ARM64" : "X86_64",
            microUsdPerHour: 0,
          },
          status: takesPods ? "running" : "terminating",
          ...(!isReady && { isSilent: true as const }),
        },
        free: {
          vcpuMilli: Math.max(0, capacity.vcpuMilli - used.vcpuMilli),
          memoryMiB: Math.max(0, capacity.memoryMiB - used.memoryMiB),
          gpus: Math.max(0, capacity.gpus - used.gpus),
        },
        isIdle: machine.attemptIds.length === 0,
        machineName: name,
      };
    });
}

/** What pods there hold: of several nodes of one job, each as much as the largest. */
function usedBy(world: World, attemptIds: readonly string[]): Requirements {
  const used = { vcpuMilli: 0, memoryMiB: 0, gpus: 0 };
  const pods = new Set<string>();
  for (const attemptId of attemptIds) {
    const unit = world.unitOf(attemptId);
    const job = unit?.job ?? world.jobOfAttempt(attemptId);
    if (job === undefined) continue;
    const node = unit && job.scheduling.units![unit.unit]!.node;
    const pod = `${job.id} ${node ?? ""}`;
    if (pods.has(pod)) continue;
    pods.add(pod);
    const held = node === undefined ? requirementsOf(job) : (job.scheduling.eachNode ?? requirementsOf(job));
    used.vcpuMilli += held.vcpuMilli;
    used.memoryMiB += held.memoryMiB;
    used.gpus += held.gpus;
  }
  return used;
}
