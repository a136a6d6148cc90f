import type {
  ContainerOverrides,
  EksContainer,
  EksContainerOverride,
  KeyValuePair,
  NodePropertyOverride,
  ResourceRequirement,
  ResourceType,
} from "@aws-sdk/client-batch";
import type { JobProperties } from "./job-properties.ts";
import type { Overrides } from "./submit.ts";

/** How the image is overridden in a request: a type of requirement that AWS Batch does not have. */
const IMAGE = "IMAGE" as ResourceType;

interface Container {
  readonly image?: string | undefined;
  readonly command?: string[] | undefined;
  readonly environment?: KeyValuePair[] | undefined;
  readonly resourceRequirements?: ResourceRequirement[] | undefined;
}

/**
 * What SubmitJob has to be told beside the definition so that `actual` comes of it. What cannot be overridden is left out: whoever needs to know
 * merges it and compares.
 *
 * @param base what the definition alone comes to, parameters replaced; undefined when it is gone.
 */
export function overridesBetween(base: JobProperties | undefined, actual: JobProperties): Overrides {
  const { container, ecsProperties, eksProperties, nodeProperties } = actual;
  if (container !== undefined) return inMember("containerOverrides", commonOverrides(base?.container, container));
  if (ecsProperties !== undefined) return ofTask(base, actual);
  if (eksProperties !== undefined) return ofPod(base, actual);
  return nodeProperties === undefined ? {} : ofNodes(base, actual);
}

function inMember<Name extends keyof Overrides>(name: Name, value: Overrides[Name] | undefined): Overrides {
  return value === undefined ? {} : { [name]: value };
}

function ofTask(base: JobProperties | undefined, { ecsProperties }: JobProperties): Overrides {
  const own = base?.ecsProperties?.taskProperties?.[0]?.containers ?? [];
  const containers = (ecsProperties?.taskProperties?.[0]?.containers ?? []).flatMap((container, at) => {
    const over = commonOverrides(own[at], container);
    if (over === undefined) return [];
    return [{ ...over, ...(container.name !== undefined && { name: container.name }) }];
  });
  return inMember("ecsPropertiesOverride", containers.length === 0 ? undefined : { taskProperties: [{ containers }] });
}

function ofPod(base: JobProperties | undefined, { eksProperties }: JobProperties): Overrides {
  const [own, pod] = [base?.eksProperties?.podProperties, eksProperties?.podProperties];
  const containers = podOverrides(own?.containers, pod?.containers);
  const initContainers = podOverrides(own?.initContainers, pod?.initContainers);
  const hasMetadata = pod?.metadata !== undefined && !isEqual(own?.metadata, pod.metadata);
  if (containers.length === 0 && initContainers.length === 0 && !hasMetadata) return {};
  return {
    eksPropertiesOverride: {
      podProperties: {
        ...(containers.length > 0 && { containers }),
        ...(initContainers.length > 0 && { initContainers }),
        ...(hasMetadata && { metadata: pod.metadata }),
      },
    },
  };
}

function podOverrides(
  base: readonly EksContainer[] | undefined,
  actual: readonly EksContainer[] | undefined,
): EksContainerOverride[] {
  return (actual ?? []).flatMap((container, at) => {
    const own = base?.[at];
    const over: EksContainerOverride = {
      ...(container.image !== own?.image && { image: container.image }),
      ...(!isEqual(own?.command, container.command) && { command: container.command }),
      ...(!isEqual(own?.args, container.args) && { args: container.args }),
      ...(!isEqual(own?.env, container.env) && { env: changed(own?.env, container.env) }),
      ...(!isEqual(own?.resources, container.resources) && { resources: container.resources }),
    };
    if (Object.keys(over).length === 0) return [];
    return [{ ...over, ...(container.name !== undefined && { name: container.name }) }];
  });
}

function ofNodes(base: JobProperties | undefined, { nodeProperties }: JobProperties): Overrides {
  const own = base?.nodeProperties;
  const ranges = nodeProperties?.nodeRangeProperties ?? [];
  const nodePropertyOverrides = ranges.flatMap((range, at): NodePropertyOverride[] => {
    const over = overridesBetween(own?.nodeRangeProperties?.[at], range);
    const types = isEqual(own?.nodeRangeProperties?.[at]?.instanceTypes, range.instanceTypes)
      ? {}
      : { instanceTypes: range.instanceTypes };
    const all = { ...over, ...types };
    return Object.keys(all).length === 0 ? [] : [{ targetNodes: range.targetNodes, ...all }];
  });
  const numNodes = nodeProperties?.numNodes === own?.numNodes ? undefined : nodeProperties?.numNodes;
  if (nodePropertyOverrides.length === 0 && numNodes === undefined) return {};
  return {
    nodeOverrides: {
      ...(numNodes !== undefined && { numNodes }),
      ...(nodePropertyOverrides.length > 0 && { nodePropertyOverrides }),
    },
  };
}

function commonOverrides(base: Container | undefined, actual: Container): ContainerOverrides | undefined {
  const environment = changed(base?.environment, actual.environment);
  const own = new Map(base?.resourceRequirements?.map(({ type, value }) => [type, value]));
  const resources = (actual.resourceRequirements ?? []).filter(({ type, value }) => own.get(type) !== value);
  const requirements: ResourceRequirement[] = [
    ...(actual.image !== undefined && actual.image !== base?.image ? [{ type: IMAGE, value: actual.image }] : []),
    ...resources,
  ];
  const over: ContainerOverrides = {
    ...(actual.command?.length && !isEqual(base?.command, actual.command) && { command: actual.command }),
    ...(environment.length > 0 && { environment }),
    ...(requirements.length > 0 && { resourceRequirements: requirements }),
  };
  return Object.keys(over).length === 0 ? undefined : over;
}

function changed<Pair extends { name?: string | undefined; value?: string | undefined }>(
  base: readonly Pair[] | undefined,
  actual: readonly Pair[] | undefined,
): Pair[] {
  const own = new Map(base?.map(({ name, value }) => [name, value]));
  return (actual ?? []).filter(({ name, value }) => !own.has(name) || own.get(name) !== value);
}

/** JSON values, whose members may be in any order. */
export function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
