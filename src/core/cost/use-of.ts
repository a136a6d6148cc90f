import type { Instance } from "../instances/instance.ts";
import type { Attempt, InstanceNeed, Job } from "../job.ts";
import { activeAttempt, requirementsOf, shareOf } from "../job.ts";
import type { World } from "../world.ts";
import type { AttemptUse } from "./attempt-use.ts";
import type { Place } from "./price.ts";

/**
 * @param job as it was when the attempt was active: what it asks for next may be more.
 * @param stoppedAt not before the attempt's start.
 */
export function useOf(world: World, job: Job, attempt: Attempt, stoppedAt: number): AttemptUse {
  const place = placeOf(world, job, attempt);
  const { startedAt, environmentArn, usage } = attempt;
  return {
    ...{ attemptId: attempt.id, jobId: job.id, jobSeq: job.seq },
    ...(job.parent !== undefined && { index: job.parent.index }),
    ...{ queueArn: job.queueArn, environmentArn, share: shareOf(job.scheduling) },
    ...{ requirements: requirementsOf(job), stoppedAt },
    ...(place !== undefined && { place }),
    ...(startedAt !== undefined && { startedAt }),
    ...(usage !== undefined && { usage }),
  };
}

/** Of all attempts whose programs run, as if they ended now. */
export function runningUses(world: World, now: number): AttemptUse[] {
  return [...world.activeAttemptIds()].flatMap((attemptId) => {
    const job = world.jobOfAttempt(attemptId)!;
    const attempt = activeAttempt(job.state)!;
    return attempt.startedAt === undefined ? [] : useOf(world, job, attempt, Math.max(now, attempt.startedAt));
  });
}

function placeOf(world: World, { scheduling }: Job, { environmentArn, instanceIds }: Attempt): Place | undefined {
  const { instances, nodes, architecture = "X86_64" } = scheduling;
  if (instances !== undefined) return { kind: "service", instances };
  if (instanceIds !== undefined) return placeOn(world, instanceIds, nodes !== undefined);
  const environment = world.environments.get(environmentArn);
  if (environment === undefined) return undefined;
  const isSpot = environment.isSpot === true;
  return environment.isFargate ? { kind: "fargate", architecture, isSpot } : { kind: "machine" };
}

function placeOn(world: World, instanceIds: readonly string[], isWhole: boolean): Place | undefined {
  const found = instanceIds.flatMap((id) => world.instances.get(id) ?? []);
  const [first] = found;
  if (first === undefined || found.length < instanceIds.length) return undefined;
  const { vcpuMilli, memoryMiB, gpus } = first.type;
  const size = { vcpuMilli, memoryMiB, gpus };
  return { kind: "instances", instances: counted(found), size, isWhole, isSpot: first.isSpot === true };
}

function counted(instances: readonly Instance[]): InstanceNeed[] {
  const counts = new Map<string, number>();
  for (const { type } of instances) counts.set(type.name, (counts.get(type.name) ?? 0) + 1);
  return [...counts].map(([type, count]) => ({ type, count }));
}
