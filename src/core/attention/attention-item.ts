/** Something that a person should look at, with its reason and what to do about it. Nothing but JSON. */
export interface AttentionItem {
  readonly kind: AttentionKind;
  readonly severity: "error" | "warning" | "info";
  readonly title: string;
  /** One or two sentences. */
  readonly reason: string;
  /** Where the console shows it: a path of the console. Absent where it shows nothing more of it. */
  readonly href?: string;
  readonly action?: AttentionAction;
  /** Epoch ms: since when it is so, as far as that is known. */
  readonly since?: number;
}

export type AttentionKind =
  | "queue-blocked"
  | "queue-waits"
  | "queue-disabled"
  | "environment-invalid"
  | "environment-full"
  | "failures"
  | "host-silent"
  | "dead-letters"
  | "disk-full";

/** The fix: a form that is filled in already, or a call to be made as it stands. */
export type AttentionAction =
  | { readonly label: string; readonly kind: "open"; readonly href: string }
  | { readonly label: string; readonly kind: "enable-queue"; readonly jobQueue: string }
  | { readonly label: string; readonly kind: "enable-environment"; readonly computeEnvironment: string }
  | { readonly label: string; readonly kind: "retry-dead-letters"; readonly target: string };

const WEIGHTS = { error: 0, warning: 1, info: 2 } as const;

/** What weighs most first; of the same weight what has been so for longest. */
export function byWeight(a: AttentionItem, b: AttentionItem): number {
  const byTime = (a.since ?? Infinity) - (b.since ?? Infinity);
  return (
    WEIGHTS[a.severity] - WEIGHTS[b.severity] || (Number.isNaN(byTime) ? 0 : byTime) || (a.title < b.title ? -1 : 1)
  );
}
