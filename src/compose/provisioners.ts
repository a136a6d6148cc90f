import type { Instance } from "../core/instances/instance.ts";
import type { Provisioner, ProvisionerEvent } from "../ports/provisioner.ts";

/**
 * Several provisioners as one; `partOf` says which of them brings an instance. An inventory is of all instances: so there is none before each part has shown its
 * own, and afterwards the others count as they were shown, launched and lost since.
 */
export function composedProvisioner(
  parts: readonly Provisioner[],
  partOf: (instance: Instance) => Provisioner,
): Provisioner {
  return new ComposedProvisioner(parts, partOf);
}

class ComposedProvisioner implements Provisioner {
  readonly #parts: readonly Provisioner[];
  readonly #partOf: (instance: Instance) => Provisioner;
  readonly #shown = new Set<Provisioner>();
  /** By id. */
  readonly #owners = new Map<string, Provisioner>();

  constructor(parts: readonly Provisioner[], partOf: (instance: Instance) => Provisioner) {
    this.#parts = parts;
    this.#partOf = partOf;
  }

  async open(report: (event: ProvisionerEvent) => void): Promise<void> {
    for (const part of this.#parts) await part.open((event) => this.#pass(part, event, report));
  }

  async launch(instance: Instance): Promise<void> {
    const part = this.#partOf(instance);
    this.#owners.set(instance.id, part);
    await part.launch(instance);
  }

  /** One that nobody knows is not there; any part says so. */
  async terminate(instanceId: string): Promise<void> {
    await (this.#owners.get(instanceId) ?? this.#parts[0]!).terminate(instanceId);
  }

  async close(): Promise<void> {
    for (const part of this.#parts) await part.close();
  }

  #pass(part: Provisioner, event: ProvisionerEvent, report: (event: ProvisionerEvent) => void): void {
    switch (event.kind) {
      case "inventory":
        return this.#take(part, event.instanceIds, report);
      case "running":
      case "silent":
        return report(event);
      case "failed":
      case "gone":
        this.#owners.delete(event.instanceId);
        return report(event);
    }
  }

  #take(part: Provisioner, instanceIds: readonly string[], report: (event: ProvisionerEvent) => void): void {
    this.#shown.add(part);
    for (const [id, owner] of this.#owners) if (owner === part) this.#owners.delete(id);
    for (const id of instanceIds) this.#owners.set(id, part);
    if (this.#shown.size === this.#parts.length) report({ kind: "inventory", instanceIds: [...this.#owners.keys()] });
  }
}
