import type { BoundedEnvironment } from "../../../core/attention/environment-attention.ts";
import type { EnvironmentFacts, Present } from "../../../ports/present.ts";
import type { Backend } from "../../batch/backend.ts";
import { arnOf, nameOf } from "../../batch/names.ts";
import type { Call } from "../../wire/operations.ts";

/** The environments of an account and region that have a maximum of vCPUs, with what others leave of this machine. */
export function boundedEnvironments(
  { scheduler, capacity, present }: Pick<Backend, "scheduler" | "capacity"> & { present: Pick<Present, "facts"> },
  call: Call,
): BoundedEnvironment[] {
  const all = [...(present.facts()?.environments ?? [])].filter(([, { maxVcpuMilli }]) => maxVcpuMilli !== undefined);
  const held = new Map(all.map(([arn, facts]) => [arn, heldIn(arn, facts, scheduler)]));
  const onMachine = all.filter(([, { isInCluster }]) => isInCluster !== true);
  const heldByAll = onMachine.reduce((sum, [arn]) => sum + held.get(arn)!, 0);
  const prefix = arnOf(call, "compute-environment", "");
  return all
    .filter(([arn]) => arn.startsWith(prefix))
    .map(([arn, { maxVcpuMilli, isInCluster }]) => ({
      ...{ arn, name: nameOf(arn), maxVcpuMilli: maxVcpuMilli!, heldVcpuMilli: held.get(arn)! },
      mostVcpuMilli: isInCluster === true ? Infinity : capacity.vcpuMilli - heldByAll + held.get(arn)!,
    }));
}

/** Instances count whole, whatever is on them; of a cluster only what runs there. */
function heldIn(arn: string, { vcpuMilli, isInCluster }: EnvironmentFacts, scheduler: Backend["scheduler"]): number {
  const instances = isInCluster === true ? undefined : scheduler.instances(arn);
  return instances === undefined
    ? vcpuMilli
    : instances.reduce((sum, { instance }) => sum + instance.type.vcpuMilli, 0);
}
