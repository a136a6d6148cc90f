import type { Instance } from "../core/instances/instance.ts";

/**
 * A provisioner is to instances what a driver is to attempts: it brings them and takes them away.
 *
 * - `launch` and `terminate` are idempotent by the instance's id. A second `launch` of an instance that is there brings no other one, not even in
 *   another process after a crash. One that was there and is gone is never brought again: it is reported as `gone`.
 * - Instances go on when the server dies, and are found again by `open` of the next server.
 * - Events may be repeated, never invented. The engine ignores repetitions.
 */
export interface Provisioner {
  /**
   * Finds the instances that are already there and begins to report. Emits one `inventory` when it can see them (again after each time it lost sight
   * of them), and after it `running` of each one in it that runs.
   */
  open(report: (event: ProvisionerEvent) => void): Promise<void>;
  /** Everything that goes wrong with the instance itself is an event, not a rejection. `running` or `failed` tells the outcome. */
  launch(instance: Instance): Promise<void>;
  /** Takes an instance away, whatever is on it, also one that is still launching. `gone` tells when it is, also of one that is not there (any more). */
  terminate(instanceId: string): Promise<void>;
  /** Stops watching. Instances go on. No event is reported afterwards. */
  close(): Promise<void>;
}

export type ProvisionerEvent =
  /** Every instance that is there now, launching or running. What should be there and is not in it was never launched, or is lost. */
  | { readonly kind: "inventory"; readonly instanceIds: readonly string[] }
  /** Attempts can be started on it. Epoch ms. */
  | { readonly kind: "running"; readonly instanceId: string; readonly at: number }
  /** It does not answer, and may again: attempts can be started on it from the next `running` on. What is on it goes on, as far as anybody knows. */
  | { readonly kind: "silent"; readonly instanceId: string; readonly at: number }
  /** It could not be launched; there is nothing to terminate. */
  | { readonly kind: "failed"; readonly instanceId: string; readonly at: number; readonly reason: string }
  /** It is no longer there: terminated as it was told to, or lost. */
  | { readonly kind: "gone"; readonly instanceId: string; readonly at: number };
