import type { Term } from "../../ports/leadership.ts";
import type { Clock } from "../../ports/clock.ts";
import { messageOf, unlessGone } from "./api/api-error.ts";
import type { Client } from "./api/client.ts";
import type { Pod } from "./api/objects.ts";
import { ANNOTATION, LABEL } from "./names.ts";
import { deletePod, podPath } from "./pod-requests.ts";
import { instantOf } from "./times.ts";
import { LONGEST_TIMER_MS } from "../waiting/longest-timer.ts";

/** What could not be removed is tried again after so long. */
const AGAIN_MS = 600_000;

export interface KeptPodsOptions {
  readonly clock: Clock;
  readonly client: Client;
  readonly term: Pick<Term, "confirm">;
  readonly closing: AbortSignal;
  onNotice(message: string): void;
}

/** Pods of failed jobs that nobody but people looks at any more: they stay for a while, and then go. The cluster remembers until when. */
export class KeptPods {
  readonly #options: KeptPodsOptions;
  /** By path: epoch ms at which it goes. */
  readonly #due = new Map<string, number>();
  /** Of the next sweep, epoch ms. */
  #sweepAt = Infinity;
  #cancel: () => void = () => {};

  constructor(options: KeptPodsOptions) {
    this.#options = options;
  }

  /** One that an earlier server has left, perhaps. False for pods that are not kept. */
  found({ metadata }: Pod): boolean {
    if (metadata?.labels?.[LABEL.kept] === undefined) return false;
    const until = instantOf(metadata.annotations?.[ANNOTATION.keptUntil]) ?? this.#options.clock.now();
    this.keep(podPath(metadata.namespace!, metadata.name!), until);
    return true;
  }

  gone({ metadata }: Pod): void {
    this.#due.delete(podPath(metadata!.namespace!, metadata!.name!));
  }

  keep(path: string, until: number): void {
    this.#due.set(path, until);
    if (until < this.#sweepAt) this.#schedule(until);
  }

  close(): void {
    this.#cancel();
  }

  #schedule(at: number): void {
    this.#cancel();
    this.#sweepAt = at;
    const { clock, closing } = this.#options;
    if (at === Infinity || closing.aborted) return;
    const delayMs = Math.min(LONGEST_TIMER_MS, Math.max(0, at - clock.now()));
    this.#cancel = clock.after(delayMs, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    const { clock, client, term, closing, onNotice } = this.#options;
    const now = clock.now();
    const over = [...this.#due].flatMap(([path, until]) => (until <= now ? [path] : []));
    for (const path of over) {
      try {
        await client
          .persist(path, deletePod(path, undefined, undefined), { before: () => term.confirm() })
          .catch(unlessGone);
        this.#due.delete(path);
      } catch (error) {
        if (closing.aborted) return;
        this.#due.set(path, now + AGAIN_MS);
        onNotice(`A pod of a failed job cannot be removed: ${messageOf(error)}`);
      }
    }
    let next = Infinity;
    for (const until of this.#due.values()) next = Math.min(next, until);
    this.#schedule(next);
  }
}
