import type {
  ContainerProperties,
  EcsTaskProperties,
  EksContainer,
  EksPodProperties,
  NodeProperties,
  NodeRangeProperty,
  RegisterJobDefinitionCommandInput,
  TaskContainerProperties,
} from "@aws-sdk/client-batch";

/** Definitions of every kind that are valid, each with what the test wants to be different. */
export type Definition = Omit<RegisterJobDefinitionCommandInput, "jobDefinitionName">;

export function sizes(vcpus: string, memory: string) {
  return [
    { type: "VCPU" as const, value: vcpus },
    { type: "MEMORY" as const, value: memory },
  ];
}

const ROLE = "arn:aws:iam::123456789012:role/r";

export function container(change: Partial<ContainerProperties> = {}, more: Partial<Definition> = {}): Definition {
  const containerProperties = { image: "scratch", resourceRequirements: sizes("1", "64"), ...change };
  return { type: "container", containerProperties, ...more };
}

export function fargate(change: Partial<ContainerProperties> = {}, more: Partial<Definition> = {}): Definition {
  const base = { executionRoleArn: ROLE, resourceRequirements: sizes("1", "2048") };
  return container({ ...base, ...change }, { platformCapabilities: ["FARGATE"], ...more });
}

export function taskContainer(change: Partial<TaskContainerProperties> = {}): TaskContainerProperties {
  return { image: "scratch", resourceRequirements: sizes("1", "64"), ...change };
}

/** A task of the containers `a` and `b`, with changes to the first one and to the task. */
export function task(
  change: Partial<TaskContainerProperties> = {},
  taskChange: Partial<EcsTaskProperties> = {},
  more: Partial<Definition> = {},
): Definition {
  const containers = [taskContainer({ name: "a", ...change }), taskContainer({ name: "b", essential: false })];
  return { type: "container", ecsProperties: { taskProperties: [{ containers, ...taskChange }] }, ...more };
}

export function managed(
  change: Partial<TaskContainerProperties> = {},
  taskChange: Partial<EcsTaskProperties> = {},
): Definition {
  return task(change, taskChange, { platformCapabilities: ["MANAGED_INSTANCES"] });
}

export function fargateTask(
  change: Partial<TaskContainerProperties> = {},
  taskChange: Partial<EcsTaskProperties> = {},
): Definition {
  const half = { resourceRequirements: sizes("0.5", "1024") };
  const containers = [taskContainer({ ...half, name: "a", ...change }), taskContainer({ ...half, name: "b" })];
  return {
    type: "container",
    platformCapabilities: ["FARGATE"],
    ecsProperties: { taskProperties: [{ containers, executionRoleArn: ROLE, ...taskChange }] },
  };
}

export function podContainer(change: Partial<EksContainer> = {}): EksContainer {
  return { image: "scratch", resources: { limits: { cpu: "1", memory: "64Mi" } }, ...change };
}

/** A pod of one container, with changes to it and to the pod. */
export function pod(
  change: Partial<EksContainer> = {},
  podChange: Partial<EksPodProperties> = {},
  more: Partial<Definition> = {},
): Definition {
  return {
    type: "container",
    eksProperties: { podProperties: { containers: [podContainer(change)], ...podChange } },
    ...more,
  };
}

/** Two nodes in one range, which is `range`, with changes to the nodes. */
export function nodes(
  range: Partial<NodeRangeProperty> = {},
  change: Partial<NodeProperties> = {},
  more: Partial<Definition> = {},
): Definition {
  const nodeRangeProperties = [nodeRange("0:", range)];
  return { type: "multinode", nodeProperties: { numNodes: 2, mainNode: 0, nodeRangeProperties, ...change }, ...more };
}

export function nodeRange(targetNodes: string, change: Partial<NodeRangeProperty> = {}): NodeRangeProperty {
  const properties = container().containerProperties!;
  const isOther = change.ecsProperties !== undefined || change.eksProperties !== undefined;
  return { targetNodes, ...(!isOther && { container: properties }), ...change };
}
