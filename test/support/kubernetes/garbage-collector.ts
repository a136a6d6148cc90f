import type { KubernetesObject } from "./objects.ts";
import { withCondition } from "./objects.ts";
import type { Change, ObjectStore, Resource } from "./object-store.ts";
import { deleteObject, updateObject } from "./pod-deletion.ts";

const OWNED: readonly Resource[] = ["secrets", "pods"];

/** Deletes, for as long as the store is there, what has an owner that is gone, the pods of nodes that are gone, and what is in a namespace that is gone. */
export function collectGarbage(store: ObjectStore): void {
  const collector = new GarbageCollector(store);
  store.subscribe((change) => collector.see(change));
}

class GarbageCollector {
  readonly #store: ObjectStore;
  readonly #uids = new Set<string>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  see({ resource, type, object }: Change): void {
    const { uid, name } = object.metadata;
    if (type === "DELETED") this.#uids.delete(uid);
    else this.#uids.add(uid);
    if (type === "ADDED" && object.metadata.ownerReferences !== undefined) setImmediate(() => this.#collect(resource));
    if (type !== "DELETED") return;
    setImmediate(() => {
      for (const owned of OWNED) this.#collect(owned, uid);
      if (resource === "nodes") this.#endPodsOf(name);
      if (resource === "namespaces") this.#empty(name);
    });
  }

  /** `uid`: looks for what this one owned; without it, at all. */
  #collect(resource: Resource, uid?: string): void {
    for (const object of this.#store.list(resource)) {
      const owners = object.metadata.ownerReferences ?? [];
      if (owners.length === 0 || owners.some((owner) => this.#uids.has(owner.uid))) continue;
      if (uid === undefined || owners.some((owner) => owner.uid === uid)) this.#delete(resource, object);
    }
  }

  #endPodsOf(node: string): void {
    for (const pod of this.#store.list("pods")) {
      if (pod.spec.nodeName !== node) continue;
      const isOver = pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
      const conditions = withCondition(pod.status.conditions, {
        type: "DisruptionTarget",
        status: "True",
        reason: "DeletionByPodGC",
        message: "PodGC: node no longer exists",
      });
      const ended = isOver
        ? pod
        : updateObject(this.#store, "pods", { ...pod, status: { ...pod.status, phase: "Failed", conditions } });
      deleteObject(this.#store, "pods", ended, { gracePeriodSeconds: 0 });
    }
  }

  #empty(namespace: string): void {
    for (const resource of OWNED)
      for (const object of this.#store.list(resource, namespace)) this.#delete(resource, object);
  }

  #delete(resource: Resource, object: KubernetesObject): void {
    deleteObject(this.#store, resource, object);
  }
}
