import type { Instance, InstanceType } from "../../../core/instances/instance.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { HostSight } from "../../../ports/hosts.ts";
import type { Provisioner, ProvisionerEvent } from "../../../ports/provisioner.ts";

/** A registered host, as far as it is an instance. */
export interface SeenHost {
  readonly sight: HostSight;
  /** What it holds, by what its engine tells now. */
  readonly type: InstanceType | undefined;
}

export interface HostProvisionerOptions {
  readonly clock: Clock;
  /** By id; undefined when there is no such host. */
  host(hostId: string): SeenHost | undefined;
  /** By id of the instance, the host that it stands for: those that have run, as the store has them. */
  instances(): Promise<ReadonlyMap<string, string>>;
}

/**
 * The instances that stand for registered hosts. Nothing is brought or taken away: an instance runs as soon as its host is in sight and holds what the
 * instance is said to hold; it is gone when its host is lost, or when it is told to go.
 */
export class HostProvisioner implements Provisioner {
  readonly #options: HostProvisionerOptions;
  /** By host, the id of the instance that runs. */
  readonly #running = new Map<string, string>();
  /** By host, the instance that is to run. */
  readonly #awaited = new Map<string, Instance>();
  #report: (event: ProvisionerEvent) => void = () => {};

  constructor(options: HostProvisionerOptions) {
    this.#options = options;
  }

  async open(report: (event: ProvisionerEvent) => void): Promise<void> {
    for (const [instanceId, hostId] of await this.#options.instances()) {
      const host = this.#options.host(hostId);
      // One that is lost by now is not in the inventory; one that nobody has seen yet may come into sight.
      if (host !== undefined && host.sight.kind !== "lost") this.#running.set(hostId, instanceId);
    }
    this.#report = report;
    report({ kind: "inventory", instanceIds: [...this.#running.values()] });
    for (const hostId of this.#running.keys()) {
      if (this.#options.host(hostId)?.sight.kind !== "in-sight") this.unseen(hostId, this.#options.clock.now());
    }
  }

  async launch(instance: Instance): Promise<void> {
    const hostId = instance.host!;
    if (this.#running.get(hostId) === instance.id) return;
    this.#awaited.set(hostId, instance);
    this.sighted(hostId);
  }

  async terminate(instanceId: string): Promise<void> {
    for (const [hostId, id] of this.#running) if (id === instanceId) this.#running.delete(hostId);
    for (const [hostId, { id }] of this.#awaited) if (id === instanceId) this.#awaited.delete(hostId);
    this.#report({ kind: "gone", instanceId, at: this.#options.clock.now() });
  }

  async close(): Promise<void> {
    this.#report = () => {};
  }

  /** Attempts can be started on the host. */
  sighted(hostId: string): void {
    const running = this.#running.get(hostId);
    if (running !== undefined)
      return this.#report({ kind: "running", instanceId: running, at: this.#options.clock.now() });
    const awaited = this.#awaited.get(hostId);
    const host = this.#options.host(hostId);
    if (awaited === undefined || host?.sight.kind !== "in-sight" || host.type?.name !== awaited.type.name) return;
    this.#awaited.delete(hostId);
    this.#running.set(hostId, awaited.id);
    this.#report({ kind: "running", instanceId: awaited.id, at: this.#options.clock.now() });
  }

  /** It does not answer. */
  unseen(hostId: string, at: number): void {
    const instanceId = this.#running.get(hostId);
    if (instanceId !== undefined) this.#report({ kind: "silent", instanceId, at });
  }

  lost(hostId: string, at: number): void {
    const instanceId = this.#running.get(hostId);
    if (instanceId === undefined) return;
    this.#running.delete(hostId);
    this.#report({ kind: "gone", instanceId, at });
  }
}
