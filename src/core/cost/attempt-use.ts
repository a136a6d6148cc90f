import type { Requirements } from "../job.ts";
import type { Usage } from "../usage.ts";
import type { Place, PriceBook } from "./price.ts";
import { nanoUsdFor } from "./price.ts";

/** What one attempt held, for how long, what it used of that, and what it costs. */
export interface AttemptUse {
  readonly attemptId: string;
  readonly jobId: string;
  /** The number of the job that was submitted: of a child its array's. */
  readonly jobSeq: number;
  /** Of a child of an array. */
  readonly index?: number;
  readonly queueArn: string;
  readonly environmentArn: string;
  /** A share identifier, or the ARN of a quota share; "" in a queue without shares. */
  readonly share: string;
  /** Absent when what it ran on is no longer known. */
  readonly place?: Place;
  /** Absent when its program never ran. */
  readonly startedAt?: number;
  /** When it ended; of one that runs, the time of asking. */
  readonly stoppedAt: number;
  /** What it asked for, and held. */
  readonly requirements: Requirements;
  readonly usage?: Usage;
  /** Billionths of a dollar; absent where no price is known. */
  readonly nanoUsd?: number;
}

/** The same with what it costs. */
export function priced(use: AttemptUse, prices: PriceBook): AttemptUse {
  const { place, environmentArn, requirements, startedAt, stoppedAt } = use;
  const environmentName = environmentArn.slice(environmentArn.lastIndexOf("/") + 1);
  const price = place && prices({ environmentName, requirements, place });
  if (price === undefined) return use;
  const ranMs = startedAt === undefined ? undefined : stoppedAt - startedAt;
  return { ...use, nanoUsd: nanoUsdFor(price, ranMs) };
}

/** `m6i.large`, of several `2 m6i.large`; undefined for what ran on no instance. */
export function instancesText({ place }: Pick<AttemptUse, "place">): string | undefined {
  if (place === undefined || !("instances" in place)) return undefined;
  return place.instances.map(({ type, count }) => (count === 1 ? type : `${count} ${type}`)).join(", ");
}
