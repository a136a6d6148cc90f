import { amounts } from "../amounts.ts";
import type { Shortage } from "../shortage.ts";
import type { Job, Requirements } from "../job.ts";
import { demandOf, shapeKey, shareOf } from "../job.ts";
import { ARRAY_CONCURRENCY_TAG, MAX_RUNNING_JOBS_TAG } from "../submission/own-tags.ts";
import type { Capacity } from "../resources.ts";
import type { BlockedReason } from "../placement.ts";
import { quotaText } from "../quota/reasons.ts";
import type { Plan } from "../plan.ts";

/** What tells why a job waits; for a child of an array its parent's scheduling. */
export type WaitingJob = Pick<Job, "id" | "queueArn" | "scheduling" | "state">;

/** Why one RUNNABLE job has not started. */
export type WaitingReason =
  | BlockedReason
  | Shortage
  /** As many children of its array run as may at a time. */
  | { readonly kind: "crowded"; readonly limit: number }
  | { readonly kind: "behind"; readonly headJobId: string };

/** The typed reason of a RUNNABLE job after a tick; undefined when the next tick will look at it. */
export function waitingReason(plan: Pick<Plan, "blocked" | "short">, job: WaitingJob): WaitingReason | undefined {
  const lack = plan.short.size === 0 ? undefined : plan.short.get(shapeKey(demandOf(job)));
  if (lack !== undefined) return lack;
  const block = plan.blocked.get(job.queueArn);
  const head = block?.lanes.get(shareOf(job.scheduling)) ?? block?.head;
  if (head === undefined) return undefined;
  return head.jobId === job.id ? head.reason : { kind: "behind", headJobId: head.jobId };
}

/** The statusReason of a RUNNABLE job: AWS's own text where AWS has one (reference 8.4; clients match the part before " - "), else ours. */
export function waitingText(reason: WaitingReason, requirements: Requirements): string {
  switch (reason.kind) {
    case "no-valid-environment":
      return "ACTION_REQUIRED - CE(s) associated with the job queue are invalid.";
    case "no-instances":
      return "Waiting for instances: the compute environment is unmanaged, and no container instance is registered in its cluster.";
    case "no-container-engine":
      return "ACTION_REQUIRED - The compute environment runs containers and no container engine answered when the server started: start one, then the server again.";
    case "no-such-architecture":
      return `MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your compute environment associated with this job queue has an unsupported instance type configuration. The job needs ${reason.architecture} instances, and none is allowed.`;
    case "no-such-type":
      return `MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your compute environment associated with this job queue has an unsupported instance type configuration. The job needs instances of type ${reason.type}, and none is allowed.`;
    case "no-nodes":
      return "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your compute environment associated with this job queue has an unsupported instance type configuration. A multi-node parallel job runs in managed environments of type EC2 only.";
    case "needs-fargate":
      return "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your compute environment associated with this job queue has an unsupported instance type configuration. The job definition is for Fargate, and the compute environments have instances.";
    case "above-environment-maximum":
      return "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU requirement of the job.";
    case "above-instance-size":
      return `MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue. It asks for ${amounts(requirements)}; the largest that fits is ${amounts(reason.largest)}.`;
    case "above-machine-in-nodes":
      return `MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue. It asks for ${reason.count} instances, each with ${amounts(reason.each)}; this machine has ${amounts(reason.machine)} in all.`;
    case "above-service-maximum":
      return "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE - Service environment(s) associated with the job queue cannot meet the capacity requirement of the job.";
    case "instances":
      return `Waiting for instances of the service environment: ${reason.left} of ${reason.type} are free.`;
    case "capacity":
      return `Waiting for capacity: it asks for ${amounts(requirements)}; ${amounts(reason.free)} are free${coming(reason)}${ofMachine(reason)}.`;
    case "cluster-full":
      return `Waiting for capacity: it asks for ${requirements.vcpuMilli / 1000} vCPU; ${reason.freeVcpuMilli / 1000} of the ${reason.maxVcpuMilli / 1000} vCPU of maxvCpus are free.`;
    case "cluster-backlog":
      return `Waiting for the cluster: ${count(reason.pods, "pod waits", "pods wait")} there for a place already, and not more may at a time.`;
    case "nodes":
      return `Waiting for capacity: it asks for ${reason.count} empty instances of one type, each with ${amounts(reason.each)}; there are fewer${coming(reason)}.`;
    case "launch-failed":
      return `CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [${reason.types.join(", ")}]`;
    case "above-quota":
    case "quota":
      return quotaText(reason);
    case "reservation":
      return `Waiting for capacity: ${reason.reservedVcpuMilli / 1000} vCPU are kept free for shares that are not active yet (computeReservation, with ${reason.activeShares} active).`;
    case "queue-limit":
      return `Waiting for jobs of its queue to end: ${reason.limit} of them run, and not more may at a time (tag ${MAX_RUNNING_JOBS_TAG}).`;
    case "consumable":
      return consumableText(reason);
    case "crowded":
      return `Waiting for its array: ${reason.limit} of its children run, and not more may at a time (tag ${ARRAY_CONCURRENCY_TAG}).`;
    case "behind":
      return `Waiting for job ${reason.headJobId}, which is before it in the queue and does not fit yet.`;
  }
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`;
}

function coming({ launching = 0 }: { readonly launching?: number }): string {
  return launching === 0 ? "" : `, and instances are launching: ${launching}`;
}

function ofMachine({ machine }: { readonly machine?: Capacity }): string {
  return machine === undefined ? "" : `, and ${amounts(machine)} of this machine are left for another instance`;
}

function consumableText({ arn, quantity, available, total }: Shortage): string {
  const name = arn.slice(arn.indexOf("/") + 1);
  if (total === undefined) return `Waiting for consumable resource ${name}, which does not exist.`;
  return `Waiting for consumable resource ${name}: it asks for ${quantity}; ${available} of ${total} are available.`;
}
