import type {
  ContainerOverrides,
  EcsPropertiesOverride,
  EksPropertiesOverride,
  NodeOverrides,
  NodeProperties,
  RetryStrategy as ApiRetryStrategy,
} from "@aws-sdk/client-batch";
import { NO_IMAGE } from "../driver-name.ts";
import type { Architecture } from "../instances/instance.ts";
import type { ConsumableNeed, Dependency, RetryStrategy, Scheduling } from "../job.ts";
import type { JobProperties } from "./job-properties.ts";
import { logTarget } from "./log-target.ts";
import { memoryLadder } from "./memory-ladder.ts";
import { mergeNodes } from "./node-overrides.ts";
import { mergeContainer, mergePod, mergeTask } from "./overrides.ts";
import { largestNode, totalRequirements } from "./requirements.ts";
import { unitsOf } from "../tasks/units.ts";

/** SubmitJob's members that override what a definition runs. Only the one for the definition's kind has an effect. */
export interface Overrides {
  readonly containerOverrides?: ContainerOverrides | undefined;
  readonly ecsPropertiesOverride?: EcsPropertiesOverride | undefined;
  readonly eksPropertiesOverride?: EksPropertiesOverride | undefined;
  readonly nodeOverrides?: NodeOverrides | undefined;
}

/** What a definition runs, with SubmitJob's overrides merged in (reference 4.11). */
export function mergeProperties(definition: JobProperties, overrides: Overrides): JobProperties {
  const { container, ecsProperties, eksProperties, nodeProperties } = definition;
  if (container !== undefined) return { container: mergeContainer(container, overrides.containerOverrides) };
  if (ecsProperties !== undefined) return { ecsProperties: mergeTask(ecsProperties, overrides.ecsPropertiesOverride) };
  if (eksProperties !== undefined) return { eksProperties: mergePod(eksProperties, overrides.eksPropertiesOverride) };
  if (nodeProperties !== undefined) return { nodeProperties: mergeNodes(nodeProperties, overrides.nodeOverrides) };
  return {};
}

/** What the scheduler has to know of a job, from its merged properties and what was submitted. */
export function schedulingOf(job: {
  properties: JobProperties;
  definitionName: string;
  retryStrategy: ApiRetryStrategy | undefined;
  timeoutSeconds: number | undefined;
  dependsOn: readonly Dependency[];
  arraySize: number | undefined;
  /** In a queue with a fair-share policy. */
  share?: string | undefined;
  priority?: number | undefined;
  maxActiveChildren?: number | undefined;
  memoryLadder?: string | undefined;
  infrastructureRetries?: number | undefined;
  expectedSeconds?: number | undefined;
  consumables: readonly ConsumableNeed[];
  refusal?: string | undefined;
  /** platformCapabilities of the definition. */
  capabilities?: readonly string[];
}): Scheduling {
  const { properties, definitionName } = job;
  const { container, nodeProperties } = properties;
  const log = container && logTarget(container.logConfiguration, definitionName);
  const units = unitsOf(properties, definitionName);
  const architecture = architectureOf(properties);
  const instanceType = instanceTypeOf(nodeProperties);
  const requirements = totalRequirements(properties);
  const ladder = memoryLadder(job.memoryLadder ?? "", requirements.memoryMiB);
  return {
    requirements,
    ...(job.share !== undefined && { share: job.share }),
    ...(job.priority !== undefined && { priority: job.priority }),
    ...(job.consumables.length > 0 && { consumables: job.consumables }),
    retry: retryOf(job.retryStrategy),
    ...(job.infrastructureRetries !== undefined && { infrastructureRetries: job.infrastructureRetries }),
    // Several containers share what the job asks for: nobody knows which of them is to have more.
    ...(ladder !== undefined && ladder.length > 0 && units === undefined && { memoryLadder: ladder }),
    dependsOn: job.dependsOn,
    needsImage: imagesOf(properties).some((image) => image !== NO_IMAGE),
    ...(job.timeoutSeconds !== undefined && { timeoutSeconds: job.timeoutSeconds }),
    ...(job.expectedSeconds !== undefined && { expectedSeconds: job.expectedSeconds }),
    ...(job.refusal !== undefined && { refusal: job.refusal }),
    ...(job.arraySize !== undefined && {
      arraySize: job.arraySize,
      ...(job.maxActiveChildren !== undefined && { maxActiveChildren: job.maxActiveChildren }),
    }),
    ...(log !== undefined && { log }),
    ...(units !== undefined && { units }),
    ...(nodeProperties !== undefined && {
      nodes: { count: nodeProperties.numNodes!, main: nodeProperties.mainNode! },
      eachNode: largestNode(nodeProperties),
      ...(instanceType !== undefined && { instanceType }),
    }),
    ...(architecture !== undefined && { architecture }),
    ...(job.capabilities?.includes("FARGATE") === true && { needsFargate: true }),
  };
}

/** All ranges that name one name the same. */
function instanceTypeOf(nodes: NodeProperties | undefined): string | undefined {
  const ranges = nodes?.nodeRangeProperties ?? [];
  return ranges
    .flatMap(({ instanceTypes = [], container }) => [...instanceTypes, container?.instanceType])
    .find(Boolean);
}

/** That of its first container that says which; registration accepts no other values. */
function architectureOf({ container, ecsProperties, nodeProperties }: JobProperties): Architecture | undefined {
  const tasks = ecsProperties?.taskProperties ?? [];
  const platforms = [container, ...tasks].map((one) => one?.runtimePlatform?.cpuArchitecture);
  const ofNodes = nodeProperties?.nodeRangeProperties?.map(architectureOf) ?? [];
  return [...platforms, ...ofNodes].find((one) => one === "X86_64" || one === "ARM64");
}

function imagesOf(properties: JobProperties): (string | undefined)[] {
  const { container, ecsProperties, eksProperties, nodeProperties } = properties;
  const task = ecsProperties?.taskProperties?.flatMap(({ containers }) => containers ?? []) ?? [];
  const { containers = [], initContainers = [] } = eksProperties?.podProperties ?? {};
  return [
    ...(container === undefined ? [] : [container.image]),
    ...[...task, ...initContainers, ...containers].map(({ image }) => image),
    ...(nodeProperties?.nodeRangeProperties ?? []).flatMap(imagesOf),
  ];
}

function retryOf(strategy: ApiRetryStrategy | undefined): RetryStrategy {
  const evaluateOnExit = (strategy?.evaluateOnExit ?? []).map(({ action, onStatusReason, onReason, onExitCode }) => ({
    action: action!.toLowerCase() as "retry" | "exit",
    ...(onStatusReason !== undefined && { onStatusReason }),
    ...(onReason !== undefined && { onReason }),
    ...(onExitCode !== undefined && { onExitCode }),
  }));
  return { attempts: strategy?.attempts ?? 1, evaluateOnExit };
}
