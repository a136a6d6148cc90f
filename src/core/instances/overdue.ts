import type { Change } from "../changes.ts";
import type { Environment } from "../resources.ts";
import type { Instance } from "./instance.ts";
import type { World } from "../world.ts";

/** AWS's words for an environment whose instances do not come up (troubleshooting pages of its user guide). */
export const NONE_JOINED =
  "Your compute environment has been INVALIDATED and scaled down because none of the instances joined the underlying ECS Cluster. " +
  "Common issues preventing instances joining are the following: VPC/Subnet configuration preventing communication to ECS, incorrect Instance Profile " +
  "policy preventing authorization to ECS, or customized AMI or LaunchTemplate configurations affecting ECS agent.";

/** After so many launches in a row of which nothing came the environment is given up. AWS tells no number (10 no. 50). */
const LAUNCHES_IN_VAIN = 3;

/**
 * Instances that have not joined their cluster in time are terminated, and an environment of which none ever does becomes INVALID until somebody updates it. The
 * launches in vain are counted in memory: a world that is read anew counts anew.
 */
export function giveUpOverdue(world: World, now: number, emit: (change: Change) => void): void {
  for (const environment of world.environments.values()) {
    const fleet = world.instances.of(environment.arn);
    const dueAt = now - (environment.instances?.joinTimeoutMs ?? Infinity);
    for (const { id, launchedAt } of [...fleet.launching()])
      if (launchedAt <= dueAt)
        emit({ kind: "instance-terminating", instanceId: id, isOverdue: true, because: { kind: "overdue" } });
    const isInVain = fleet.launchesInVain >= LAUNCHES_IN_VAIN && ![...fleet.instances()].some(isRunning);
    if (isInVain && environment.status === "VALID") invalidate(world, environment, emit);
  }
}

function isRunning({ status }: Instance): boolean {
  return status === "running";
}

function invalidate(world: World, { arn, version }: Environment, emit: (change: Change) => void): void {
  const because = { kind: "environment-invalid" } as const;
  for (const { id } of [...world.instances.of(arn).launching()])
    emit({ kind: "instance-terminating", instanceId: id, because });
  emit({ kind: "environment-status", arn, version, status: "INVALID", statusReason: NONE_JOINED });
}

/** Epoch ms: when the next instance is overdue; Infinity when none is awaited. Costs in launching instances. */
export function nextOverdueAt(world: World): number {
  let next = Infinity;
  for (const { arn, instances } of world.environments.values()) {
    if (instances?.joinTimeoutMs === undefined) continue;
    for (const { launchedAt } of world.instances.of(arn).launching())
      next = Math.min(next, launchedAt + instances.joinTimeoutMs);
  }
  return next;
}
