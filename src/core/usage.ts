/** What an attempt, or one of its units, used while it ran: as much of it as its driver could measure. */
export interface Usage {
  /** Processor time of all its processes, user and system together. */
  readonly cpuMs?: number;
  /** The most memory that it held at a time, as its limit counts it. */
  readonly peakMemoryMiB?: number;
}

/** What it has used at a moment of its run. */
export interface UsedSoFar {
  /** Processor time since its start. */
  readonly cpuMs: number;
  /** Held at that moment, without what the kernel keeps of files and could drop. */
  readonly memoryMiB: number;
}

/** Of several that ran together. Their peaks were perhaps not at the same time: the sum is the most that it can have been. */
export function sumOfUsage(usages: readonly (Usage | undefined)[]): Usage | undefined {
  const known = usages.filter((usage) => usage !== undefined);
  if (known.length === 0) return undefined;
  const cpuMs = sum(known.map((usage) => usage.cpuMs));
  const peakMemoryMiB = sum(known.map((usage) => usage.peakMemoryMiB));
  return { ...(cpuMs !== undefined && { cpuMs }), ...(peakMemoryMiB !== undefined && { peakMemoryMiB }) };
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}
