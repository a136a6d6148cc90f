import { desiredVcpusOf } from "../core/instances/instance-use.ts";
import { activeAttempt, requirementsOf } from "../core/job.ts";
import type { World } from "../core/world.ts";
import type { EnvironmentFacts, PresentFacts } from "../ports/present.ts";

const NO_COUNTS = new Map();

/** Costs in queues, environments and active attempts, and not in what waits. */
export function factsOf(world: World): PresentFacts {
  const counts = world.jobs.statuses;
  return {
    queues: new Map([
      ...[...world.queues.keys()].map((arn) => [arn, NO_COUNTS] as const),
      ...[...counts.all()].map(([arn, byStatus]) => [arn, new Map(byStatus)] as const),
    ]),
    environments: environmentsOf(world),
  };
}

function environmentsOf(world: World): Map<string, EnvironmentFacts> {
  const held = heldIn(world);
  return new Map(
    [...world.environments.values()].map(({ arn, maxVcpuMilli, instances, cluster }) => {
      const desired = desiredVcpusOf(world, arn);
      const fleet = world.instances.of(arn).size;
      const facts: EnvironmentFacts = {
        ...(held.get(arn) ?? NOTHING),
        ...(Number.isFinite(maxVcpuMilli) && { maxVcpuMilli }),
        ...(cluster !== undefined && { isInCluster: true as const }),
        ...(desired !== undefined && { desiredVcpuMilli: desired * 1000 }),
        ...((instances !== undefined || fleet > 0) && { instances: fleet }),
      };
      return [arn, facts];
    }),
  );
}

const NOTHING = { vcpuMilli: 0, memoryMiB: 0, jobs: 0 };

function heldIn(world: World): Map<string, typeof NOTHING> {
  const held = new Map<string, typeof NOTHING>();
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    const { environmentArn } = activeAttempt(job.state)!;
    const { vcpuMilli, memoryMiB } = requirementsOf(job);
    const before = held.get(environmentArn) ?? NOTHING;
    held.set(environmentArn, {
      vcpuMilli: before.vcpuMilli + vcpuMilli,
      memoryMiB: before.memoryMiB + memoryMiB,
      jobs: before.jobs + 1,
    });
  }
  return held;
}
