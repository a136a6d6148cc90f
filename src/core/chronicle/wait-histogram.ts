/**
 * How long jobs waited, in classes that are each a fifth wider than the one before: those of many minutes can be added up, and what is read from
 * the sum is as near as what is read from each. By class, how many.
 */
export type WaitHistogram = Readonly<Record<string, number>>;

/** Four for each doubling. */
const CLASSES_OF_DOUBLING = 4;

/** @param ms 0 or more. Class 0 is up to a millisecond. */
export function classOf(ms: number): number {
  return ms <= 1 ? 0 : Math.ceil(Math.log2(ms) * CLASSES_OF_DOUBLING - 1e-9);
}

export function sumOfHistograms(a: WaitHistogram, b: WaitHistogram): WaitHistogram {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/**
 * The wait, ms, that this part of the jobs did not exceed: at most a tenth off. Undefined when none is counted.
 *
 * @param part from 0 to 1.
 * @param maxMs the longest of all.
 */
export function quantileOf(histogram: WaitHistogram, part: number, maxMs: number): number | undefined {
  const classes = Object.entries(histogram)
    .map(([name, count]) => [Number(name), count] as const)
    .sort(([a], [b]) => a - b);
  const total = classes.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  let left = Math.max(1, Math.ceil(part * total));
  const found = classes.find(([, count]) => (left -= count) <= 0)!;
  return Math.min(maxMs, middleOf(found[0]));
}

function middleOf(index: number): number {
  return index === 0 ? 1 : Math.round(2 ** ((index - 0.5) / CLASSES_OF_DOUBLING));
}
