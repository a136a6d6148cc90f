import type { KubernetesDouble } from "./double.ts";
import { withReadiness, UNREACHABLE } from "./nodes.ts";
import type { Condition, Node, Pod } from "./objects.ts";
import { isOver, withCondition } from "./objects.ts";
import { deleteObject, updateObject } from "./pod-deletion.ts";

/** What befalls pods and nodes, as the parts of a real cluster that do it write it down. */
export class Misfortunes {
  readonly #double: KubernetesDouble;

  constructor(double: KubernetesDouble) {
    this.#double = double;
  }

  /** A node under pressure ends a pod. Its object stays, failed. */
  evict(name: string, namespace = "default"): void {
    const message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 51Mi. ";
    const pod = this.#pod(namespace, name);
    const condition = disruption("TerminationByKubelet", message);
    this.#double
      .kubelet(pod.spec.nodeName!)
      .worker(pod.metadata.uid)!
      .end(0, { reason: "Evicted", message, condition });
  }

  /** A pod that matters more takes its place. */
  preempt(name: string, namespace = "default"): void {
    const message = "default-scheduler: preempting to accommodate a higher priority pod";
    this.#disrupt(namespace, name, disruption("PreemptionByScheduler", message));
  }

  /** Somebody deletes it. */
  deleteByHand(name: string, namespace = "default"): void {
    deleteObject(this.#double.store, "pods", this.#pod(namespace, name));
  }

  /** Somebody deletes it without waiting for its node, and strips what holds it back. */
  forceDelete(name: string, namespace = "default"): void {
    const { store } = this.#double;
    const { finalizers: _gone, ...metadata } = this.#pod(namespace, name).metadata;
    const stripped = store.replace("pods", { ...this.#pod(namespace, name), metadata });
    deleteObject(store, "pods", stripped, { gracePeriodSeconds: 0 });
  }

  /** Somebody kills the processes of a container on its node. */
  killContainer(name: string, container: string, namespace = "default"): void {
    const pod = this.#pod(namespace, name);
    const worker = this.#double.kubelet(pod.spec.nodeName!).worker(pod.metadata.uid);
    worker?.container(container)?.run?.signal("SIGKILL");
  }

  /** The next pod of this node is refused by its kubelet. */
  refuseNext(node: string, resource = "cpu"): void {
    const message = `Pod was rejected: Node didn't have enough resource: ${resource}, requested: 1000, used: 4000, capacity: 4000`;
    this.#double.kubelet(node).refuseNext({ reason: `OutOf${resource}`, message });
  }

  /** The node's kubelet is not heard of: the node is NotReady. Its containers go on. */
  cutOff(node: string): void {
    this.#double.setCutOff(node, true);
    this.#changeNode(node, (known) => withReadiness(known, false));
    for (const pod of this.#podsOf(node)) {
      const conditions = withCondition(pod.status.conditions, { type: "Ready", status: "False" });
      this.#double.store.replace("pods", { ...pod, status: { ...pod.status, conditions } });
    }
  }

  /** After the time that its pods tolerate it, those of a node that is cut off are deleted; they stay, Terminating, until it is back. */
  evictFromCutOff(node: string): void {
    for (const pod of this.#podsOf(node))
      this.#disrupt(
        pod.metadata.namespace!,
        pod.metadata.name,
        disruption("DeletionByTaintManager", `Taint manager: deleting due to NoExecute taint ${UNREACHABLE}`),
      );
  }

  rejoin(node: string): void {
    this.#changeNode(node, (known) => withReadiness(known, true));
    this.#double.setCutOff(node, false);
  }

  /** No new pods. */
  cordon(node: string, isCordoned = true): void {
    this.#changeNode(node, (known) => ({ ...known, spec: { ...known.spec, unschedulable: isCordoned } }));
  }

  /** The machine is gone with all that ran on it, and so is its object; the collector ends its pods. */
  async destroyNode(node: string): Promise<void> {
    await this.#double.removeKubelet(node);
    deleteObject(this.#double.store, "nodes", this.#double.store.get("nodes", undefined, node)!);
  }

  #disrupt(namespace: string, name: string, condition: Condition): void {
    const { store } = this.#double;
    const pod = this.#pod(namespace, name);
    const conditions = withCondition(pod.status.conditions, condition);
    deleteObject(store, "pods", updateObject(store, "pods", { ...pod, status: { ...pod.status, conditions } }));
  }

  #pod(namespace: string, name: string): Pod {
    const pod = this.#double.store.get("pods", namespace, name);
    if (pod === undefined) throw new Error(`No pod ${namespace}/${name}`);
    return pod;
  }

  #podsOf(node: string): Pod[] {
    return this.#double.pods().filter((pod) => pod.spec.nodeName === node && !isOver(pod));
  }

  #changeNode(name: string, change: (node: Node) => Node): void {
    const { store } = this.#double;
    store.replace("nodes", change(store.get("nodes", undefined, name)!));
  }
}

function disruption(reason: string, message: string): Condition {
  return { type: "DisruptionTarget", status: "True", reason, message };
}
