import type { EcsProperties, EksContainer, EksProperties, NodeProperties } from "@aws-sdk/client-batch";
import type { JobProperties } from "../submission/job-properties.ts";
import { DEFAULT_NAME, logTarget } from "../submission/log-target.ts";
import { rangeOfEachNode } from "./nodes.ts";
import type { Unit, UnitDependency } from "./task.ts";

/** Whether the units are the containers of pods, as opposed to those of ECS tasks. */
export function runsPods({ units = [] }: { readonly units?: readonly Unit[] }): boolean {
  return units.some(({ othersGoOn }) => othersGoOn === true);
}

/** The units of a job that has some: every container, of every node. Undefined for a job of one container. */
export function unitsOf(properties: JobProperties, definitionName: string): Unit[] | undefined {
  const { container, nodeProperties } = properties;
  if (container !== undefined) return undefined;
  return nodeProperties === undefined
    ? unitsOfNode(properties, definitionName)
    : nodeUnits(nodeProperties, definitionName);
}

function nodeUnits(nodes: NodeProperties, definitionName: string): Unit[] {
  const units: Unit[] = [];
  for (const [node, range] of rangeOfEachNode(nodes).entries()) {
    const first = units.length;
    for (const unit of unitsOfNode(range, definitionName)) {
      units.push({ ...unit, node, dependsOn: unit.dependsOn.map((one) => ({ ...one, unit: one.unit + first })) });
    }
  }
  return units;
}

function unitsOfNode({ container, ecsProperties, eksProperties }: JobProperties, definitionName: string): Unit[] {
  if (ecsProperties !== undefined) return taskUnits(ecsProperties, definitionName);
  if (eksProperties !== undefined) return podUnits(eksProperties, definitionName);
  const log = logTarget(container?.logConfiguration, definitionName);
  return [{ name: DEFAULT_NAME.ecs, essential: true, dependsOn: [], ...(log !== undefined && { log }) }];
}

function taskUnits({ taskProperties = [] }: EcsProperties, definitionName: string): Unit[] {
  const containers = taskProperties.flatMap((task) => task.containers ?? []);
  const indexOf = (wanted: string | undefined): number => containers.findIndex(({ name }) => name === wanted);
  return containers.map((container) => {
    const { name = DEFAULT_NAME.ecs, essential = true, startTimeout, stopTimeout } = container;
    const log = logTarget(container.logConfiguration, definitionName);
    return {
      name,
      essential,
      dependsOn: (container.dependsOn ?? []).map(({ containerName, condition }) => ({
        unit: indexOf(containerName),
        condition: condition as UnitDependency["condition"],
      })),
      ...(startTimeout !== undefined && { startTimeoutMs: startTimeout * 1000 }),
      ...(stopTimeout !== undefined && { stopTimeoutMs: stopTimeout * 1000 }),
      ...(log !== undefined && { log }),
    };
  });
}

/**
 * The init containers run first, each after the one before it has succeeded; the others then together, and the pod is over when all are. Kubernetes has no
 * log driver; the output goes where that of ECS jobs goes by default.
 */
function podUnits({ podProperties }: EksProperties, definitionName: string): Unit[] {
  const { initContainers = [], containers = [] } = podProperties ?? {};
  const log = logTarget(undefined, definitionName);
  const after = (unit: number): readonly UnitDependency[] => (unit < 0 ? [] : [{ unit, condition: "SUCCESS" }]);
  const toUnit = ({ name = DEFAULT_NAME.eks }: EksContainer, before: number): Unit => ({
    name,
    essential: true,
    othersGoOn: true,
    dependsOn: after(before),
    ...(log !== undefined && { log }),
  });
  return [
    ...initContainers.map((container, index) => toUnit(container, index - 1)),
    ...containers.map((container) => toUnit(container, initContainers.length - 1)),
  ];
}
