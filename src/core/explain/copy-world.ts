import { IndexSet } from "../array.ts";
import type { Outcome } from "../changes.ts";
import { parseChildId } from "../ids.ts";
import type { Dependency, Job } from "../job.ts";
import { World } from "../world.ts";

/** With more jobs than this, a copy would take too long for one question. */
export const MAX_JOBS = 2_000;

/** A world of its own, in which the same has happened. Costs in jobs. */
export function copyWorld(world: World): World {
  const copy = new World(world.capacity, world.hasDocker);
  copy.apply({ kind: "environments", environments: [...world.environments.values()] });
  copy.apply({ kind: "queues", queues: [...world.queues.values()] });
  copy.apply({ kind: "scheduling-policies", policies: [...world.policies.values()] });
  copy.apply({ kind: "quota-shares", quotaShares: [...world.quotaShares.values()] });
  copy.apply({ kind: "consumables", consumables: [...world.consumables.values()] });
  copy.apply({ kind: "instances", instances: [...world.instances.all()], lastSeq: world.instances.lastSeq });
  for (const job of parentsFirst(world)) copy.apply({ kind: "job-admitted", job });
  copy.shares.takeOver(world.shares);
  for (const [parentId, progress] of world.arrays) {
    const ended = (code: "succeeded" | "failed"): number[] => indexes(progress.size, (at) => progress.get(at) === code);
    copy.apply({ kind: "children-ended", parentId, status: "SUCCEEDED", indexes: ended("succeeded") });
    copy.apply({ kind: "children-ended", parentId, status: "FAILED", indexes: ended("failed") });
  }
  for (const [queueArn, standings] of world.standings) copy.standings.set(queueArn, standings);
  for (const { scheduling } of world.jobs.values()) copyOutcomes(world, copy, scheduling);
  return copy;
}

function parentsFirst(world: World): Job[] {
  const isChild = (job: Job): number => Number(job.parent !== undefined);
  return [...world.jobs.values()].sort((a, b) => isChild(a) - isChild(b) || a.seq - b.seq);
}

/** How dependencies ended that are no longer there; of arrays, as far as one like this job can ask. */
function copyOutcomes(world: World, copy: World, { dependsOn, arraySize = 0 }: Job["scheduling"]): void {
  for (const dependency of dependsOn) {
    if (dependency.jobId === undefined) continue;
    const child = parseChildId(dependency.jobId);
    const jobId = child?.parentId ?? dependency.jobId;
    if (!world.jobs.has(jobId)) {
      copy.apply({ kind: "outcome", jobId, outcome: outcomeIn(world, jobId, dependency, child?.index ?? arraySize) });
    }
  }
}

function outcomeIn(world: World, jobId: string, { type }: Dependency, last: number): Outcome {
  const succeeded = world.outcomeOf(jobId) === "succeeded";
  if (succeeded) return { succeeded };
  const isOfChild = type === "N_TO_N" || last > 0;
  if (!isOfChild) return { succeeded };
  const failed = Uint8Array.from({ length: last + 1 }, (_, at) => Number(world.outcomeOfChild(jobId, at) === "failed"));
  return { succeeded, failedChildren: new IndexSet(failed) };
}

function indexes(size: number, has: (index: number) => boolean): number[] {
  return Array.from({ length: size }, (_, index) => index).filter(has);
}
