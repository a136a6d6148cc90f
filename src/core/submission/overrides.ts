import type {
  ContainerOverrides,
  ContainerProperties,
  EcsProperties,
  EcsPropertiesOverride,
  EksContainer,
  EksContainerOverride,
  EksContainerResourceRequirements,
  EksMetadata,
  EksProperties,
  EksPropertiesOverride,
  ResourceRequirement,
  TaskContainerOverrides,
  TaskContainerProperties,
} from "@aws-sdk/client-batch";
import { DEFAULT_NAME } from "./log-target.ts";

/** A container of a definition with SubmitJob's overrides merged in (reference 4.11). */
export function mergeContainer(
  definition: ContainerProperties,
  overrides: ContainerOverrides | undefined,
): ContainerProperties {
  if (overrides === undefined) return definition;
  return {
    ...definition,
    ...mergeLegacyResources(definition, overrides),
    ...mergeCommon(definition, overrides),
    ...(overrides.instanceType !== undefined && { instanceType: overrides.instanceType }),
  };
}

/** The same for a task, container by container. */
export function mergeTask(definition: EcsProperties, overrides: EcsPropertiesOverride | undefined): EcsProperties {
  const over = overrides?.taskProperties?.[0]?.containers ?? [];
  if (over.length === 0) return definition;
  const merged = (definition.taskProperties ?? []).map(({ containers = [], ...task }) => ({
    ...task,
    containers: containers.map((container) =>
      mergeTaskContainer(container, overrideOf(container, containers, over, DEFAULT_NAME.ecs)),
    ),
  }));
  return { taskProperties: merged };
}

function mergeTaskContainer(
  container: TaskContainerProperties,
  overrides: TaskContainerOverrides | undefined,
): TaskContainerProperties {
  return overrides === undefined ? container : { ...container, ...mergeCommon(container, overrides) };
}

/** The same for a pod, whose metadata can be overridden too. */
export function mergePod(definition: EksProperties, overrides: EksPropertiesOverride | undefined): EksProperties {
  const pod = definition.podProperties;
  const over = overrides?.podProperties;
  if (pod === undefined || over === undefined) return definition;
  const { containers, initContainers } = pod;
  return {
    podProperties: {
      ...pod,
      ...(containers !== undefined && { containers: mergePodContainers(containers, over.containers ?? []) }),
      ...(initContainers !== undefined && {
        initContainers: mergePodContainers(initContainers, over.initContainers ?? []),
      }),
      ...(over.metadata !== undefined && { metadata: mergeMetadata(pod.metadata ?? {}, over.metadata) }),
    },
  };
}

function mergePodContainers(
  containers: readonly EksContainer[],
  overrides: readonly EksContainerOverride[],
): EksContainer[] {
  return containers.map((container) => {
    const over = overrideOf(container, containers, overrides, DEFAULT_NAME.eks);
    if (over === undefined) return container;
    return {
      ...container,
      ...(over.image && { image: over.image }),
      ...(over.command?.length && { command: over.command }),
      ...(over.args?.length && { args: over.args }),
      ...(over.env !== undefined && { env: mergeByName(container.env ?? [], over.env) }),
      ...(over.resources !== undefined && { resources: mergePodResources(container.resources ?? {}, over.resources) }),
    };
  });
}

/** A kind of resource that the override names takes both its limit and its request from there, as `resourceRequirements` does by type. */
function mergePodResources(
  base: EksContainerResourceRequirements,
  over: EksContainerResourceRequirements,
): EksContainerResourceRequirements {
  const overridden = new Set([...Object.keys(over.limits ?? {}), ...Object.keys(over.requests ?? {})]);
  const merge = (from: Record<string, string> | undefined, to: Record<string, string> | undefined) => {
    if (from === undefined && to === undefined) return undefined;
    const kept = Object.entries(from ?? {}).filter(([kind]) => !overridden.has(kind));
    return { ...Object.fromEntries(kept), ...to };
  };
  const limits = merge(base.limits, over.limits);
  const requests = merge(base.requests, over.requests);
  return { ...(limits !== undefined && { limits }), ...(requests !== undefined && { requests }) };
}

function mergeMetadata(base: EksMetadata, over: EksMetadata): EksMetadata {
  return {
    ...base,
    ...(over.labels !== undefined && { labels: { ...base.labels, ...over.labels } }),
    ...(over.annotations !== undefined && { annotations: { ...base.annotations, ...over.annotations } }),
    ...(over.namespace !== undefined && { namespace: over.namespace }),
  };
}

interface Named {
  readonly name?: string | undefined;
}

/** Which entry is meant for a container: that of its name. A container that is alone need not be named, neither here nor there. */
function overrideOf<Override extends Named>(
  container: Named,
  containers: readonly Named[],
  overrides: readonly Override[],
  defaultName: string,
): Override | undefined {
  if (containers.length === 1 && (container.name === undefined || overrides[0]?.name === undefined)) {
    return overrides[0];
  }
  return overrides.find(({ name }) => name === (container.name ?? defaultName));
}

/** What AWS Batch has no member for: the image to run instead of the definition's. */
export interface ImageOverride {
  /** One, when the request is valid. */
  readonly images?: readonly string[];
}

interface EcsContainer extends ImageOverride {
  readonly command?: string[] | undefined;
  readonly environment?: { name?: string | undefined; value?: string | undefined }[] | undefined;
  readonly resourceRequirements?: ResourceRequirement[] | undefined;
}

/** The members that both kinds of ECS containers can have overridden. An empty command means none. */
function mergeCommon(definition: EcsContainer, overrides: EcsContainer) {
  const { command, environment, resourceRequirements, images } = overrides;
  return {
    ...(images !== undefined && { image: images[0] }),
    ...(command?.length && { command }),
    ...(environment !== undefined && { environment: mergeByName(definition.environment ?? [], environment) }),
    ...(resourceRequirements !== undefined && {
      resourceRequirements: mergeRequirements(definition.resourceRequirements ?? [], resourceRequirements),
    }),
  };
}

function mergeRequirements(base: ResourceRequirement[], over: ResourceRequirement[]): ResourceRequirement[] {
  const overridden = new Set(over.map(({ type }) => type));
  return [...base.filter(({ type }) => !overridden.has(type)), ...over];
}

/** The deprecated members override only each other, and give way to an overriding `resourceRequirements` (reference 4.4, 10 no. 25). */
function mergeLegacyResources(definition: ContainerProperties, overrides: ContainerOverrides): ContainerProperties {
  const overridden = new Set(overrides.resourceRequirements?.map(({ type }) => type));
  const { vcpus, memory } = definition;
  return {
    ...(vcpus !== undefined && { vcpus: overridden.has("VCPU") ? undefined : (overrides.vcpus ?? vcpus) }),
    ...(memory !== undefined && { memory: overridden.has("MEMORY") ? undefined : (overrides.memory ?? memory) }),
  };
}

function mergeByName<Entry extends Named>(base: readonly Entry[], over: readonly Entry[]): Entry[] {
  const merged = new Map(base.map((entry) => [entry.name, entry]));
  for (const entry of over) merged.set(entry.name, entry);
  return [...merged.values()];
}
