import type { EcsTask } from "../../core/ecs-tasks.ts";
import { ecsTasks } from "../../core/ecs-tasks.ts";
import { parseTaskId } from "../../core/ids.ts";
import type { JobRecord, JobSpec, JobTable } from "../../ports/store.ts";

/** A task with the job that it is of. */
export interface FoundTask {
  readonly job: JobRecord;
  readonly spec: JobSpec;
  readonly task: EcsTask;
}

/** Tasks by id, however long ago they ended, of every account. Those that never were are left out. */
export async function findTasks(jobs: JobTable, taskIds: readonly string[]): Promise<Map<string, FoundTask>> {
  const owners = taskIds.flatMap((id) => parseTaskId(id) ?? []);
  const records = await jobs.findByNumber(owners);
  const specs = await jobs.specs([...new Set(records.map(ownerOf))]);
  const wanted = new Set(taskIds);
  const found = new Map<string, FoundTask>();
  for (const job of records) {
    const spec = specs.get(ownerOf(job))!;
    const tasks = job.state.attempts.flatMap((attempt) => ecsTasks(job.scheduling, attempt));
    for (const task of tasks) if (wanted.has(task.id)) found.set(task.id, { job, spec, task });
  }
  return found;
}

export async function specOf(jobs: JobTable, job: JobRecord): Promise<JobSpec> {
  const owner = ownerOf(job);
  return (await jobs.specs([owner])).get(owner)!;
}

/** The job that has the spec: a child has its parent's. */
function ownerOf({ id, parent }: JobRecord): string {
  return parent?.id ?? id;
}
