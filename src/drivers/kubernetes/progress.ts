import type { Pod } from "./api/objects.ts";
import type { Deadline } from "./deadlines.ts";
import { idleSince } from "./deadlines.ts";
import type { Member } from "./names.ts";
import { startFailure } from "./outcome.ts";
import type { Patience } from "./patience.ts";
import type { Stuck } from "./waiting.ts";
import { stuckOf, waitsFor } from "./waiting.ts";

/** Whether a pod that has a node gets to run there. */
export class Progress {
  readonly #patience: Patience;
  /** What its node said at last of a container that it cannot get to run, and since when it has said so. */
  #stuck: (Stuck & { readonly since: number }) | undefined;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** When it is told to end if nothing changes, and why. */
  look(pod: Pod, members: readonly Member[], now: number): Deadline | undefined {
    const { pullMs, createMs, beginMs } = this.#patience;
    const stuck = stuckOf(pod, members);
    if (stuck === undefined) {
      const since = idleSince(pod);
      const why = startFailure(`the pod has not begun in time: ${waitsFor(pod, members) ?? "nobody says why"}`);
      return since === undefined ? undefined : { at: since + beginMs, why };
    }
    // The first words say more than "back-off".
    const before = this.#stuck;
    const why = before !== undefined && /^\w+: Back-off/.test(stuck.reason) ? before.reason : stuck.reason;
    this.#stuck = { ...stuck, reason: why, since: before?.since ?? now };
    if (stuck.isFinal) return { at: now, why };
    return { at: this.#stuck.since + (why.startsWith("CannotPull") ? pullMs : createMs), why };
  }
}
