import type { EcsProperties, EksProperties, TaskContainerProperties } from "@aws-sdk/client-batch";
import type { Scheduling } from "../../src/core/job.ts";
import type { JobProperties } from "../../src/core/submission/job-properties.ts";
import { totalRequirements } from "../../src/core/submission/requirements.ts";
import { unitsOf } from "../../src/core/tasks/units.ts";
import type { Random } from "./random.ts";

/** What makes a job one of several containers: a task, a pod, or several nodes of either. */
export interface SeveralContainers {
  readonly properties: JobProperties;
  readonly scheduling: Pick<Scheduling, "requirements" | "units" | "nodes">;
}

/** Small enough, all together, for the smallest machine. */
export function severalContainers(random: Random, mayHaveNodes: boolean): SeveralContainers {
  const hasNodes = mayHaveNodes && random.chance(0.5);
  const properties: JobProperties = hasNodes ? nodes(random) : taskOrPod(random, 4);
  const { nodeProperties } = properties;
  return {
    properties,
    scheduling: {
      requirements: totalRequirements(properties),
      units: unitsOf(properties, "work")!,
      ...(nodeProperties !== undefined && {
        nodes: { count: nodeProperties.numNodes!, main: nodeProperties.mainNode! },
      }),
    },
  };
}

function nodes(random: Random): JobProperties {
  const numNodes = random.int(1, 4);
  const wide = { targetNodes: "0:", ...taskOrPod(random, 2) };
  const narrow = { targetNodes: String(numNodes - 1), ...taskOrPod(random, 1) };
  return {
    nodeProperties: {
      numNodes,
      mainNode: random.int(0, numNodes - 1),
      nodeRangeProperties: random.chance(0.5) ? [wide] : [wide, narrow],
    },
  };
}

function taskOrPod(random: Random, max: number): Pick<JobProperties, "ecsProperties" | "eksProperties"> {
  return random.chance(0.7) ? { ecsProperties: task(random, max) } : { eksProperties: pod(random, max) };
}

function task(random: Random, max: number): EcsProperties {
  const count = random.int(1, max);
  const essential = Array.from({ length: count }, () => random.chance(0.5));
  essential[random.int(0, count - 1)] = true;
  const containers = essential.map((isEssential, index): TaskContainerProperties => ({
    name: `container-${index}`,
    image: "work",
    essential: isEssential,
    command: ["work"],
    resourceRequirements: [
      { type: "VCPU", value: random.pick(["0.25", "0.5"]) },
      { type: "MEMORY", value: "128" },
    ],
    dependsOn: dependencies(random, essential, index),
    ...(random.chance(0.3) && { startTimeout: random.int(2, 10) }),
    ...(random.chance(0.3) && { stopTimeout: random.int(2, 40) }),
  }));
  return { taskProperties: [{ containers }] };
}

/** On containers before it, so that there are no circles; nothing waits for the end of an essential one. */
function dependencies(random: Random, essential: readonly boolean[], index: number) {
  return essential.slice(0, index).flatMap((isEssential, on) => {
    if (random.chance(0.6)) return [];
    const condition = isEssential ? "START" : random.pick(["START", "COMPLETE", "SUCCESS"]);
    return [{ containerName: `container-${on}`, condition }];
  });
}

function pod(random: Random, max: number): EksProperties {
  const container = (name: string) => ({
    name,
    image: "work",
    resources: { requests: { cpu: "0.5", memory: "128Mi" } },
  });
  const count = random.int(1, max);
  const inits = random.int(0, count - 1);
  return {
    podProperties: {
      initContainers: Array.from({ length: inits }, (_, index) => container(`init-${index}`)),
      containers: Array.from({ length: count - inits }, (_, index) => container(`container-${index}`)),
    },
  };
}
