import type { Container, Node, Pod, PodSpec, Taint, Toleration } from "./objects.ts";
import { quantityMilli } from "./quantity.ts";

/** Amounts by the name of the resource, in thousandths. */
export type Amounts = ReadonlyMap<string, number>;

const known = new WeakMap<PodSpec, Amounts>();

/** What a pod asks its node for: its containers together, or the largest init container, and the place of one pod. */
export function requestsOf({ spec }: Pod): Amounts {
  const found = known.get(spec);
  if (found !== undefined) return found;
  const total = new Map<string, number>();
  const add = (container: Container): void => {
    for (const [name, value] of Object.entries(container.resources?.requests ?? {}))
      total.set(name, (total.get(name) ?? 0) + (quantityMilli(value) ?? 0));
  };
  for (const container of spec.containers) add(container);
  for (const container of spec.initContainers ?? [])
    if (container.restartPolicy === "Always") add(container);
    else
      for (const [name, value] of Object.entries(container.resources?.requests ?? {}))
        total.set(name, Math.max(total.get(name) ?? 0, quantityMilli(value) ?? 0));
  total.set("pods", 1000);
  known.set(spec, total);
  return total;
}

/** Why a node does not take a pod, in the scheduler's words; the first of its filters that says no has told all. */
export function unfit(pod: Pod, node: Node, taken: Amounts): readonly string[] {
  if (node.spec.unschedulable === true) return ["node(s) were unschedulable"];
  const taint = node.spec.taints?.find((one) => isInTheWay(one, pod.spec.tolerations ?? []));
  if (taint !== undefined) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`];
  const labels = node.metadata.labels ?? {};
  const matches = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  if (!matches) return ["node(s) didn't match Pod's node affinity/selector"];
  const short: string[] = [];
  for (const [name, amount] of requestsOf(pod)) {
    const has = quantityMilli(node.status.allocatable[name] ?? "0")!;
    if (amount > 0 && amount + (taken.get(name) ?? 0) > has)
      short.push(name === "pods" ? "Too many pods" : `Insufficient ${name}`);
  }
  return short;
}

function isInTheWay(taint: Taint, tolerations: readonly Toleration[]): boolean {
  return taint.effect !== "PreferNoSchedule" && !tolerations.some((one) => tolerates(one, taint));
}

function tolerates({ key = "", operator = "Equal", value = "", effect = "" }: Toleration, taint: Taint): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  return operator === "Exists" || value === (taint.value ?? "");
}

/** `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: …` */
export function unschedulableMessage(reasons: readonly (readonly string[])[]): string {
  if (reasons.length === 0) return "no nodes available to schedule pods";
  const none = `0/${reasons.length} nodes are available`;
  const hopeless = (why: readonly string[]): boolean => why.some((one) => one.startsWith("node(s)"));
  const preemption = reasons.map((why) =>
    hopeless(why) ? "Preemption is not helpful for scheduling" : "No preemption victims found for incoming pod",
  );
  return `${none}: ${counted(reasons.flat())}. preemption: ${none}: ${counted(preemption)}.`;
}

function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(", ");
}
