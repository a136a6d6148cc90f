/** What of the path is the job: `ID`, `ID:INDEX` of a child, `ID#NODE` of a node, whose `#` stands there as `%23`. */
export function jobIdOfPath(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function jobPath(jobId: string): string {
  return `/jobs/${encodeURIComponent(jobId).replaceAll("%3A", ":")}`;
}

/** The array that a child is of, the job that a node is of. */
export function ownerOf(jobId: string): string | undefined {
  const end = jobId.search(/[:#]/);
  return end < 0 ? undefined : jobId.slice(0, end);
}
