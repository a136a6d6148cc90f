import type { Instance } from "./instance.ts";

/** An instance that was there and is not any more. */
export interface GoneInstance {
  readonly instance: Instance;
  /** Epoch ms. */
  readonly at: number;
}

/** Bounds the memory. */
const MAX_KEPT = 1_000;

/** EC2 shows terminated instances for about an hour. */
export const GONE_SHOWN_MS = 3_600_000;

/** The instances that went last, in memory only: whoever asks what became of one asks soon. */
export class GoneInstances {
  readonly #byId = new Map<string, GoneInstance>();

  add(instance: Instance, at: number): void {
    this.#byId.set(instance.id, { instance, at });
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > MAX_KEPT) this.#byId.delete(oldest!);
  }

  /** Those of an environment that went after a time, in the order in which they did. Costs in all that are kept. */
  of(environmentArn: string, after: number): GoneInstance[] {
    return [...this.#byId.values()].filter(
      ({ instance, at }) => instance.environmentArn === environmentArn && at > after,
    );
  }
}
