import type { Scheduler } from "../ports/scheduler.ts";

/**
 * The scheduler as long as this server leads. When it does not, it knows nothing, and whoever leads hears of what was written from the store: requests that
 * need an answer are the leader's.
 */
export function ledScheduler(current: () => Scheduler | undefined): Scheduler {
  return {
    nudge: async () => current()?.nudge(),
    nudgeResources: async () => current()?.nudgeResources(),
    nudgePriority: async (jobId) => current()?.nudgePriority(jobId),
    inUse: (consumableArn) => current()?.inUse(consumableArn) ?? 0,
    waitingText: (job) => current()?.waitingText(job),
    explain: (jobId) => current()?.explain(jobId),
    preview: async (proposal) => current()?.preview(proposal),
    occupancy: (environmentArn) => current()?.occupancy(environmentArn),
    desiredVcpus: (environmentArn) => current()?.desiredVcpus(environmentArn),
    instances: (environmentArn) => current()?.instances(environmentArn),
    goneInstances: (environmentArn) => current()?.goneInstances(environmentArn) ?? [],
    terminateInstance: async (instanceId) => current()?.terminateInstance(instanceId),
    runningUses: () => current()?.runningUses() ?? [],
    unfinished: (account) => current()?.unfinished(account),
    snapshot: (queueArn) => current()?.snapshot(queueArn) ?? { front: [], firstOfShares: new Map(), active: [] },
    shares: (queueArn) => current()?.shares(queueArn),
  };
}
