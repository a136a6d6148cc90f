/** The value below which the part `share` (0 to 1) of the sample lies: the nearest rank, so always a value of the sample. */
export function percentile(sample: readonly number[], share: number): number {
  if (sample.length === 0) throw new RangeError("A percentile of nothing.");
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

export function median(sample: readonly number[]): number {
  return percentile(sample, 0.5);
}

/** Of pairs measured side by side: the median of their quotients, which a noisy machine moves less than a quotient of medians. */
export function medianRatio(values: readonly number[], limits: readonly number[]): number {
  return median(values.map((value, index) => value / limits[index]!));
}
