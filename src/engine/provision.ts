import type { Change } from "../core/changes.ts";
import type { Instance } from "../core/instances/instance.ts";
import type { World } from "../core/world.ts";
import type { Clock } from "../ports/clock.ts";
import type { Term } from "../ports/leadership.ts";
import { asLeader } from "../ports/leadership.ts";
import type { Provisioner, ProvisionerEvent } from "../ports/provisioner.ts";
import type { ObservedInstances } from "./observe-instances.ts";

export interface ProvisionOptions {
  readonly provisioner: Provisioner;
  readonly clock: Clock;
  readonly term: Pick<Term, "confirm">;
  report(event: ProvisionerEvent): void;
  onError(what: string, error: unknown): void;
}

/** After this time a termination that was refused is asked for again: until it is heard, the instance costs. */
const RETRY_MS = 10_000;

/**
 * Tells the provisioner what was committed. Level-triggered and idempotent by the instance's id, as the dispatch of attempts is: whatever is lost here by a
 * crash is found again by the next inventory. Nothing waits for the provisioner; it answers with events.
 */
export class InstanceDispatcher {
  readonly #options: ProvisionOptions;
  /** It has shown what is there. */
  #isReady = false;
  /** Those that take no more jobs and are to go when their last attempt has ended. */
  readonly #leaving = new Set<string>();

  constructor(options: ProvisionOptions) {
    this.#options = options;
  }

  dispatch(world: World, changes: readonly Change[], observed: ObservedInstances): void {
    this.#isReady ||= observed.isReady;
    const changed = changes.flatMap((change) => ("instanceId" in change ? [change.instanceId] : []));
    if (!this.#isReady) return;
    for (const id of observed.unwanted) this.#terminate(id);
    for (const id of new Set([...observed.again, ...changed, ...this.#leaving])) {
      const instance = world.instances.get(id);
      if (instance?.status === "launching") this.#launch(instance);
      else if (instance?.status === "terminating" && instance.isLost !== true) this.#letGo(world, instance);
      else this.#leaving.delete(id);
    }
  }

  #letGo(world: World, { id, environmentArn }: Instance): void {
    if (!world.instances.of(environmentArn).isIdle(id)) {
      this.#leaving.add(id);
      return;
    }
    this.#leaving.delete(id);
    this.#terminate(id);
  }

  #launch(instance: Instance): void {
    const { provisioner, term, onError } = this.#options;
    provisioner.launch(instance).catch((error: unknown) => {
      onError(`instance ${instance.id} could not be launched`, error);
      void asLeader(term, () => void this.#giveUp(instance.id, error));
    });
  }

  async #giveUp(instanceId: string, error: unknown): Promise<void> {
    const { provisioner, report, clock } = this.#options;
    // It may have been launched all the same.
    await provisioner.terminate(instanceId).catch(() => this.#terminateLater(instanceId));
    const reason = error instanceof Error ? error.message : String(error);
    report({ kind: "failed", instanceId, at: clock.now(), reason });
  }

  #terminate(instanceId: string): void {
    this.#options.provisioner.terminate(instanceId).catch((error: unknown) => {
      this.#options.onError(`instance ${instanceId} could not be terminated`, error);
      this.#terminateLater(instanceId);
    });
  }

  #terminateLater(instanceId: string): void {
    this.#options.clock.after(RETRY_MS, () => {
      void asLeader(this.#options.term, () => this.#terminate(instanceId));
    });
  }
}
