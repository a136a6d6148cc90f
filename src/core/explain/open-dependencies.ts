import { childId, parseChildId } from "../ids.ts";
import type { Job, JobStatus } from "../job.ts";
import { isArrayParent } from "../job.ts";
import { virtualChild } from "../virtual-child.ts";
import type { World } from "../world.ts";
import type { OpenDependency } from "./blockers.ts";

/** How many jobs are looked at in search of the root: chains of dependencies may be long. */
const MAX_STEPS = 1_000;

/** What a job still depends on; of an array, what its first child without a record does. `sibling` ids are of the job's own array. */
export function openDependencies(world: World, job: Job): OpenDependency[] {
  return openIds(world, job).map(({ jobId, type }) => {
    const root = rootOf(world, jobId);
    return {
      kind: "dependency",
      jobId,
      ...(type !== undefined && { type }),
      status: statusOf(world, jobId),
      ...(root !== jobId && { root: { jobId: root, status: statusOf(world, root) } }),
    };
  });
}

function openIds(world: World, job: Job): Pick<OpenDependency, "jobId" | "type">[] {
  const index = job.parent?.index ?? (isArrayParent(job) ? world.arrays.get(job.id)?.next() : undefined);
  const arrayId = job.parent?.id ?? job.id;
  return job.scheduling.dependsOn.flatMap((dependency): Pick<OpenDependency, "jobId" | "type">[] => {
    const { type } = dependency;
    if (type === "SEQUENTIAL" || type === "N_TO_N") {
      if (index === undefined || (type === "SEQUENTIAL" && index === 0)) return [];
      const [owner, at] = type === "N_TO_N" ? [dependency.jobId, index] : [arrayId, index - 1];
      return world.outcomeOfChild(owner, at) === "open" ? [{ jobId: childId(owner, at), type }] : [];
    }
    const open = world.outcomeOf(dependency.jobId) === "open";
    return open ? [{ jobId: dependency.jobId, ...(type !== undefined && { type }) }] : [];
  });
}

/** Goes from a job that waits for others to the first of those, and so on. */
function rootOf(world: World, jobId: string): string {
  const seen = new Set<string>();
  let id = jobId;
  for (let steps = 0; steps < MAX_STEPS && !seen.has(id); steps += 1) {
    seen.add(id);
    const job = jobOf(world, id);
    const next = job === undefined || !mayWaitForOthers(job) ? undefined : openIds(world, job)[0]?.jobId;
    if (next === undefined) return id;
    id = next;
  }
  return id;
}

function mayWaitForOthers({ state }: Job): boolean {
  return state.status === "SUBMITTED" || state.status === "PENDING";
}

function statusOf(world: World, id: string): JobStatus {
  return jobOf(world, id)?.state.status ?? "PENDING";
}

/** A job of the world; of a child without a record, what its parent says of it. */
export function jobOf(world: World, id: string): Job | undefined {
  const job = world.jobs.get(id);
  if (job !== undefined || parseChildId(id) === undefined) return job;
  const child = virtualChild(world, id);
  if (child === undefined) return undefined;
  const { parent, index } = child;
  const { status = "PENDING", ...rest } = parent.state.rest ?? {};
  return { ...parent, id, parent: { id: parent.id, index }, state: { ...rest, status, attempts: [] } };
}
