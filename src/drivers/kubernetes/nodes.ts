import type { Requirements } from "../../core/job.ts";
import type { MachineOfCluster } from "../../ports/driver.ts";
import type { Node } from "./api/objects.ts";
import type { NodeCondition } from "./pod-context.ts";
import { quantityOf } from "./quantities.ts";
import { GPU } from "./spec/ecs-container.ts";
import { instantOf } from "./times.ts";

const MIB = 1024 * 1024;

type Resources = Readonly<Record<string, string>> | undefined;

/** Of what a node may give, or a container asks for. */
export function requirementsIn(resources: Resources): Requirements {
  return {
    vcpuMilli: Math.round(quantityOf(resources?.["cpu"]) * 1000),
    memoryMiB: quantityOf(resources?.["memory"]) / MIB,
    gpus: quantityOf(resources?.[GPU]),
  };
}

/** A node as a machine of the cluster. Its capacity is what pods may have of it. */
export function machineOf(node: Node, attemptIds: readonly string[]): MachineOfCluster {
  const { name = "", uid = name, labels = {}, creationTimestamp } = node.metadata ?? {};
  const { vcpuMilli, memoryMiB, gpus } = requirementsIn(node.status?.allocatable ?? node.status?.capacity);
  const isReady = readiness(node)?.status === "True";
  const instanceType = labels["node.kubernetes.io/instance-type"];
  const zone = labels["topology.kubernetes.io/zone"];
  const architecture = labels["kubernetes.io/arch"] ?? node.status?.nodeInfo?.architecture;
  return {
    ...{ name, id: uid, attemptIds, isReady, takesPods: isReady && isOpen(node) },
    capacity: { vcpuMilli, memoryMiB: Math.floor(memoryMiB), gpus },
    ...(instanceType !== undefined && { instanceType }),
    ...(zone !== undefined && { zone }),
    ...(architecture !== undefined && { architecture }),
    since: instantOf(creationTimestamp) ?? 0,
  };
}

/** Pods of ours tolerate nothing. */
function isOpen({ spec }: Node): boolean {
  const isClosed = spec?.taints?.some(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
  return spec?.unschedulable !== true && isClosed !== true;
}

function readiness({ status }: Node) {
  return status?.conditions?.find(({ type }) => type === "Ready");
}

export function conditionOf(node: Node | undefined): NodeCondition {
  if (node === undefined) return { kind: "gone" };
  const ready = readiness(node);
  if (ready === undefined || ready.status === "True") return { kind: "ready" };
  const why = ready.message || ready.reason || `its condition Ready is ${ready.status}`;
  return { kind: "not-ready", since: instantOf(ready.lastTransitionTime) ?? 0, why };
}
