import type {
  ContainerProperties,
  EcsProperties,
  EksContainer,
  EksProperties,
  NodeProperties,
  ResourceRequirement,
} from "@aws-sdk/client-batch";
import type { Requirements } from "../job.ts";
import type { JobProperties } from "./job-properties.ts";
import { rangeOfEachNode } from "../tasks/nodes.ts";

const NOTHING: Requirements = { vcpuMilli: 0, memoryMiB: 0, gpus: 0 };

/** What one attempt holds of an instance while it runs: all its containers on all its nodes. */
export function totalRequirements({ container, ecsProperties, eksProperties, nodeProperties }: JobProperties) {
  if (container !== undefined) return containerRequirements(container);
  if (ecsProperties !== undefined) return taskRequirements(ecsProperties);
  if (eksProperties !== undefined) return podRequirements(eksProperties);
  return nodeProperties === undefined ? NOTHING : nodeRequirements(nodeProperties);
}

/** In milli-vCPU and MiB; 0 for what is not given. `resourceRequirements` wins over the deprecated members. */
export function containerRequirements(container: ContainerProperties): Requirements {
  const { resourceRequirements, vcpus = 0, memory = 0 } = container;
  return {
    vcpuMilli: Math.round((valueOf(resourceRequirements, "VCPU") ?? vcpus) * 1000),
    memoryMiB: valueOf(resourceRequirements, "MEMORY") ?? memory,
    gpus: valueOf(resourceRequirements, "GPU") ?? 0,
  };
}

export function taskRequirements({ taskProperties = [] }: EcsProperties): Requirements {
  const containers = taskProperties.flatMap((task) => task.containers ?? []);
  return containers
    .map(({ resourceRequirements }) => containerRequirements({ resourceRequirements }))
    .reduce(sum, NOTHING);
}

/** The containers run together, the init containers before them and one after the other: the larger need counts, as with Kubernetes. */
export function podRequirements({ podProperties }: EksProperties): Requirements {
  const { containers = [], initContainers = [] } = podProperties ?? {};
  const together = containers.map(podContainerRequirements).reduce(sum, NOTHING);
  return initContainers.map(podContainerRequirements).reduce(largest, together);
}

/** The requests, and where there are none the limits. */
export function podContainerRequirements({ resources }: EksContainer): Requirements {
  const amount = (kind: string): number =>
    Number.parseFloat(resources?.requests?.[kind] ?? resources?.limits?.[kind] ?? "0");
  return {
    vcpuMilli: Math.round(amount("cpu") * 1000),
    memoryMiB: amount("memory"),
    gpus: amount("nvidia.com/gpu"),
  };
}

/** The most that any node asks for of each kind. */
export function largestNode(nodes: NodeProperties): Requirements {
  return [...new Set(rangeOfEachNode(nodes))]
    .map((range) => (range === undefined ? NOTHING : totalRequirements(range)))
    .reduce(largest, NOTHING);
}

function nodeRequirements(nodes: NodeProperties): Requirements {
  const ofRange = new Map((nodes.nodeRangeProperties ?? []).map((range) => [range, totalRequirements(range)]));
  return rangeOfEachNode(nodes)
    .map((range) => ofRange.get(range) ?? NOTHING)
    .reduce(sum, NOTHING);
}

function valueOf(requirements: readonly ResourceRequirement[] | undefined, type: string): number | undefined {
  const requirement = requirements?.find((one) => one.type === type);
  return requirement === undefined ? undefined : Number(requirement.value);
}

function sum(a: Requirements, b: Requirements): Requirements {
  return {
    vcpuMilli: a.vcpuMilli + b.vcpuMilli,
    memoryMiB: a.memoryMiB + b.memoryMiB,
    gpus: a.gpus + b.gpus,
  };
}

function largest(a: Requirements, b: Requirements): Requirements {
  return {
    vcpuMilli: Math.max(a.vcpuMilli, b.vcpuMilli),
    memoryMiB: Math.max(a.memoryMiB, b.memoryMiB),
    gpus: Math.max(a.gpus, b.gpus),
  };
}
