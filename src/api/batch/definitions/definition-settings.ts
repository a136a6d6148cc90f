import type {
  ContainerProperties,
  EcsProperties,
  EksContainer,
  EksProperties,
  LinuxParameters,
  LogConfiguration,
  NodeProperties,
  RetryStrategy,
} from "@aws-sdk/client-batch";
import type { DefinitionSettings } from "../../../ports/store.ts";
import type { BatchInput } from "../../wire/operations.ts";
import { isPod, platformOf } from "./definition-rules.ts";

type Registration = BatchInput<"RegisterJobDefinition">;

/** What was registered, with what AWS fills in, so that a description can be registered again as it is (reference 4.1). */
export function newSettings(input: Registration): DefinitionSettings {
  const { jobDefinitionName: _, containerProperties, ecsProperties, eksProperties, nodeProperties, ...rest } = input;
  const isFargate = platformOf(input) === "FARGATE";
  return {
    ...rest,
    parameters: input.parameters ?? {},
    tags: input.tags ?? {},
    ...(containerProperties && { containerProperties: filledContainer(containerProperties, isFargate) }),
    ...(ecsProperties && { ecsProperties: filledTasks(ecsProperties, isFargate) }),
    ...(eksProperties && { eksProperties: filledPod(eksProperties) }),
    ...(nodeProperties && { nodeProperties: filledNodes(nodeProperties) }),
    ...(input.retryStrategy && { retryStrategy: lowerCaseActions(input.retryStrategy) }),
    containerOrchestrationType: isPod(input) ? "EKS" : "ECS",
  };
}

/** `evaluateOnExit` actions come back in lower case. */
export function lowerCaseActions({ attempts, evaluateOnExit = [] }: RetryStrategy): RetryStrategy {
  const conditions = evaluateOnExit.map((condition) => ({
    ...condition,
    action: condition.action!.toLowerCase() as "RETRY",
  }));
  return { attempts, evaluateOnExit: conditions };
}

function filledContainer(container: ContainerProperties, isFargate: boolean): ContainerProperties {
  return {
    ...{ command: [], mountPoints: [], resourceRequirements: [], secrets: [], ulimits: [], volumes: [] },
    ...container,
    ...filledCommon(container),
    ...(isFargate && {
      fargatePlatformConfiguration: { platformVersion: "LATEST", ...container.fargatePlatformConfiguration },
    }),
  };
}

function filledTasks({ taskProperties = [] }: EcsProperties, isFargate: boolean): EcsProperties {
  const lists = { command: [], dependsOn: [], mountPoints: [], resourceRequirements: [], secrets: [], ulimits: [] };
  const filled = taskProperties.map(({ containers = [], ...task }) => ({
    volumes: [],
    ...(isFargate && { platformVersion: "LATEST" }),
    ...task,
    containers: containers.map((container) => ({
      ...lists,
      essential: true,
      ...container,
      ...filledCommon(container),
    })),
  }));
  return { taskProperties: filled };
}

/** The members of both kinds of ECS containers whose insides are filled in too. Variables with an empty value are dropped. */
function filledCommon(container: Pick<ContainerProperties, "environment" | "linuxParameters" | "logConfiguration">) {
  const { environment, linuxParameters, logConfiguration } = container;
  return {
    environment: withoutEmpty(environment),
    ...(linuxParameters && { linuxParameters: filledLinux(linuxParameters) }),
    ...(logConfiguration && { logConfiguration: filledLog(logConfiguration) }),
  };
}

function filledLinux({ devices = [], tmpfs = [], ...rest }: LinuxParameters): LinuxParameters {
  return {
    ...rest,
    devices: devices.map((device) => ({ permissions: [], ...device })),
    tmpfs: tmpfs.map((mount) => ({ mountOptions: [], ...mount })),
  };
}

function filledLog(configuration: LogConfiguration): LogConfiguration {
  return { options: {}, secretOptions: [], ...configuration };
}

function filledPod({ podProperties }: EksProperties): EksProperties {
  if (podProperties === undefined) return {};
  const { containers, initContainers, ...pod } = podProperties;
  return {
    podProperties: {
      volumes: [],
      ...pod,
      ...(containers && { containers: containers.map(filledPodContainer) }),
      ...(initContainers && { initContainers: initContainers.map(filledPodContainer) }),
    },
  };
}

function filledPodContainer(container: EksContainer): EksContainer {
  return { command: [], args: [], volumeMounts: [], ...container, env: withoutEmpty(container.env) };
}

function filledNodes({ nodeRangeProperties = [], ...nodes }: NodeProperties): NodeProperties {
  const ranges = nodeRangeProperties.map(({ container, ecsProperties, eksProperties, ...range }) => ({
    ...range,
    ...(container && { container: filledContainer(container, false) }),
    ...(ecsProperties && { ecsProperties: filledTasks(ecsProperties, false) }),
    ...(eksProperties && { eksProperties: filledPod(eksProperties) }),
  }));
  return { ...nodes, nodeRangeProperties: ranges };
}

function withoutEmpty<Variable extends { value?: string | undefined }>(
  variables: readonly Variable[] = [],
): Variable[] {
  return variables.filter(({ value }) => value !== undefined && value !== "");
}
