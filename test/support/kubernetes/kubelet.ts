import path from "node:path";
import type { KubeletParts } from "./container-worker.ts";
import type { Node, Pod } from "./objects.ts";
import { isOver } from "./objects.ts";
import { deleteObject } from "./pod-deletion.ts";
import { PodWorker } from "./pod-worker.ts";
import type { Verdict } from "./pod-worker.ts";

export interface KubeletOptions extends KubeletParts {
  readonly nodeName: string;
  readonly hostIP: string;
  /** Where its pods' directories are. */
  readonly directory: string;
  nextPodIP(): string;
}

/**
 * The kubelet of one node: runs the pods that are bound to it, writes their status, and lets go of deleted ones once their containers are over. While it is not
 * online (the API server is away, or the node is cut off) it sees nothing new and writes nothing; what it runs goes on.
 */
export class Kubelet {
  readonly options: KubeletOptions;
  readonly #workers = new Map<string, PodWorker>();
  /** Pods whose status is to be written. */
  readonly #dirty = new Set<string>();
  readonly #unsubscribe: () => void;
  #refusal: Verdict | undefined;
  #isOnline = true;
  #isGone = false;

  constructor(options: KubeletOptions) {
    this.options = options;
    this.#unsubscribe = options.store.subscribe(({ resource, object }) => {
      if (resource === "pods" && (object as Pod).spec.nodeName === options.nodeName)
        setImmediate(() => this.#sync(object.metadata.namespace!, object.metadata.name));
    });
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  setOnline(isOnline: boolean): void {
    const returns = isOnline && !this.#isOnline;
    this.#isOnline = isOnline;
    if (returns) this.#resync();
  }

  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** The next pod that comes is refused: `OutOfcpu`. */
  refuseNext(verdict: Verdict): void {
    this.#refusal = verdict;
  }

  /** The machine is gone: its processes end at once, and nobody writes what became of them. */
  async destroy(): Promise<void> {
    this.#isGone = true;
    this.#unsubscribe();
    for (const worker of this.#workers.values()) worker.kill();
    await Promise.all([...this.#running.values()]);
  }

  readonly #running = new Map<string, Promise<void>>();

  #resync(): void {
    const { store, nodeName } = this.options;
    const mine = store.list("pods").filter(({ spec }) => spec.nodeName === nodeName);
    for (const { metadata } of mine) this.#sync(metadata.namespace!, metadata.name);
    const known = new Set(mine.map(({ metadata }) => metadata.uid));
    for (const [uid, worker] of this.#workers) if (!known.has(uid)) this.#letGo(uid, worker);
    for (const uid of [...this.#dirty]) this.#write(uid);
  }

  #sync(namespace: string, name: string): void {
    if (!this.#isOnline || this.#isGone) return;
    const pod = this.options.store.get("pods", namespace, name);
    for (const [uid, worker] of this.#workers)
      if (worker.place === `${namespace}/${name}` && uid !== pod?.metadata.uid) this.#letGo(uid, worker);
    if (pod === undefined || pod.spec.nodeName !== this.options.nodeName) return;
    const worker = this.#workers.get(pod.metadata.uid);
    if (worker !== undefined) {
      worker.update(pod);
      if (worker.isOver && pod.metadata.deletionTimestamp !== undefined) this.#write(worker.uid);
    } else if (!isOver(pod)) this.#begin(pod);
    else if (pod.metadata.deletionTimestamp !== undefined) this.#finishDeletion(pod);
  }

  #begin(pod: Pod): void {
    const { uid } = pod.metadata;
    const worker = new PodWorker(pod, {
      ...this.options,
      podIP: pod.spec.hostNetwork === true ? this.options.hostIP : this.options.nextPodIP(),
      directory: path.join(this.options.directory, uid),
      changed: () => this.#changed(uid),
    });
    this.#workers.set(uid, worker);
    if (this.#refusal !== undefined) {
      const refusal = this.#refusal;
      this.#refusal = undefined;
      return worker.refuse(refusal);
    }
    this.#running.set(
      uid,
      worker.run().finally(() => this.#running.delete(uid)),
    );
    worker.update(pod);
  }

  /** The object is gone: its containers end too, and then nothing of it is left. */
  #letGo(uid: string, worker: PodWorker): void {
    worker.end(0);
    void (this.#running.get(uid) ?? Promise.resolve()).then(() => this.#workers.delete(uid));
  }

  #changed(uid: string): void {
    if (this.#isGone) return;
    this.#dirty.add(uid);
    this.#write(uid);
  }

  #write(uid: string): void {
    const worker = this.#workers.get(uid);
    if (!this.#isOnline || this.#isGone) return;
    this.#dirty.delete(uid);
    if (worker === undefined) return;
    const [namespace, name] = worker.place.split("/") as [string, string];
    const { store } = this.options;
    const pod = store.get("pods", namespace, name);
    if (pod?.metadata.uid !== uid) return;
    const written = store.replace("pods", { ...pod, status: worker.status(pod.status) });
    if (worker.isOver && written.metadata.deletionTimestamp !== undefined) this.#finishDeletion(written);
  }

  #finishDeletion(pod: Pod): void {
    const { metadata } = pod;
    // Held back by finalizers only.
    if (metadata.deletionGracePeriodSeconds === 0 && (metadata.finalizers ?? []).length > 0) return;
    deleteObject(this.options.store, "pods", pod, { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } });
  }
}

export interface NodeShape {
  readonly name: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly gpus?: number;
  readonly pods?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: Node["spec"]["taints"];
}
