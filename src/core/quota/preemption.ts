/** A job that runs and could be told to end, for another one. */
export interface Candidate {
  readonly jobId: string;
  readonly seq: number;
  readonly priority: number;
  /** When its attempt began to run; undefined while it has not. Epoch ms. */
  readonly startedAt?: number | undefined;
}

/** Who is to end first: the lowest priority, then who has run for the shortest time, then who came last (reference 10, no. 38). */
export function byLoss(a: Candidate, b: Candidate): number {
  const began = (one: Candidate): number => one.startedAt ?? Infinity;
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (began(a) !== began(b)) return began(a) > began(b) ? -1 : 1;
  return b.seq - a.seq;
}

/**
 * Of candidates in the order in which they are to end, so many that it is enough, and none of whom it could do without; undefined when all together
 * would not be enough. Who is to end last is spared first.
 */
export function chooseVictims<Victim extends Candidate>(
  candidates: readonly Victim[],
  isEnough: (victims: readonly Victim[]) => boolean,
): readonly Victim[] | undefined {
  if (!isEnough(candidates)) return undefined;
  let victims = candidates.slice(
    0,
    smallest(candidates.length, (count) => isEnough(candidates.slice(0, count))),
  );
  for (const spared of victims.toReversed()) {
    const others = victims.filter((one) => one !== spared);
    if (isEnough(others)) victims = others;
  }
  return victims;
}

/** The smallest number up to `most`, which suffices, that does; in few tries, because each is a look at so many candidates. */
function smallest(most: number, suffices: (count: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
