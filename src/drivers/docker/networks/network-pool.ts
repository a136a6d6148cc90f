import type Dockerode from "dockerode";
import type { ContainerInfo } from "dockerode";
import type { Clock } from "../../../ports/clock.ts";
import { inspectNamed, removeNamed } from "../container/container.ts";
import { firstAddress, startHolder } from "../tasks/holder.ts";
import type { EngineLink } from "../engine/link.ts";
import { LABEL, lentNetworkName } from "../names.ts";
import { isUntouched, stateOf } from "./network-state.ts";
import type { NetworkState } from "./network-state.ts";
import { crashPoint } from "../../../ports/crash-points.ts";

/** A program that ran no longer than this is followed by others like it. */
const SHORT_RUN_MS = 5_000;
/** For so long after it. */
const FOLLOWED_FOR_MS = 60_000;
/** So long a network waits for its next container. */
const IDLE_MS = 60_000;
const NETWORKS_MAX = 64;

export interface NetworkPoolOptions {
  readonly clock: Clock;
  readonly link: EngineLink;
  readonly clusterId: string;
  /** The engine is on another machine. */
  readonly isElsewhere: boolean;
  readonly idleMs?: number | undefined;
}

/** A network that belongs to a holder. */
interface Lent {
  readonly name: string;
  /** What is known of who made it; without it nobody is to have it next. */
  readonly made?: {
    readonly pid: number;
    readonly address: string | undefined;
    /** As it was then. */
    readonly state: NetworkState;
  };
}

/**
 * Half of the work of starting a container is to make its network. Where short programs follow each other, containers have networks that are there: each belongs to a
 * holder, as that of a task does, and serves one container after the other, never two at a time. Who begins finds nothing of who was before: a network that
 * is not as it was made is removed. Where that cannot be seen, because the engine is on another machine, every container has a new one.
 *
 * Such a network costs more than one of the container's own, until it is used again: it is made where short programs have ended lately, and several are to start.
 */
export class NetworkPool {
  readonly #options: NetworkPoolOptions;
  /** Those that are free, the one that was used last at the end; when they became so, epoch ms. */
  readonly #free: { readonly lent: Lent; readonly since: number }[] = [];
  readonly #leases = new Map<string, Lent>();
  readonly #underWay = new Set<Promise<void>>();
  #making = 0;
  /** Until when programs are likely to be short. */
  #shortUntil = 0;
  /** Until when networks are likely to be used once only. */
  #notBefore = 0;
  #isClosed = false;
  /** Whether it can be seen what a container leaves behind. */
  #seesNetworks: boolean;
  #cancelExpiry: () => void = () => {};

  constructor(options: NetworkPoolOptions) {
    this.#options = options;
    this.#seesNetworks = !options.isElsewhere;
  }

  /**
   * The name of the holder in whose network the attempt's container is to be; undefined: in a new one. The same as often as it is asked.
   *
   * @param starting how many attempts are about to start, this one among them.
   */
  async lease(docker: Dockerode, attemptId: string, starting: number): Promise<string | undefined> {
    const known = this.#leases.get(attemptId);
    if (known !== undefined) return known.name;
    const lent =
      this.#free.pop()?.lent ?? (this.#isWorthOne(starting) ? await this.#make(docker, attemptId) : undefined);
    if (lent !== undefined) this.#leases.set(attemptId, lent);
    return lent?.name;
  }

  /** Where the attempt's container is reached; undefined when it has its own network, or an earlier server had lent it. */
  addressOf(attemptId: string): string | undefined {
    return this.#leases.get(attemptId)?.made?.address;
  }

  /** The attempt's container is there already, and in this network; undefined: in one of its own. */
  found(attemptId: string, name: string | undefined): void {
    if (this.#leases.get(attemptId)?.name === name) return;
    this.giveBack(attemptId);
    if (name !== undefined) this.#leases.set(attemptId, { name });
  }

  /** There is no such network any more. */
  lost(attemptId: string): void {
    this.#leases.delete(attemptId);
  }

  /** The attempt's program has ended, after so long; undefined when it never ran, or nobody knows. */
  giveBack(attemptId: string, ranMs?: number): void {
    if (ranMs !== undefined) this.#shortUntil = ranMs <= SHORT_RUN_MS ? this.#options.clock.now() + FOLLOWED_FOR_MS : 0;
    const lent = this.#leases.get(attemptId);
    this.#leases.delete(attemptId);
    if (lent !== undefined) this.#do((docker) => this.#rest(docker, lent));
  }

  /** What there is in the engine now. Networks that an earlier server had made are kept as long as they are in use. */
  takeInventory(docker: Dockerode, listed: readonly ContainerInfo[]): void {
    const running = new Set<string>();
    const used = new Map<string, string>();
    for (const { State, Labels } of listed) {
      const name = Labels[LABEL.network];
      const attemptId = Labels[LABEL.attempt];
      if (name === undefined) continue;
      if (attemptId === undefined) {
        if (State === "running") running.add(name);
      } else if (!HAS_ENDED.has(State)) used.set(name, attemptId);
    }
    this.#dropAllBut(running);
    for (const [name, attemptId] of used) this.found(attemptId, name);
    const known = new Set([...this.#leases.values(), ...this.#free.map(({ lent }) => lent)].map(({ name }) => name));
    for (const { Labels } of listed) {
      const name = Labels[LABEL.network];
      if (name !== undefined && Labels[LABEL.attempt] === undefined && !known.has(name)) {
        this.#do(() => removeNamed(docker, name), docker);
      }
    }
  }

  /** Those that are free go. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelExpiry();
    await Promise.all(this.#underWay);
    for (const { lent } of this.#free.splice(0)) this.#do((docker) => removeNamed(docker, lent.name));
    await Promise.all(this.#underWay);
  }

  #dropAllBut(running: ReadonlySet<string>): void {
    const free = this.#free.splice(0).filter(({ lent }) => running.has(lent.name));
    this.#free.push(...free);
    for (const [attemptId, { name }] of this.#leases) if (!running.has(name)) this.#leases.delete(attemptId);
  }

  #isWorthOne(starting: number): boolean {
    if (!this.#seesNetworks || this.#isClosed || starting < 2) return false;
    const now = this.#options.clock.now();
    return this.#notBefore <= now && now < this.#shortUntil && this.#leases.size + this.#making < NETWORKS_MAX;
  }

  /** Undefined when there is none to be had. */
  async #make(docker: Dockerode, attemptId: string): Promise<Lent | undefined> {
    const { clusterId, link } = this.#options;
    const name = lentNetworkName(attemptId);
    const labels = { [LABEL.cluster]: clusterId, [LABEL.network]: name };
    this.#making += 1;
    try {
      await startHolder(docker, { name, labels }, link.closing);
      crashPoint("docker.lent");
      const found = (await inspectNamed(docker, name, link.closing))!;
      const pid = found.State.Pid;
      const state = await stateOf(docker, name, pid);
      this.#seesNetworks = state !== undefined;
      // Whoever has closed meanwhile starts nothing in it.
      if (this.#isClosed) throw new Error("closed");
      return state === undefined ? { name } : { name, made: { pid, address: firstAddress(found), state } };
    } catch {
      this.#do(() => removeNamed(docker, name), docker);
      return undefined;
    } finally {
      this.#making -= 1;
    }
  }

  async #rest(docker: Dockerode, lent: Lent): Promise<void> {
    const { name, made } = lent;
    const state = made && (await stateOf(docker, name, made.pid));
    if (state !== undefined && isUntouched(made!.state, state) && !this.#isClosed) {
      this.#free.push({ lent, since: this.#options.clock.now() });
      if (this.#free.length === 1) this.#expireLater();
      return;
    }
    // What the next one leaves will be like it.
    if (made !== undefined) this.#notBefore = this.#options.clock.now() + FOLLOWED_FOR_MS;
    await removeNamed(docker, name);
  }

  #expireLater(): void {
    const { clock, idleMs = IDLE_MS } = this.#options;
    this.#cancelExpiry();
    const [oldest] = this.#free;
    if (oldest === undefined || this.#isClosed) return;
    this.#cancelExpiry = clock.after(Math.max(0, oldest.since + idleMs - clock.now()), () => {
      while (this.#free[0] !== undefined && this.#free[0].since + idleMs <= clock.now()) {
        const { name } = this.#free.shift()!.lent;
        this.#do((docker) => removeNamed(docker, name));
      }
      this.#expireLater();
    });
  }

  /** What fails is left, as it is while the engine is out of sight: the next inventory shows it. */
  #do(task: (docker: Dockerode) => Promise<void>, docker = this.#options.link.docker): void {
    if (docker === undefined) return;
    const doing = task(docker)
      .catch(() => {})
      .finally(() => this.#underWay.delete(doing));
    this.#underWay.add(doing);
  }
}

const HAS_ENDED: ReadonlySet<string> = new Set(["exited", "dead", "removing"]);
