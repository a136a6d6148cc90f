import { waitingReason, waitingText } from "../../src/core/explain/waiting-reason.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { Plan } from "../../src/core/plan.ts";
import type { Environment, Queue, QuotaShare, TimeLimit } from "../../src/core/resources.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "./world.ts";

/** In these examples an instance type is called `a`, unless a limit says otherwise. */
export type Limits = number | Record<string, number>;
export type Share = Partial<Omit<QuotaShare, "limits">> & { readonly limits: Limits };

export const reserve = (limits: Limits): Share => ({ limits, strategy: "RESERVE" });
export const lend = (limits: Limits): Share => ({ limits, strategy: "LEND" });
export const borrow = (limits: Limits, borrowLimitPercent = -1): Share => ({
  limits,
  strategy: "LEND_AND_BORROW",
  borrowLimitPercent,
});
export const inShare = (share: Share): Share => ({ ...share, inSharePreemption: true });

function byType(limits: Limits): Map<string, number> {
  return new Map(typeof limits === "number" ? [["a", limits]] : Object.entries(limits));
}

/** A queue with quota shares over a service environment with so many instances. */
export class Quotas {
  readonly bench: WorldBench;
  plan: Plan | undefined;

  constructor(instances: Limits, shares: Record<string, Share>, timeLimits: readonly TimeLimit[] = []) {
    const environment: Environment = { ...ENVIRONMENT, maxVcpuMilli: Infinity, maxInstances: byType(instances) };
    const queue: Queue = { ...QUEUE, policyArn: "policy", timeLimits };
    this.bench = new WorldBench({ environments: [environment], queues: [queue] });
    this.bench.world.apply({ kind: "scheduling-policies", policies: [{ kind: "quota-share", arn: "policy" }] });
    this.configure(shares);
  }

  configure(shares: Record<string, Share>): void {
    const quotaShares = Object.entries(shares).map(([name, share]): QuotaShare => ({
      ...{ arn: arnOf(name), version: 1, status: "VALID", enabled: true, strategy: "RESERVE", borrowLimitPercent: -1 },
      inSharePreemption: false,
      ...share,
      limits: byType(share.limits),
    }));
    this.bench.world.apply({ kind: "quota-shares", quotaShares });
  }

  /** `share:id`, or `share:id*count`, `share:id*count^priority`. */
  submit(...jobs: readonly string[]): void {
    for (const job of jobs) {
      const [, share = "", id = "", count = "1", priority = "0"] = /^(\w+):(\w+)(?:\*(\d+))?(?:\^(\d+))?$/.exec(job)!;
      this.submitOf(share, id, { a: Number(count) }, { priority: Number(priority) });
    }
  }

  submitOf(share: string, id: string, instances: Record<string, number>, more: Partial<Scheduling> = {}): void {
    const service = { type: "SAGEMAKER_TRAINING", trainingJobName: id, quotaShare: arnOf(share) } as const;
    const needs = Object.entries(instances).map(([type, count]) => ({ type, count }));
    this.bench.submit(id, { instances: needs, priority: 0, ...more, service: { ...service, ...more.service } });
  }

  /** Ticks until nothing is left to do, and lets all that is STARTING run. What was started, in its order. */
  settle(): string[] {
    const started: string[] = [];
    do {
      this.plan = this.bench.tick();
      for (const { jobId, state } of this.plan.changes) if (state.status === "SCHEDULED") started.push(jobId);
    } while (this.bench.world.agenda.size > 0);
    for (const { id, state } of this.bench.world.jobs.values()) if (state.status === "STARTING") this.bench.start(id);
    this.bench.now += 1000;
    return started;
  }

  prioritise(jobId: string, priority: number): void {
    this.bench.world.apply({ kind: "job-priority", jobId, priority });
  }

  /** The jobs that were told to end, and have not. */
  ending(): string[] {
    const jobs = [...this.bench.world.jobs.values()];
    return jobs
      .filter(({ state }) => state.attempts.at(-1)?.stopping?.preempted === true && isActive(state.status))
      .map(({ id }) => id);
  }

  /** What was told to end does. */
  obey(...ids: readonly string[]): void {
    for (const id of ids) this.bench.end(id, { exitCode: 143 });
  }

  waiting(id: string): string | undefined {
    const job = this.bench.world.jobs.get(id)!;
    const reason = waitingReason(this.plan!, job);
    return reason && waitingText(reason, job.scheduling.requirements);
  }
}

function isActive(status: string): boolean {
  return status === "SCHEDULED" || status === "STARTING" || status === "RUNNING";
}

export function arnOf(share: string): string {
  return `${QUEUE.arn}/quota-share/${share}`;
}
