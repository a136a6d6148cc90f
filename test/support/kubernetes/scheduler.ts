import type { Node, Pod } from "./objects.ts";
import { isOver, withCondition } from "./objects.ts";
import type { Change, ObjectStore } from "./object-store.ts";
import { requestsOf, unfit, unschedulableMessage } from "./placement.ts";

/** Binds pods to nodes with room, the one with the higher priority and then the older one first, and says of the others why they wait. */
export class Scheduler {
  readonly #store: ObjectStore;
  /** Those without a node, by their UID. */
  readonly #waiting = new Map<string, Pod>();
  /** Not tried since they came or changed. */
  readonly #fresh = new Set<string>();
  readonly #bound = new Map<string, Pod>();
  readonly #taken = new Map<string, Map<string, number>>();
  #nodes: readonly Node[] = [];
  #isDue = false;
  #triesAll = false;
  #isOnline = true;

  constructor(store: ObjectStore) {
    this.#store = store;
    store.subscribe((change) => this.#see(change));
  }

  setOnline(isOnline: boolean): void {
    this.#isOnline = isOnline;
    if (isOnline) this.#wake();
  }

  #see({ resource, type, object }: Change): void {
    if (resource === "nodes") {
      this.#triesAll = true;
      this.#wake();
    } else if (resource === "pods") this.#seePod(object as Pod, type === "DELETED");
  }

  #seePod(pod: Pod, isGone: boolean): void {
    const { uid } = pod.metadata;
    const holds = !isGone && !isOver(pod) && pod.spec.nodeName !== undefined;
    const held = this.#bound.get(uid);
    if (holds && held === undefined) this.#count(pod, 1);
    if (!holds && held !== undefined) {
      this.#count(held, -1);
      this.#triesAll = true;
    }
    if (holds) this.#bound.set(uid, pod);
    else this.#bound.delete(uid);
    if (isGone || pod.spec.nodeName !== undefined || isOver(pod)) this.#waiting.delete(uid);
    else {
      if (!this.#waiting.has(uid) || this.#waiting.get(uid)!.spec !== pod.spec) this.#fresh.add(uid);
      this.#waiting.set(uid, pod);
    }
    if (this.#triesAll || this.#fresh.size > 0) this.#wake();
  }

  #count(pod: Pod, sign: 1 | -1): void {
    const node = pod.spec.nodeName!;
    const taken = this.#taken.get(node) ?? new Map<string, number>();
    this.#taken.set(node, taken);
    for (const [name, amount] of requestsOf(pod)) taken.set(name, (taken.get(name) ?? 0) + sign * amount);
  }

  #wake(): void {
    if (this.#isDue || !this.#isOnline) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      if (this.#isOnline) this.#pass();
    });
  }

  #pass(): void {
    this.#nodes = this.#store.list("nodes");
    const uids = this.#triesAll ? [...this.#waiting.keys()] : [...this.#fresh];
    this.#triesAll = false;
    this.#fresh.clear();
    const pods = uids.map((uid) => this.#waiting.get(uid)).filter((pod) => pod !== undefined);
    for (const pod of pods.sort(byPriority)) this.#place(pod);
  }

  #place(seen: Pod): void {
    const pod = this.#store.get("pods", seen.metadata.namespace, seen.metadata.name);
    if (pod?.metadata.uid !== seen.metadata.uid || pod.metadata.deletionTimestamp !== undefined) return;
    if ((pod.spec.schedulingGates ?? []).length > 0 || pod.spec.nodeName !== undefined) return;
    const reasons: (readonly string[])[] = [];
    for (const node of this.#nodes) {
      const why = unfit(pod, node, this.#taken.get(node.metadata.name) ?? new Map<string, number>());
      if (why.length === 0) return this.#bind(pod, node.metadata.name);
      reasons.push(why);
    }
    const message = unschedulableMessage(reasons);
    const conditions = withCondition(pod.status.conditions, {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
    });
    this.#store.replace("pods", { ...pod, status: { ...pod.status, conditions } });
  }

  #bind(pod: Pod, nodeName: string): void {
    const conditions = withCondition(pod.status.conditions, { type: "PodScheduled", status: "True" });
    this.#store.replace("pods", { ...pod, spec: { ...pod.spec, nodeName }, status: { ...pod.status, conditions } });
  }
}

function byPriority(one: Pod, other: Pod): number {
  const priority = (other.spec.priority ?? 0) - (one.spec.priority ?? 0);
  return priority !== 0 ? priority : Number(one.metadata.resourceVersion) - Number(other.metadata.resourceVersion);
}
