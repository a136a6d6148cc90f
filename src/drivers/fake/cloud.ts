import type { Instance } from "../../core/instances/instance.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProvisionerEvent } from "../../ports/provisioner.ts";

/** What happens to one instance of the fake cloud. */
export interface FakeBoot {
  /** From `launch` until it runs, or fails. */
  readonly bootMs: number;
  /** It never runs, for this reason. */
  readonly failure?: string;
  /** `launch` rejects: with nothing done, or with the instance on its way all the same. */
  readonly launchRejects?: "before" | "after";
  /** It is lost so long after it ran; `isSilent`: nobody tells, it is missing in the next inventory. */
  readonly loss?: { readonly afterMs: number; readonly isSilent: boolean };
  /** From `terminate` until it is gone. */
  readonly shutdownMs: number;
}

/** Up in a minute, gone in half of one. */
export const PLAIN_BOOT: FakeBoot = { bootMs: 60_000, shutdownMs: 30_000 };

/** An instance of the fake cloud. */
export interface FakeInstance {
  readonly instance: Instance;
  readonly boot: FakeBoot;
  runningAt?: number;
  isShuttingDown?: true;
}

export interface FakeCloudOptions {
  readonly clock: Clock;
  boot(instance: Instance): FakeBoot;
  /** Called each time that an instance comes into being: of one id it must be once, ever. */
  onLaunch?(instance: Instance): void;
  /** It has gone, for whatever reason: what runs on it ends with it. */
  onGone?(instanceId: string): void;
}

/**
 * Where the instances of the fake provisioner are: it outlives servers, as a real cloud does. Reports go to the provisioner that is open; without
 * one they are lost, and the next one finds the instances.
 */
export class FakeCloud {
  readonly #options: FakeCloudOptions;
  readonly #instances = new Map<string, FakeInstance>();
  /** When they went. */
  readonly #gone = new Map<string, number>();
  /** The open provisioner's. */
  report: (event: ProvisionerEvent) => void = () => {};

  constructor(options: FakeCloudOptions) {
    this.#options = options;
  }

  /** All that are there, launching ones too. */
  instances(): Iterable<FakeInstance> {
    return this.#instances.values();
  }

  has(instanceId: string): boolean {
    return this.#instances.has(instanceId);
  }

  /** Shows all instances, as a provisioner does that opens or has lost sight of them for a while. */
  showInventory(): void {
    this.report({ kind: "inventory", instanceIds: [...this.#instances.keys()] });
    for (const { instance, runningAt } of this.#instances.values()) {
      if (runningAt !== undefined) this.report({ kind: "running", instanceId: instance.id, at: runningAt });
    }
  }

  launch(instance: Instance): void {
    const { clock, boot: bootOf, onLaunch } = this.#options;
    const goneAt = this.#gone.get(instance.id);
    if (goneAt !== undefined) return this.report({ kind: "gone", instanceId: instance.id, at: goneAt });
    if (this.#instances.has(instance.id)) return;
    const boot = bootOf(instance);
    if (boot.launchRejects === "before") throw new Error("the fake cloud refuses this instance");
    const fake: FakeInstance = { instance, boot };
    this.#instances.set(instance.id, fake);
    onLaunch?.(instance);
    clock.after(boot.bootMs, () => this.#run(fake));
    if (boot.launchRejects === "after") throw new Error("the fake cloud answers with an error");
  }

  terminate(instanceId: string): void {
    const fake = this.#instances.get(instanceId);
    if (fake === undefined) {
      const at = this.#gone.get(instanceId) ?? this.#options.clock.now();
      return this.report({ kind: "gone", instanceId, at });
    }
    if (fake.isShuttingDown === true) return;
    fake.isShuttingDown = true;
    this.#options.clock.after(fake.boot.shutdownMs, () => this.lose(instanceId));
  }

  /** It is gone at once. `isSilent`: nobody tells. */
  lose(instanceId: string, isSilent = false): void {
    if (!this.#instances.delete(instanceId)) return;
    const at = this.#options.clock.now();
    this.#gone.set(instanceId, at);
    if (!isSilent) this.report({ kind: "gone", instanceId, at });
    this.#options.onGone?.(instanceId);
  }

  #run(fake: FakeInstance): void {
    const { instance, boot } = fake;
    const { clock } = this.#options;
    if (!this.#instances.has(instance.id) || fake.isShuttingDown === true) return;
    if (boot.failure !== undefined) {
      this.#instances.delete(instance.id);
      this.#gone.set(instance.id, clock.now());
      return this.report({ kind: "failed", instanceId: instance.id, at: clock.now(), reason: boot.failure });
    }
    fake.runningAt = clock.now();
    this.report({ kind: "running", instanceId: instance.id, at: fake.runningAt });
    const { loss } = boot;
    if (loss !== undefined) clock.after(loss.afterMs, () => this.lose(instance.id, loss.isSilent));
  }
}
