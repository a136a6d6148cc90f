/** Who holds up a lane of a queue, why, and since when without interruption. */
export interface Standing {
  readonly jobId: string;
  /** Its statusReason up to the " - ". */
  readonly reason: string;
  /** Epoch ms. */
  readonly since: number;
}

/** By share. */
export type Standings = ReadonlyMap<string, Standing>;
