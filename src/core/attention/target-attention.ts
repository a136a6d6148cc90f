import type { AttentionItem } from "./attention-item.ts";

/** A target of events, as far as it concerns somebody. */
export interface UndeliveredTarget {
  readonly name: string;
  readonly deadLetters: number;
  readonly lastError?: { readonly at: number; readonly message: string };
}

/** @param mayRetry whether who is told may have them tried again. */
export function targetAttention(targets: readonly UndeliveredTarget[], mayRetry: boolean): AttentionItem[] {
  return targets
    .filter(({ deadLetters }) => deadLetters > 0)
    .map(({ name, deadLetters, lastError }) => ({
      ...{ kind: "dead-letters", severity: "warning" },
      title: `${deadLetters === 1 ? "An event" : `${deadLetters} events`} could not be delivered to ${name}`,
      reason: `${lastError === undefined ? "It was tried as often as it may be." : `The last try said: ${lastError.message}.`} The dead letters are kept: longshore events dead-letters list --target ${name}`,
      ...(mayRetry && { action: { kind: "retry-dead-letters", label: "Try again", target: name } as const }),
    }));
}
