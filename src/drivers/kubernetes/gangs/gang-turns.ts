import type { Requirements } from "../../../core/job.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { MachineOfCluster } from "../../../ports/driver.ts";
import type { Term } from "../../../ports/leadership.ts";
import { isAbort, isGone, messageOf, statusOf } from "../api/api-error.ts";
import type { Client } from "../api/client.ts";
import type { Pod } from "../api/objects.ts";
import { ROOM_GATE } from "../names.ts";
import type { PodLife } from "../pod-life.ts";
import { openGate, podPath } from "../pod-requests.ts";
import { instantOf } from "../times.ts";
import type { FreeNode } from "./room.ts";
import { freeNodes, roomFor, take } from "./room.ts";

/** What others than we run on the nodes is looked at again after so long, while somebody waits. */
const LOOK_AGAIN_MS = 5_000;
/** News that come together are looked at together. */
const TOGETHER_MS = 100;
const NOTHING: Requirements = { vcpuMilli: 0, memoryMiB: 0, gpus: 0 };

export interface GangOptions {
  readonly clock: Clock;
  readonly client: Client;
  readonly term: Pick<Term, "confirm">;
  readonly closing: AbortSignal;
  /** Undefined where nodes are not seen. */
  readonly machines: () => readonly MachineOfCluster[] | undefined;
  /** Of jobs of several nodes. */
  readonly lives: () => Iterable<PodLife>;
  /** Of all that is ours. */
  readonly ownPods: () => readonly Pod[];
  readonly onNotice: (message: string) => void;
}

/**
 * Lets the main node of a multi-node parallel job be placed when there is room for all its nodes at once: one job after the other, in the order in which
 * they came, and none takes what an earlier one that is not all there yet needs.
 */
export class GangTurns {
  readonly #options: GangOptions;
  #cancel: (() => void) | undefined;
  #isLooking = false;
  /** Of a main node's pod, by its id. */
  readonly #waits = new Map<string, string>();
  #mayListAll = true;

  constructor(options: GangOptions) {
    this.#options = options;
  }

  waitsFor(podId: string): string | undefined {
    return this.#waits.get(podId);
  }

  /** Something has changed that may give a job room, or there is one that wants it. */
  changed(): void {
    if (this.#hasWaiting()) this.#lookIn(TOGETHER_MS);
  }

  close(): void {
    this.#cancel?.();
  }

  #hasWaiting(): boolean {
    for (const life of this.#options.lives()) if (life.isGated) return true;
    return false;
  }

  #lookIn(delayMs: number): void {
    if (this.#isLooking || this.#options.closing.aborted) return;
    this.#cancel?.();
    this.#cancel = this.#options.clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#openWhatFits();
    } catch (error) {
      if (!isAbort(error))
        this.#options.onNotice(`Whether there is room for a job of several nodes cannot be seen: ${messageOf(error)}`);
    }
    this.#isLooking = false;
    if (this.#hasWaiting()) this.#lookIn(LOOK_AGAIN_MS);
    else this.#waits.clear();
  }

  async #openWhatFits(): Promise<void> {
    const { machines, lives } = this.#options;
    const known = machines();
    const waiting = [...lives()].filter(({ isGated }) => isGated).sort(byAge);
    if (waiting.length === 0) return;
    if (known === undefined) {
      // Nobody can say whether there is room: the cluster's scheduler does what it can.
      for (const life of waiting) await this.#open(life);
      return;
    }
    let nodes: readonly FreeNode[] = freeNodes(known, await this.#podsThere());
    for (const { each, count } of this.#unfinished()) nodes = take(nodes, each, count) ?? nodes;
    for (const life of waiting) {
      const { each = NOTHING, count } = life.gang!;
      const left = take(nodes, each, count);
      if (left === undefined) {
        this.#waits.set(life.id, waitText(each, count, roomFor(nodes, each)));
        // Who came later does not take from who waits.
        return;
      }
      nodes = left;
      await this.#open(life);
    }
  }

  /** What jobs that have begun still need for nodes that have no place. */
  #unfinished(): { readonly each: Requirements; readonly count: number }[] {
    const gangs = new Map<string, { each: Requirements; count: number; placed: number; hasMain: boolean }>();
    for (const life of this.#options.lives()) {
      if (life.gang === undefined || life.isGated) continue;
      const { id, each = NOTHING, count, isMain } = life.gang;
      const gang = gangs.get(id) ?? { each, count, placed: 0, hasMain: false };
      if (life.pod?.spec?.nodeName || life.isOver) gang.placed += 1;
      if (isMain && !life.isOver) gang.hasMain = true;
      gangs.set(id, gang);
    }
    return [...gangs.values()]
      .filter(({ hasMain, count, placed }) => hasMain && placed < count)
      .map(({ each, count, placed }) => ({ each, count: count - placed }));
  }

  /** All pods that the API lets us see: of all namespaces, or of our own. */
  async #podsThere(): Promise<readonly Pod[]> {
    const { client, ownPods, onNotice } = this.#options;
    if (this.#mayListAll) {
      try {
        const fieldSelector = "status.phase!=Succeeded,status.phase!=Failed";
        return (await client.list<Pod>("/api/v1/pods", { fieldSelector })).items;
      } catch (error) {
        if (statusOf(error) !== 403) throw error;
        this.#mayListAll = false;
        onNotice(
          `The cluster does not let Longshore see the pods of others: room for jobs of several nodes is counted without them (${messageOf(error)})`,
        );
      }
    }
    return ownPods();
  }

  async #open(life: PodLife): Promise<void> {
    const { client, term } = this.#options;
    this.#waits.delete(life.id);
    const { pod } = life;
    if (pod === undefined || !life.isGated) return;
    const path = podPath(life.namespace, pod.metadata!.name!);
    try {
      life.saw(await client.persist<Pod>(life.id, openGate(path, pod, ROOM_GATE), { before: () => term.confirm() }));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

function byAge(a: PodLife, b: PodLife): number {
  const [first, second] = [a, b].map(({ pod }) => instantOf(pod?.metadata?.creationTimestamp) ?? 0);
  return first! - second! || (a.id < b.id ? -1 : 1);
}

function waitText({ vcpuMilli, memoryMiB, gpus }: Requirements, count: number, room: number): string {
  const each = [`${vcpuMilli / 1000} vCPUs`, `${memoryMiB} MiB`, ...(gpus > 0 ? [`${gpus} GPUs`] : [])].join(" and ");
  return `the job waits until ${count} nodes of ${each} have room in the cluster at once: there is room for ${room}`;
}
