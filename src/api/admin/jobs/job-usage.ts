import type { AttemptUse } from "../../../core/cost/attempt-use.ts";
import { instancesText } from "../../../core/cost/attempt-use.ts";
import { NO_USE } from "../../../core/cost/totals.ts";
import type { Attempt } from "../../../core/job.ts";
import type { Usage } from "../../../core/usage.ts";
import type { EndedUse } from "../../../ports/attempt-uses.ts";
import type { AttemptUsage, ContainerUsage, JobUsage } from "../../../ports/cost-report.ts";
import type { JobRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import type { Call } from "../../wire/operations.ts";
import { groupsOf } from "../cost/cost-report.ts";
import { toCostTotals, toUsd } from "../cost/cost-totals.ts";
import { describedJob } from "./find-job.ts";

/** What the attempts of a job used and cost, and what all children of an array did together. For who may describe it. */
export async function jobUsage(backend: Backend, call: Call, idOrArn: string): Promise<JobUsage> {
  const job = await describedJob(backend, call, idOrArn);
  const index = job.parent?.index;
  const groups = await groupsOf(backend, {
    by: { kind: "array" },
    queueArnPrefix: "",
    job: { seq: job.seq, ...(index !== undefined && { index }) },
  });
  const { totals, running } = groups.get(String(job.seq)) ?? { totals: NO_USE, running: 0 };
  return { jobId: job.id, total: toCostTotals(totals, running), attempts: await attemptsOf(backend, job) };
}

async function attemptsOf({ store, scheduler }: Backend, job: JobRecord): Promise<AttemptUsage[]> {
  const { attempts } = job.state;
  const ended = attempts.flatMap(({ id, stoppedAt }) => (stoppedAt === undefined ? [] : [{ id, stoppedAt }]));
  const known = await store.uses.ofAttempts(ended);
  const running = new Map(scheduler.runningUses().map((use) => [use.attemptId, toEndedUse(use)]));
  return attempts.flatMap((attempt) => {
    const use = known.get(attempt.id) ?? running.get(attempt.id);
    // One that is about to run, or ended before this was kept.
    return use === undefined ? [] : toAttemptUsage(job, attempt, use);
  });
}

function toEndedUse(use: AttemptUse): EndedUse {
  const { requirements, nanoUsd } = use;
  const instances = instancesText(use);
  return { ...requirements, ...(instances !== undefined && { instances }), ...(nanoUsd !== undefined && { nanoUsd }) };
}

function toAttemptUsage(job: JobRecord, attempt: Attempt, use: EndedUse): AttemptUsage {
  const { id, startedAt, stoppedAt, gpuIds } = attempt;
  const containers = containersOf(job, attempt);
  return {
    attemptId: id,
    ...(startedAt !== undefined && { startedAt }),
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...{ vcpus: use.vcpuMilli / 1000, memoryMiB: use.memoryMiB, gpus: use.gpus },
    ...(gpuIds !== undefined && { gpuIds }),
    ...(use.instances !== undefined && { instances: use.instances }),
    ...measured(use.usage),
    ...(use.nanoUsd !== undefined && { usd: toUsd(use.nanoUsd) }),
    ...(containers.length > 0 && { containers }),
  };
}

function containersOf({ scheduling }: JobRecord, { units = [] }: Attempt): ContainerUsage[] {
  return units.map(({ usage }, index) => {
    const { name, node } = scheduling.units![index]!;
    return { name, ...(node !== undefined && { node }), ...measured(usage) };
  });
}

function measured({ cpuMs, peakMemoryMiB }: Usage = {}): Pick<AttemptUsage, "cpuSeconds" | "peakMemoryMiB"> {
  return {
    ...(cpuMs !== undefined && { cpuSeconds: cpuMs / 1000 }),
    ...(peakMemoryMiB !== undefined && { peakMemoryMiB }),
  };
}
