import type { AttentionItem } from "../core/attention/attention-item.ts";

/** What `GET /longshore/attention` answers. */
export interface AttentionReport {
  /** What weighs most first, 50 at most. */
  readonly items: readonly AttentionItem[];
  /** How many there are in all. */
  readonly itemCount: number;
}
