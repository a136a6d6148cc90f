import type { KubeConfig } from "@kubernetes/client-node";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptSpec, MachineOfCluster, Driver, DriverEvent, DriverName } from "../../ports/driver.ts";
import type { Term } from "../../ports/leadership.ts";
import { ONLY_SERVER } from "../../ports/leadership.ts";
import type { LogSink } from "../../ports/logs.ts";
import type { Secrets } from "../../ports/secrets.ts";
import { crashPoint } from "../../ports/crash-points.ts";
import { prepareNotes, removeNote } from "../output/cursor.ts";
import { pause } from "../waiting/pause.ts";
import { isAbort, isGone, messageOf } from "./api/api-error.ts";
import { Client } from "./api/client.ts";
import type { Pod } from "./api/objects.ts";
import { Watch } from "./api/watch.ts";
import { adoptedFrom } from "./adopted.ts";
import { GangTurns } from "./gangs/gang-turns.ts";
import type { GangPart } from "./names.ts";
import { KeptPods } from "./kept-pods.ts";
import { LABEL, labelValue, partOf } from "./names.ts";
import { NodeWatch } from "./node-watch.ts";
import { FollowTurns } from "./output/follow-turns.ts";
import type { Patience } from "./patience.ts";
import { PATIENCE } from "./patience.ts";
import type { PodContext } from "./pod-context.ts";
import { PodLife } from "./pod-life.ts";
import { podPath, podsPath } from "./pod-requests.ts";
import { Sight } from "./sight.ts";
import type { FileSystems } from "./spec/ecs-volumes.ts";
import { gangOf } from "./spec/pod-spec.ts";

const DEFAULT_IMAGE = "busybox:latest";
const FOLLOWS_AT_A_TIME = 100;
const FORGET_TIMEOUT_MS = 5_000;

export interface KubernetesDriverOptions {
  /** `kubernetes@CLUSTER`. */
  readonly name: DriverName;
  /** Its current context is the cluster, and who asks it. */
  readonly access: KubeConfig;
  /** The only ones that it uses; pods of attempts that name none go to the first. */
  readonly namespaces: readonly string[];
  /** Pods of other Longshore clusters are not seen. */
  readonly clusterId: string;
  readonly clock: Clock;
  readonly logs: LogSink;
  /** The values of what attempts name in `secrets`. */
  readonly secrets: Secrets;
  /** In which it creates and deletes. Default: there is no other server. */
  readonly term?: Pick<Term, "confirm"> & Partial<Pick<Term, "epoch">>;
  /** The image of attempts that have none (NO_IMAGE). Default: busybox:latest. */
  readonly defaultImage?: string | undefined;
  /** The directories of the nodes that stand for file systems of EFS and S3 Files. Default: none. */
  readonly fileSystems?: FileSystems | undefined;
  /** Where to remember how far output has been copied. Without it the next server reads all output again to find its place. */
  readonly directory?: string | undefined;
  readonly patience?: Partial<Patience> | undefined;
  /** For so long pods that failed stay in the cluster for people to look at, ms. Default: 0, they go at once. */
  readonly keepFailedMs?: number | undefined;
  /** How many outputs are followed at a time; the others take turns. Default: 100. */
  readonly follows?: number | undefined;
  /** Operating troubles that no event tells. */
  readonly onNotice?: ((message: string) => void) | undefined;
  /** Told each time that the API server does not answer, or does not let the driver see its pods, and why. */
  readonly onUnreachable?: ((why: string) => void) | undefined;
  /** Told each time that its pods are in sight again. */
  readonly onReachable?: (() => void) | undefined;
}

/** Runs attempts as pods of a Kubernetes cluster. */
export function createKubernetesDriver(options: KubernetesDriverOptions): Driver {
  return new KubernetesDriver(options);
}

class KubernetesDriver implements Driver {
  readonly name: DriverName;
  readonly #options: KubernetesDriverOptions;
  readonly #context: PodContext;
  readonly #client: Client;
  readonly #nodes: NodeWatch;
  readonly #gangs: GangTurns;
  readonly #kept: KeptPods;
  readonly #closing = new AbortController();
  /** By pod id. */
  readonly #pods = new Map<string, PodLife>();
  /** Those of them that are of jobs of several nodes. */
  readonly #ofGangs = new Set<PodLife>();
  readonly #podOf = new Map<string, PodLife>();
  /** Of a pod's attempts, those that are forgotten before the others. */
  readonly #forgotten = new Map<PodLife, Set<string>>();
  readonly #forgetting = new Set<Promise<void>>();
  /** Forgotten, and in the cluster as far as is known. */
  readonly #leaving = new Set<string>();
  readonly #listed = new Set<string>();
  /** Stops (attempt to killAt) that came before the pods were in sight. */
  readonly #earlyStops = new Map<string, number>();
  #watching: Promise<unknown> = Promise.resolve();
  #hasShown = false;
  #report: (event: DriverEvent) => void = () => {};

  constructor(options: KubernetesDriverOptions) {
    const { name, access, clock, term = ONLY_SERVER, onNotice = () => {} } = options;
    this.name = name;
    this.#options = options;
    const closing = this.#closing.signal;
    const sight = new Sight({
      clock,
      onLost: (why) => this.#lost(`The API server of ${name} does not answer: ${why}`),
      onFound: () => this.#found(),
    });
    this.#client = new Client({ clock, access, closing, onAnswer: (failure) => sight.answered(failure) });
    const client = this.#client;
    this.#nodes = new NodeWatch({
      clock,
      client,
      closing,
      onNotice,
      onChange: (node) => this.#nodeChanged(node),
    });
    const lives = () => this.#ofGangs;
    const ownPods = () => [...this.#pods.values()].flatMap(({ pod }) => pod ?? []);
    const machines = () => (this.#nodes.isVisible ? this.machines() : undefined);
    this.#gangs = new GangTurns({ clock, client, term, closing, onNotice, machines, lives, ownPods });
    this.#kept = new KeptPods({ clock, client, term, closing, onNotice });
    this.#context = this.#contextOf(options, term, onNotice);
  }

  #contextOf(
    options: KubernetesDriverOptions,
    term: NonNullable<KubernetesDriverOptions["term"]>,
    onNotice: (message: string) => void,
  ): PodContext {
    const { clock, logs, secrets, clusterId, namespaces, defaultImage, fileSystems, directory, follows } = options;
    const client = this.#client;
    const closing = this.#closing.signal;
    const turns = new FollowTurns(clock, follows ?? FOLLOWS_AT_A_TIME);
    const [namespace] = namespaces;
    if (namespace === undefined) throw new Error(`the driver ${this.name} has no namespace`);
    return {
      ...{ clock, client, term, secrets, closing, onNotice },
      patience: { ...PATIENCE, ...options.patience },
      ...{ keepFailedMs: options.keepFailedMs ?? 0, kept: this.#kept },
      namespaces: new Set(namespaces),
      log: { clock, client, turns, closing, onNotice, place: { logs, directory } },
      settings: {
        ...{ clusterId, namespace, epoch: term.epoch ?? 0 },
        defaultImage: defaultImage ?? DEFAULT_IMAGE,
        fileSystems: fileSystems ?? new Map(),
      },
      nodeCondition: (node) => this.#nodes.condition(node),
      nodeId: (node) => this.#nodes.idOf(node),
      report: (event) => {
        // What is adopted is told again after the inventory.
        if (!this.#hasShown) return;
        this.#report(event);
        if (event.kind === "exited") this.#gangs.changed();
      },
    };
  }

  async open(report: (event: DriverEvent) => void): Promise<void> {
    this.#report = report;
    prepareNotes(this.#context.log.place);
    const watches = [...this.#context.namespaces].map(async (namespace) => {
      // What is told of pods names their nodes.
      await this.#nodes.asked;
      await this.#watch(namespace).run();
    });
    this.#watching = Promise.allSettled([this.#nodes.run(), ...watches]);
  }

  async start(spec: AttemptSpec): Promise<void> {
    const part = partOf(spec, this.#context.settings.namespace);
    const life = this.#pods.get(part.id) ?? this.#add(part.id, part.namespace, gangOf(spec));
    const starting = life.start(spec, part);
    this.#index(life);
    await starting;
    if (life.gang !== undefined) this.#gangs.changed();
  }

  waitsFor(attemptId: string): string | undefined {
    const life = this.#podOf.get(attemptId);
    return life?.waitsFor(attemptId, this.#gangs.waitsFor(life.id));
  }

  machines(): readonly MachineOfCluster[] {
    const attemptsOn = new Map<string, string[]>();
    for (const life of this.#pods.values()) {
      const node = life.pod?.spec?.nodeName;
      if (!node || life.isOver) continue;
      const there = attemptsOn.get(node) ?? [];
      attemptsOn.set(node, there);
      there.push(...life.liveAttemptIds);
    }
    return this.#nodes.machines(attemptsOn);
  }

  async stop(attemptId: string, killAt: number): Promise<void> {
    const life = this.#podOf.get(attemptId);
    if (life !== undefined) life.stop(killAt);
    else if (!this.#hasShown) this.#earlyStops.set(attemptId, killAt);
  }

  forget(attemptId: string): Promise<void> {
    const life = this.#podOf.get(attemptId);
    if (life === undefined) return Promise.resolve();
    const forgotten = this.#forgotten.get(life) ?? new Set();
    this.#forgotten.set(life, forgotten.add(attemptId));
    if (!life.attemptIds.every((id) => forgotten.has(id))) return Promise.resolve();
    const forgetting = this.#forget(life).finally(() => this.#forgetting.delete(forgetting));
    this.#forgetting.add(forgetting);
    return forgetting;
  }

  async close(): Promise<void> {
    this.#report = () => {};
    const lives = [...this.#pods.values()];
    for (const life of lives) life.release();
    await this.#untilForgotten();
    this.#closing.abort();
    this.#gangs.close();
    this.#kept.close();
    await Promise.all(lives.map((life) => life.released()));
    await Promise.allSettled([this.#watching, ...this.#forgetting]);
    this.#client.close();
  }

  /** What is over should leave nothing in the cluster while no server runs. What takes too long is left to the next one. */
  async #untilForgotten(): Promise<void> {
    const patience = new AbortController();
    const tooLong = pause(this.#context.clock, FORGET_TIMEOUT_MS, patience.signal).catch(() => {});
    await Promise.race([Promise.allSettled(this.#forgetting), tooLong]);
    patience.abort();
  }

  /** What the cluster refuses to remove is left: the next inventory shows it, and it is forgotten again. */
  async #forget(life: PodLife): Promise<void> {
    life.release();
    this.#pods.delete(life.id);
    this.#ofGangs.delete(life);
    this.#forgotten.delete(life);
    for (const attemptId of life.attemptIds) this.#podOf.delete(attemptId);
    if (life.isInCluster) this.#leaving.add(life.id);
    await life.released();
    try {
      await life.remove();
    } catch (error) {
      if (!isAbort(error))
        this.#context.onNotice(`The pod of attempt ${life.attemptIds[0]} cannot be removed: ${messageOf(error)}`);
    }
    for (const attemptId of life.attemptIds) removeNote(this.#context.log.place, attemptId);
  }

  #add(id: string, namespace: string, gang: GangPart | undefined): PodLife {
    const life = new PodLife(this.#context, id, namespace, gang);
    this.#pods.set(id, life);
    if (gang !== undefined) this.#ofGangs.add(life);
    return life;
  }

  #index(life: PodLife): void {
    for (const attemptId of life.attemptIds) this.#podOf.set(attemptId, life);
  }

  #watch(namespace: string): Watch<Pod> {
    const { clock, client, closing, settings } = this.#context;
    return new Watch<Pod>({
      ...{ clock, client, closing, path: podsPath(namespace) },
      labelSelector: `${LABEL.cluster}=${labelValue(settings.clusterId)}`,
      onList: (pods) => this.#sighted(namespace, pods),
      onEvent: (type, pod) => this.#saw(type, pod),
      onFailure: (error) => {
        if (!this.#listed.has(namespace) && !isAbort(error))
          this.#lost(`The pods of ${this.name} in the namespace ${namespace} cannot be seen: ${messageOf(error)}`);
        return false;
      },
    });
  }

  #sighted(namespace: string, pods: readonly Pod[]): void {
    crashPoint("kubernetes.list");
    const there = new Set(pods.map((pod) => adoptedFrom(pod).podId));
    for (const id of this.#leaving) if (!there.has(id)) this.#leaving.delete(id);
    const known = [...this.#pods.values()];
    for (const pod of pods) this.#adopt(pod);
    for (const life of known)
      if (life.namespace === namespace && life.pod !== undefined && !there.has(life.id)) void this.#checkGone(life);
    this.#listed.add(namespace);
    if (this.#listed.size === this.#context.namespaces.size) this.#show();
  }

  /** It may have been made after the list was. */
  async #checkGone(life: PodLife): Promise<void> {
    const path = podPath(life.namespace, life.pod!.metadata!.name!);
    await this.#client.persist<Pod>(life.id, { method: "GET", path }).then(
      (pod) => life.saw(pod),
      (error: unknown) => {
        if (isGone(error)) life.gone();
      },
    );
  }

  #show(): void {
    if (this.#closing.signal.aborted) return;
    crashPoint("kubernetes.adopted");
    this.#hasShown = true;
    const lives = [...this.#pods.values()];
    const shown = lives.filter(({ isOnlyMade }) => !isOnlyMade);
    this.#report({ kind: "inventory", attemptIds: shown.flatMap(({ attemptIds }) => attemptIds) });
    for (const life of shown) life.announce();
    for (const life of lives) this.#tellIfMade(life);
    for (const [attemptId, killAt] of this.#earlyStops) this.#podOf.get(attemptId)?.stop(killAt);
    this.#earlyStops.clear();
    this.#options.onReachable?.();
    this.#gangs.changed();
  }

  #tellIfMade(life: PodLife): void {
    if (!life.isUnbegun) return;
    for (const attemptId of life.attemptIds) this.#report({ kind: "made", attemptId });
  }

  #saw(type: "ADDED" | "MODIFIED" | "DELETED", pod: Pod): void {
    const { podId } = adoptedFrom(pod);
    if (podId === undefined) return;
    const known = this.#pods.get(podId);
    if (type === "DELETED") {
      this.#kept.gone(pod);
      this.#leaving.delete(podId);
      known?.saw(pod);
      known?.gone();
    } else if (known !== undefined) known.saw(pod);
    else {
      const life = this.#adopt(pod);
      if (life !== undefined && this.#hasShown) this.#tellIfMade(life);
    }
    if (known?.gang !== undefined) this.#gangs.changed();
  }

  /** What nobody has told this driver to start: an earlier one did, or something that was asked for long ago has come. */
  #adopt(pod: Pod): PodLife | undefined {
    const { podId, members, gang } = adoptedFrom(pod);
    if (this.#kept.found(pod)) return undefined;
    if (podId === undefined || members.length === 0 || this.#leaving.has(podId)) return undefined;
    const life = this.#pods.get(podId) ?? this.#add(podId, pod.metadata!.namespace!, gang);
    life.saw(pod);
    this.#index(life);
    return life;
  }

  #nodeChanged(node: string): void {
    for (const life of this.#pods.values()) if (life.pod?.spec?.nodeName === node) life.evaluate();
    this.#gangs.changed();
  }

  #lost(why: string): void {
    this.#context.onNotice(why);
    this.#options.onUnreachable?.(why);
  }

  /** What happened meanwhile the watches tell; what was asked of it meanwhile may have been lost. */
  #found(): void {
    this.#context.onNotice(`The API server of ${this.name} answers again`);
    if (this.#hasShown) this.#show();
  }
}
