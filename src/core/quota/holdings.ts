import type { Attempt, Job } from "../job.ts";

/** What the active attempts of a quota share hold of one instance type is counted under this key. */
export function shareKey(shareArn: string, type: string): string {
  return `${shareArn} ${type}`;
}

/** The part of it that comes back soon: its attempts were told to end. */
export function endingKey(shareArn: string, type: string): string {
  return `${shareKey(shareArn, type)} ending`;
}

/** What an active attempt holds of its quota share. */
export function shareHoldings(
  { scheduling: { service, instances = [] } }: Pick<Job, "scheduling">,
  { stopping }: Pick<Attempt, "stopping">,
) {
  const share = service?.quotaShare;
  if (share === undefined) return [];
  return instances.flatMap(({ type, count }) => [
    { key: shareKey(share, type), quantity: count },
    ...(stopping === undefined ? [] : [{ key: endingKey(share, type), quantity: count }]),
  ]);
}
