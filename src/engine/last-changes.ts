import type { Change } from "../core/changes.ts";

/** A job that changed twice in a tick is written once. What is beside its state goes with its last change. */
export function lastOfEachJob(changes: readonly Change[]): Change[] {
  const byKey = new Map<string, Change>();
  for (const change of changes) {
    const key = `${change.kind} ${subjectOf(change)}`;
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? change : withMoreOf(before, change));
  }
  return [...byKey.values()];
}

function subjectOf(change: Change): string {
  if ("jobId" in change) return change.jobId;
  if ("hostId" in change) return change.hostId;
  if ("bootId" in change) return change.driver;
  return "instanceId" in change ? change.instanceId : change.arn;
}

function withMoreOf(before: Change, change: Change): Change {
  if (before.kind !== "job-changed" || change.kind !== "job-changed") return change;
  const logStreams = [...(before.logStreams ?? []), ...(change.logStreams ?? [])];
  const endedLogs = [...(before.endedLogs ?? []), ...(change.endedLogs ?? [])];
  const usedUp = [...(before.usedUp ?? []), ...(change.usedUp ?? [])];
  const uses = [...(before.uses ?? []), ...(change.uses ?? [])];
  return {
    ...change,
    ...(logStreams.length > 0 && { logStreams }),
    ...(endedLogs.length > 0 && { endedLogs }),
    ...(usedUp.length > 0 && { usedUp }),
    ...(uses.length > 0 && { uses }),
  };
}
