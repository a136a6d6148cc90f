import type { EcsProperties, EksContainer, EksProperties, NodeRangeProperty } from "@aws-sdk/client-batch";
import type { JobProperties } from "./job-properties.ts";

/** A command names a parameter that neither the definition nor the submission gives. */
export class UnknownParameter extends Error {
  readonly parameter: string;

  constructor(parameter: string) {
    super(`no parameter ${parameter}`);
    this.parameter = parameter;
  }
}

type Parameters = Readonly<Record<string, string>>;

/**
 * What is to run, with `Ref::name` replaced in the command of every container, and in the args of those of pods (reference 4.3, 10 no. 24).
 *
 * @throws UnknownParameter
 */
export function withParameters(properties: JobProperties, parameters: Parameters): JobProperties {
  const { container, ecsProperties, eksProperties, nodeProperties } = properties;
  if (container !== undefined) return { container: withCommand(container, parameters) };
  if (ecsProperties !== undefined) return { ecsProperties: inTask(ecsProperties, parameters) };
  if (eksProperties !== undefined) return { eksProperties: inPod(eksProperties, parameters) };
  if (nodeProperties === undefined) return {};
  const ranges = nodeProperties.nodeRangeProperties ?? [];
  const replaced = ranges.map((range) => inRange(range, parameters));
  return { nodeProperties: { ...nodeProperties, nodeRangeProperties: replaced } };
}

function inRange(range: NodeRangeProperty, parameters: Parameters): NodeRangeProperty {
  const { container, ecsProperties, eksProperties } = range;
  return {
    ...range,
    ...(container !== undefined && { container: withCommand(container, parameters) }),
    ...(ecsProperties !== undefined && { ecsProperties: inTask(ecsProperties, parameters) }),
    ...(eksProperties !== undefined && { eksProperties: inPod(eksProperties, parameters) }),
  };
}

function inTask({ taskProperties = [] }: EcsProperties, parameters: Parameters): EcsProperties {
  const replaced = taskProperties.map(({ containers = [], ...task }) => ({
    ...task,
    containers: containers.map((container) => withCommand(container, parameters)),
  }));
  return { taskProperties: replaced };
}

function inPod({ podProperties }: EksProperties, parameters: Parameters): EksProperties {
  if (podProperties === undefined) return {};
  const { containers, initContainers, ...pod } = podProperties;
  const replace = (list: readonly EksContainer[]): EksContainer[] =>
    list.map((container) => withArgs(withCommand(container, parameters), parameters));
  return {
    podProperties: {
      ...pod,
      ...(containers !== undefined && { containers: replace(containers) }),
      ...(initContainers !== undefined && { initContainers: replace(initContainers) }),
    },
  };
}

function withCommand<Container extends { command?: string[] | undefined }>(
  container: Container,
  parameters: Parameters,
): Container {
  const { command } = container;
  return command === undefined ? container : { ...container, command: substituted(command, parameters) };
}

function withArgs(container: EksContainer, parameters: Parameters): EksContainer {
  const { args } = container;
  return args === undefined ? container : { ...container, args: substituted(args, parameters) };
}

function substituted(argv: readonly string[], parameters: Parameters): string[] {
  return argv.map((argument) => substitute(argument, parameters));
}

/** The name may contain dots, and ends where the next reference begins (`Ref::name.Ref::ending`). */
const REFERENCE = /Ref::((?:(?!Ref::)[A-Za-z0-9_-])+(?:\.(?:(?!Ref::)[A-Za-z0-9_-])+)*)/g;

/**
 * Replaces `Ref::name` anywhere in an argument (reference 4.3, 10 no. 23). Where no parameter of a dotted name exists, the name ends before a
 * dot (`Ref::file.txt`).
 */
function substitute(argument: string, parameters: Parameters): string {
  return argument.replaceAll(REFERENCE, (_, reference: string) => {
    for (let end = reference.length; end > 0; end = reference.lastIndexOf(".", end - 1)) {
      const name = reference.slice(0, end);
      if (Object.hasOwn(parameters, name)) return parameters[name]! + reference.slice(end);
    }
    throw new UnknownParameter(reference);
  });
}
