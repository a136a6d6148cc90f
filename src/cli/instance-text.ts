import type { InstanceReport, ReportedCapacity } from "../ports/capacity-reports.ts";
import { duration, keyValues, moment, table } from "./text.ts";

/** Instances for people, one a line. The column of GPUs is there if any of them has some. */
export function instanceTable(instances: readonly InstanceReport[], now: number): string {
  const hasGpus = instances.some(({ total }) => total.gpus > 0);
  return table(
    [
      ...["INSTANCE", "ENVIRONMENT", "TYPE", "VCPUS FREE", "MIB FREE", ...(hasGpus ? ["GPUS FREE"] : [])],
      ...["STATE", "AGE", "JOBS"],
    ],
    instances.map((instance) => [
      ...[instance.instanceId, instance.computeEnvironment, instance.instanceType],
      ...[ofTotal(instance, "vcpus"), ofTotal(instance, "memoryMiB"), ...(hasGpus ? [ofTotal(instance, "gpus")] : [])],
      ...[stateOf(instance), duration(now - instance.launchedAt), String(instance.jobs.length)],
    ]),
  );
}

export function instanceDetailText(instance: InstanceReport): string {
  const { instanceId, computeEnvironment, instanceType, isSpot, total, launchedAt, runningAt, jobs } = instance;
  return keyValues([
    ["Instance", instanceId],
    ["Environment", computeEnvironment],
    ["Type", isSpot ? `${instanceType} (Spot)` : instanceType],
    ["State", stateOf(instance)],
    ["vCPUs free", ofTotal(instance, "vcpus")],
    ["MiB free", ofTotal(instance, "memoryMiB")],
    ["GPUs free", total.gpus === 0 ? undefined : ofTotal(instance, "gpus")],
    ["Launched", moment(launchedAt)],
    ["Running since", runningAt === undefined ? undefined : moment(runningAt)],
    ["Jobs", jobs.length === 0 ? "none" : jobs.join(", ")],
  ]);
}

function ofTotal({ free, total }: InstanceReport, kind: keyof ReportedCapacity): string {
  return `${free[kind]} of ${total[kind]}`;
}

/** EC2's word, and ECS's for one that only waits for its jobs to end. */
function stateOf({ state, isDraining }: InstanceReport): string {
  return state === "running" && isDraining ? "draining" : state;
}
