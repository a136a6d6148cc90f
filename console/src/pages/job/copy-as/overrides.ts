import type {
  ContainerOverrides,
  EksContainer,
  EksContainerOverride,
  JobDefinition,
  JobDetail,
  KeyValuePair,
  NodeRangeProperty,
  ResourceRequirement,
  ResourceType,
  SubmitJobRequest,
} from "@aws-sdk/client-batch";
import { isSame } from "./same.ts";
import { withParameters } from "./substitute.ts";

type Overrides = Pick<
  SubmitJobRequest,
  "containerOverrides" | "ecsPropertiesOverride" | "eksPropertiesOverride" | "nodeOverrides"
>;

type Parameters = Readonly<Record<string, string>>;

/** A type of requirement that AWS's own clients send as it is, and that the server takes for the image. */
const IMAGE = "IMAGE" as ResourceType;

/** What a job's containers have otherwise than its definition. */
export function overridesOf(job: JobDetail, definition: Partial<JobDefinition>): Overrides {
  const parameters = job.parameters ?? {};
  const { nodeProperties, ecsProperties, eksProperties, container } = job;
  if (nodeProperties !== undefined) return nodeOverrides(job, definition, parameters);
  if (ecsProperties !== undefined) {
    const [ran] = ecsProperties.taskProperties ?? [];
    const [defined] = definition.ecsProperties?.taskProperties ?? [];
    const containers = taskOverrides(ran?.containers ?? [], defined?.containers ?? [], parameters);
    return containers.length === 0 ? {} : { ecsPropertiesOverride: { taskProperties: [{ containers }] } };
  }
  if (eksProperties !== undefined) return podOverrides(job, definition, parameters);
  const overrides = containerOverrides(container ?? {}, definition.containerProperties ?? {}, parameters);
  return Object.keys(overrides).length === 0 ? {} : { containerOverrides: overrides };
}

interface Ran {
  readonly image?: string | undefined;
  readonly command?: string[] | undefined;
  readonly environment?: KeyValuePair[] | undefined;
  readonly resourceRequirements?: ResourceRequirement[] | undefined;
  readonly vcpus?: number | undefined;
  readonly memory?: number | undefined;
  readonly instanceType?: string | undefined;
}

function containerOverrides(ran: Ran, defined: Ran, parameters: Parameters): ContainerOverrides {
  const command = ran.command ?? [];
  const isOwnCommand = isSame(command, withParameters(defined.command ?? [], parameters));
  const environment = differing(ran.environment ?? [], defined.environment ?? [], ({ name }) => name ?? "");
  const requirements = differing(requirementsOf(ran), requirementsOf(defined), ({ type }) => type ?? "");
  const { image } = ran;
  const resources = [
    ...(image === undefined || image === defined.image ? [] : [{ type: IMAGE, value: image }]),
    ...requirements,
  ];
  return {
    ...(command.length > 0 && !isOwnCommand && { command }),
    ...(environment.length > 0 && { environment }),
    ...(resources.length > 0 && { resourceRequirements: resources }),
    ...(ran.instanceType !== undefined &&
      ran.instanceType !== defined.instanceType && { instanceType: ran.instanceType }),
  };
}

/** `vcpus` and `memory` are the older way to say the same. */
function requirementsOf({ vcpus = 0, memory = 0, resourceRequirements = [] }: Ran): ResourceRequirement[] {
  const legacy: ResourceRequirement[] = [
    ...(vcpus > 0 ? [{ type: "VCPU" as const, value: String(vcpus) }] : []),
    ...(memory > 0 ? [{ type: "MEMORY" as const, value: String(memory) }] : []),
  ];
  const named = new Set(resourceRequirements.map(({ type }) => type));
  return [...resourceRequirements, ...legacy.filter(({ type }) => !named.has(type))];
}

function differing<Item>(ran: readonly Item[], defined: readonly Item[], keyOf: (item: Item) => string): Item[] {
  const before = new Map(defined.map((item) => [keyOf(item), item]));
  return ran.filter((item) => !isSame(before.get(keyOf(item)), item));
}

interface Named extends Ran {
  readonly name?: string | undefined;
}

function taskOverrides(ran: readonly Named[], defined: readonly Named[], parameters: Parameters) {
  return ran.flatMap((container, index) => {
    const overrides = containerOverrides(container, defined[index] ?? {}, parameters);
    if (Object.keys(overrides).length === 0) return [];
    return [{ ...(container.name !== undefined && { name: container.name }), ...overrides }];
  });
}

function podOverrides(job: JobDetail, definition: Partial<JobDefinition>, parameters: Parameters): Overrides {
  const ran = job.eksProperties?.podProperties ?? {};
  const defined = definition.eksProperties?.podProperties ?? {};
  const containers = podContainers(ran.containers ?? [], defined.containers ?? [], parameters);
  const initContainers = podContainers(ran.initContainers ?? [], defined.initContainers ?? [], parameters);
  const isOwnMetadata = ran.metadata === undefined || isSame(ran.metadata, defined.metadata);
  const podProperties = {
    ...(containers.length > 0 && { containers }),
    ...(initContainers.length > 0 && { initContainers }),
    ...(!isOwnMetadata && { metadata: ran.metadata }),
  };
  return Object.keys(podProperties).length === 0 ? {} : { eksPropertiesOverride: { podProperties } };
}

function podContainers(
  ran: readonly Partial<EksContainer>[],
  defined: readonly Partial<EksContainer>[],
  parameters: Parameters,
): EksContainerOverride[] {
  return ran.flatMap((container, index) => {
    const before: Partial<EksContainer> = defined[index] ?? {};
    const env = differing(container.env ?? [], before.env ?? [], ({ name }) => name ?? "");
    const isOwn = (member: "command" | "args"): boolean =>
      isSame(container[member] ?? [], withParameters(before[member] ?? [], parameters));
    const overrides = {
      ...(container.image !== before.image && { image: container.image }),
      ...(!isOwn("command") && { command: container.command }),
      ...(!isOwn("args") && { args: container.args }),
      ...(env.length > 0 && { env }),
      ...(container.resources !== undefined &&
        !isSame(container.resources, before.resources) && { resources: container.resources }),
    };
    if (Object.keys(overrides).length === 0) return [];
    return [{ ...(container.name !== undefined && { name: container.name }), ...overrides }];
  });
}

function nodeOverrides(job: JobDetail, definition: Partial<JobDefinition>, parameters: Parameters): Overrides {
  const { numNodes, nodeRangeProperties = [] } = job.nodeProperties!;
  const defined = definition.nodeProperties?.nodeRangeProperties ?? [];
  const nodePropertyOverrides = nodeRangeProperties.flatMap((range, index) => {
    const overrides = rangeOverrides(range, defined[index], parameters);
    return Object.keys(overrides).length === 0 ? [] : [{ targetNodes: range.targetNodes, ...overrides }];
  });
  const isOwnNumber = numNodes === definition.nodeProperties?.numNodes;
  const overrides = {
    ...(!isOwnNumber && { numNodes }),
    ...(nodePropertyOverrides.length > 0 && { nodePropertyOverrides }),
  };
  return Object.keys(overrides).length === 0 ? {} : { nodeOverrides: overrides };
}

function rangeOverrides(ran: NodeRangeProperty, defined: NodeRangeProperty | undefined, parameters: Parameters) {
  if (ran.container !== undefined) {
    const overrides = containerOverrides(ran.container, defined?.container ?? {}, parameters);
    return Object.keys(overrides).length === 0 ? {} : { containerOverrides: overrides };
  }
  const [task] = ran.ecsProperties?.taskProperties ?? [];
  const [own] = defined?.ecsProperties?.taskProperties ?? [];
  const containers = taskOverrides(task?.containers ?? [], own?.containers ?? [], parameters);
  return containers.length === 0 ? {} : { ecsPropertiesOverride: { taskProperties: [{ containers }] } };
}
