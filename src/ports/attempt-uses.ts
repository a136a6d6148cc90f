import type { UseTotals } from "../core/cost/totals.ts";
import type { Usage } from "../core/usage.ts";

/** What attempts that are over have used and cost. Kept as long as their jobs. */
export interface AttemptUses {
  /**
   * What they come to, by the key of each group. Read bit by bit, so that it holds up nobody.
   *
   * Rejects with TooManyGroups.
   */
  totals(query: UseQuery): Promise<Map<string, UseTotals>>;
  /** Those of these attempts that are kept, by id. */
  ofAttempts(attempts: readonly { readonly id: string; readonly stoppedAt: number }[]): Promise<Map<string, EndedUse>>;
}

export interface UseQuery {
  readonly by: UseGrouping | SizeGrouping;
  /** The beginning of the ARNs of the queues that count. */
  readonly queueArnPrefix: string;
  /** Attempts that ended at or after `from` and before `to`, epoch ms. */
  readonly from?: number;
  readonly to?: number;
  readonly queueArn?: string;
  readonly environmentArn?: string;
  readonly share?: string;
  /** Of one job that was submitted; with `index`, of that child. */
  readonly job?: { readonly seq: number; readonly index?: number };
  /** Only attempts of which is known what they used. */
  readonly isMeasured?: true;
  /** Ids of attempts that do not count. */
  readonly except: readonly string[];
}

export type UseGrouping =
  /** Keys: ARNs; of shares their identifiers, or ARNs, or "" for jobs without one. */
  | { readonly kind: "queue" | "environment" | "share" }
  /** Keys: the `seq` of the job that was submitted; `job` tells children apart: `seq:index`. */
  | { readonly kind: "array" | "job" }
  /** Keys: the values of this tag; "" for jobs that do not have it. */
  | { readonly kind: "tag"; readonly key: string };

/** By job definition and what was asked for. Keys: the definition's ARN, milli-vCPU and MiB, with spaces between them. */
export interface SizeGrouping {
  readonly kind: "size";
}

/** More groups than anybody would read, and than are held at a time. */
export class TooManyGroups extends Error {
  override readonly name = "TooManyGroups";
  readonly limit: number;

  constructor(limit: number) {
    super(`there are more than ${limit} groups`);
    this.limit = limit;
  }
}

export interface EndedUse {
  readonly vcpuMilli: number;
  readonly memoryMiB: number;
  readonly gpus: number;
  readonly instances?: string;
  readonly usage?: Usage;
  readonly nanoUsd?: number;
}
