import type { Demand, Requirements } from "../job.ts";
import type { Environment } from "../resources.ts";
import type { Fleet } from "./fleet.ts";
import { hasRoom } from "./fleet.ts";
import type { Architecture, Instance, InstanceType, Launching } from "./instance.ts";

/** What one instance has to hold of a job: all of it, or one of its nodes. */
export function needOfInstance({ requirements, eachNode }: Demand): Requirements {
  return eachNode ?? requirements;
}

/** What an unknown architecture is taken for. */
export function architectureOf({ architecture = "X86_64" }: Demand): Architecture {
  return architecture;
}

/** How many instances a job takes. */
export function countOfInstances({ nodes }: Demand): number {
  return nodes?.count ?? 1;
}

/** The running instances on which a job could start now, one for each of its nodes, in their order. Undefined when there are none. */
export function instancesFor(fleet: Fleet, demand: Demand): readonly Instance[] | undefined {
  const need = needOfInstance(demand);
  const architecture = architectureOf(demand);
  if (demand.nodes !== undefined)
    return fleet.emptyOfOneType(demand.nodes.count, need, architecture, demand.instanceType);
  const instance = fleet.firstWithRoom(need, architecture);
  return instance && [instance];
}

/** Of the types that may be launched, those large enough. */
export function typesFor({ types }: Launching, demand: Demand): readonly InstanceType[] {
  return types.filter((type) => isForJob(type, demand));
}

/** Whether a job, or a node of it, could ever be on an instance of this type. */
export function isForJob(type: InstanceType, demand: Demand): boolean {
  return isOfKind(type, demand) && hasRoom(type, needOfInstance(demand));
}

/** Whether a job could be on an instance of this type, were it large enough. */
export function isOfKind({ name, architecture }: InstanceType, demand: Demand): boolean {
  return architecture === architectureOf(demand) && (demand.instanceType ?? name) === name;
}

/** Every strategy but BEST_FIT on-demand may go beyond the maximum with its last instance (reference 6.5). */
export function mayExceedMaximum({ strategy, isSpot }: Launching): boolean {
  return strategy !== "BEST_FIT" || isSpot;
}

/** Whether an environment takes jobs of several nodes, where the job is one. */
export function takesNodesOf({ nodes }: Demand, { takesNoNodes }: Pick<Environment, "takesNoNodes">): boolean {
  return nodes === undefined || takesNoNodes !== true;
}
