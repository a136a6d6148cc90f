import type { Architecture } from "../instances/instance.ts";
import type { InstanceNeed, Requirements } from "../job.ts";

/** What an attempt holds for as long as it runs, as far as it is paid for. */
export interface Held {
  readonly environmentName: string;
  readonly requirements: Requirements;
  readonly place: Place;
}

export type Place =
  /** Shares of instances, or (the nodes of a multi-node parallel job) all of them. */
  | {
      readonly kind: "instances";
      readonly instances: readonly InstanceNeed[];
      /** What one of them has for jobs. */
      readonly size: Requirements;
      readonly isWhole: boolean;
      readonly isSpot: boolean;
    }
  /** Service jobs: the instances that the other service would be asked for. */
  | { readonly kind: "service"; readonly instances: readonly InstanceNeed[] }
  | { readonly kind: "fargate"; readonly architecture: Architecture; readonly isSpot: boolean }
  /** A share of a machine that nobody pays by the hour. */
  | { readonly kind: "machine" };

export interface Price {
  /** Billionths of a dollar: what a short job costs would be nothing in millionths. Not always whole; what comes of it is. */
  readonly nanoUsdPerHour: number;
  /** For so long it is paid at least. */
  readonly leastMs: number;
  /** It is the user's own price, or made of one. */
  readonly isOwn?: true;
}

/** What it costs to hold something; undefined where nobody knows. */
export type PriceBook = (held: Held) => Price | undefined;

export const NO_PRICES: PriceBook = () => undefined;

const HOUR_MS = 3_600_000;

/** What it costs for so long. What never ran costs nothing. */
export function nanoUsdFor({ nanoUsdPerHour, leastMs }: Price, ranMs: number | undefined): number {
  if (ranMs === undefined) return 0;
  return Math.round((nanoUsdPerHour * Math.max(ranMs, leastMs)) / HOUR_MS);
}
