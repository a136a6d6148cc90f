import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ApiServer } from "./api-server.ts";
import type { Absence } from "./api-server.ts";
import type { Image, Images } from "./images.ts";
import { collectGarbage } from "./garbage-collector.ts";
import { Kubelet } from "./kubelet.ts";
import type { NodeShape } from "./kubelet.ts";
import { Misfortunes } from "./misfortunes.ts";
import { newNode } from "./nodes.ts";
import type { Pod } from "./objects.ts";
import { ObjectLists } from "./object-lists.ts";
import { ObjectStore } from "./object-store.ts";
import type { ObjectStoreOptions } from "./object-store.ts";
import { Scheduler } from "./scheduler.ts";

export interface KubernetesDoubleOptions extends ObjectStoreOptions {
  /** By default one, `node-1`, with room for much. */
  readonly nodes?: readonly NodeShape[];
  /** By default `busybox`, which runs the programs of this machine. */
  readonly images?: Readonly<Record<string, Image>>;
  /** Beside `default`. */
  readonly namespaces?: readonly string[];
  readonly token?: string;
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string };
  readonly bookmarkEveryMs?: number;
  /** Between a kubelet's tries of what failed. */
  readonly retryMs?: number;
}

/**
 * A Kubernetes cluster for tests: its API server with the real protocol, its scheduler and its garbage collector, and kubelets that run containers as processes of
 * this machine. What it simplifies is said where it does so: `process-run.ts` above all.
 */
export class KubernetesDouble {
  readonly store: ObjectStore;
  readonly images: Images;
  readonly api: ApiServer;
  /** What can go wrong with pods and nodes. */
  readonly misfortunes: Misfortunes;
  readonly #kubelets = new Map<string, Kubelet>();
  readonly #cutOff = new Set<string>();
  readonly #scheduler: Scheduler;
  readonly #lists: ObjectLists;
  readonly #directory = mkdtempSync(path.join(tmpdir(), "kubernetes-double-"));
  readonly #options: KubernetesDoubleOptions;
  #broken: unknown;
  #isAway = false;
  #nextIP = 0;

  private constructor(options: KubernetesDoubleOptions) {
    this.#options = options;
    this.store = new ObjectStore(options);
    this.images = new Map(Object.entries(options.images ?? { busybox: { cmd: ["sh"] } }));
    this.#scheduler = new Scheduler(this.store);
    collectGarbage(this.store);
    this.#lists = new ObjectLists(this.store);
    this.misfortunes = new Misfortunes(this);
    this.api = new ApiServer({
      store: this.store,
      lists: this.#lists,
      bookmarkEveryMs: options.bookmarkEveryMs ?? 1000,
      kubeletOf: (node) => this.#kubelets.get(node),
      broke: (error) => (this.#broken ??= error),
      token: options.token,
      tls: options.tls,
    });
  }

  static async start(options: KubernetesDoubleOptions = {}): Promise<KubernetesDouble> {
    const double = new KubernetesDouble(options);
    for (const name of ["default", "kube-system", ...(options.namespaces ?? [])]) double.addNamespace(name);
    for (const shape of options.nodes ?? [{ name: "node-1" }]) double.addNode(shape);
    await double.api.listen();
    return double;
  }

  /** As a file for clients; JSON is YAML too. */
  kubeconfig(namespace = "default"): string {
    const { tls, token } = this.#options;
    // The client speaks plain HTTP only to servers whose certificates it would not check either.
    const authority =
      tls === undefined
        ? { "insecure-skip-tls-verify": true }
        : { "certificate-authority-data": Buffer.from(tls.ca).toString("base64") };
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "double", cluster: { server: this.api.url, ...authority } }],
      users: [{ name: "tester", user: token === undefined ? {} : { token } }],
      contexts: [{ name: "double", context: { cluster: "double", user: "tester", namespace } }],
      "current-context": "double",
    });
  }

  addNamespace(name: string): void {
    const metadata = {
      name,
      uid: "",
      resourceVersion: "",
      creationTimestamp: "",
      labels: { "kubernetes.io/metadata.name": name },
    };
    this.store.create("namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata,
      status: { phase: "Active" },
    } as never);
  }

  /** One more, as an autoscaler adds it. */
  addNode(shape: NodeShape): void {
    const hostIP = `127.200.0.${this.#kubelets.size + 1}`;
    this.#kubelets.set(
      shape.name,
      new Kubelet({
        store: this.store,
        images: this.images,
        retryMs: this.#options.retryMs ?? 200,
        nodeName: shape.name,
        hostIP,
        directory: path.join(this.#directory, shape.name),
        nextPodIP: () => this.#podIP(),
      }),
    );
    this.store.create("nodes", newNode(shape, hostIP));
  }

  kubelet(node: string): Kubelet {
    const kubelet = this.#kubelets.get(node);
    if (kubelet === undefined) throw new Error(`No node ${node}`);
    return kubelet;
  }

  /** The pods that are there, in the order of their names. */
  pods(namespace?: string): Pod[] {
    return this.store.list("pods", namespace);
  }

  /** The API server is away: no request is answered, kubelets and the scheduler go on without it. */
  async leave(absence: Absence = "refused"): Promise<void> {
    this.#isAway = true;
    this.#tellWhoIsOnline();
    await this.api.leave(absence);
  }

  async comeBack(): Promise<void> {
    await this.api.comeBack();
    this.#isAway = false;
    this.#tellWhoIsOnline();
  }

  /** Forgets all changes so far: what resumes from before is 410. */
  compact(): void {
    this.store.compact();
    this.#lists.compact();
  }

  setCutOff(node: string, isCutOff: boolean): void {
    if (isCutOff) this.#cutOff.add(node);
    else this.#cutOff.delete(node);
    this.#tellWhoIsOnline();
  }

  async removeKubelet(node: string): Promise<void> {
    const kubelet = this.kubelet(node);
    this.#kubelets.delete(node);
    await kubelet.destroy();
  }

  /** Ends all processes. Rejects if the double itself broke. */
  async dispose(): Promise<void> {
    await this.api.leave("reset");
    await Promise.all([...this.#kubelets.values()].map((kubelet) => kubelet.destroy()));
    await this.api.close();
    rmSync(this.#directory, { recursive: true, force: true });
    if (this.#broken !== undefined) throw new Error("The double broke", { cause: this.#broken });
  }

  #tellWhoIsOnline(): void {
    this.#scheduler.setOnline(!this.#isAway);
    for (const [name, kubelet] of this.#kubelets) kubelet.setOnline(!this.#isAway && !this.#cutOff.has(name));
  }

  #podIP(): string {
    this.#nextIP += 1;
    const [high, middle, low] = [this.#nextIP >> 16, (this.#nextIP >> 8) & 255, this.#nextIP & 255];
    return `127.${100 + high}.${middle}.${low}`;
  }
}
