import { parseChildId } from "../core/ids.ts";
import type { PastJob, WhatIfCluster, WhatIfFindings, WhatIfProgress, WhatIfTask } from "../ports/what-if.ts";
import type { Cluster } from "../sim/cluster/cluster.ts";
import { simulate } from "../sim/simulation.ts";
import type { JobKind, WorkloadJob } from "../sim/workload/workload.ts";
import { jobKinds } from "../sim/workload/workload.ts";
import type { Courses } from "./outcome.ts";
import { actualCourses, compared, outcomeOf } from "./outcome.ts";

/** What happened, the same simulated, and the same with the changes. */
export async function findings(
  { jobs, before, after, lengthMs }: WhatIfTask,
  onProgress: (progress: WhatIfProgress) => void,
): Promise<WhatIfFindings> {
  const tell = (step: WhatIfProgress["step"]) => (over: number) => onProgress({ step, done: over, of: jobs.length });
  const asItWas = await simulated(jobs, before, ({ priority }) => priority, tell("as it was"));
  const changed = await simulated(
    jobs,
    after,
    ({ priority, changedPriority }) => changedPriority ?? priority,
    tell("with the changes"),
  );
  return {
    actual: outcomeOf(jobs, actualCourses(jobs), lengthMs),
    asItWas: outcomeOf(jobs, asItWas, lengthMs),
    changed: outcomeOf(jobs, changed, lengthMs),
    ...compared(jobs, asItWas, changed),
  };
}

/**
 * Jobs from before the window that ran at its begin are submitted then, first, to run for what was left of them; those that waited come next, as though they
 * were submitted then.
 */
async function simulated(
  jobs: readonly PastJob[],
  cluster: WhatIfCluster,
  priorityOf: (job: PastJob) => number | undefined,
  onProgress: (over: number) => void,
): Promise<Courses> {
  const kindOf = jobKinds();
  const order = jobs
    .map((job, place) => ({ job, place, submitMs: Math.max(0, job.readyMs), rank: rankOf(job) }))
    .sort((a, b) => a.submitMs - b.submitMs || a.rank - b.rank || a.job.readyMs - b.job.readyMs || a.place - b.place);
  const workload = order.map(({ job, submitMs }): WorkloadJob => {
    const ranBefore = job.startedMs < 0 ? -job.startedMs : 0;
    return { submitMs, runMs: Math.max(1, job.runMs - ranBefore), exitCode: 0, kind: kindOf(toKind(job, priorityOf)) };
  });
  const courses = { starts: new Float64Array(jobs.length), ends: new Float64Array(jobs.length) };
  courses.starts.fill(Number.NaN);
  courses.ends.fill(Number.NaN);
  await simulate({
    workload: { jobs: workload, notes: [] },
    cluster: toCluster(cluster),
    onProgress: ({ over }) => onProgress(over),
    onJobChange({ jobId, state }, beginsAt) {
      const number = Number(parseChildId(jobId)?.parentId ?? jobId);
      const { place } = order[number - 1]!;
      const startedAt = state.attempts[0]?.startedAt;
      if (startedAt !== undefined) courses.starts[place] = startedAt - beginsAt;
      if (state.stoppedAt !== undefined) courses.ends[place] = state.stoppedAt - beginsAt;
    },
  });
  return courses;
}

function rankOf({ startedMs }: PastJob): number {
  return startedMs < 0 ? 0 : 1;
}

function toKind(job: PastJob, priorityOf: (job: PastJob) => number | undefined): JobKind {
  const { queue, share, vcpus, memoryMiB, gpus, nodes, expectedSeconds, runMs } = job;
  const priority = priorityOf(job);
  return {
    ...{ queue, vcpus, memoryMiB, gpus },
    ...(nodes !== undefined && { nodes }),
    ...(share !== undefined && { share }),
    ...(priority !== undefined && { priority }),
    expectedSeconds: expectedSeconds ?? Math.max(1, Math.ceil(runMs / 1000)),
  };
}

function toCluster({ environments, queues, machine }: WhatIfCluster): Cluster {
  return {
    environments: environments.map((environment) => ({
      ...environment,
      type: environment.launching === undefined ? "FARGATE" : "EC2",
    })),
    queues,
    machine,
  };
}
