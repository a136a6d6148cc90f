import type { UsedSoFar } from "../core/usage.ts";

/** What an attempt, or one of its units, had used at a moment of its run. */
export interface UsageSample extends UsedSoFar {
  /** Epoch ms. */
  readonly at: number;
}

/** Reads series by the ids that drivers know attempts by. */
export interface UsageSamples {
  /** In order of time. Ids of which nothing is known are left out. */
  read(attemptIds: readonly string[]): Promise<Map<string, readonly UsageSample[]>>;
}

/** Kept as long as the attempts' jobs. */
export interface UsageSampleTable extends UsageSamples {
  /** In the place of what was there. */
  write(series: ReadonlyMap<string, readonly UsageSample[]>): Promise<void>;
}
