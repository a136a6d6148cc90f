import type { Demand, Job, Requirements } from "../job.ts";
import type { Capacity } from "../resources.ts";
import { needOfInstance } from "../instances/suitable.ts";
import { demandOf, requirementsOf } from "../job.ts";
import { ARRAY_CONCURRENCY_TAG, MAX_RUNNING_JOBS_TAG } from "../submission/own-tags.ts";
import type { Blocker, PolicyReason } from "./blockers.ts";
import type { Sentences, Stated } from "./explanation.ts";
import type { MachineHolder } from "./machine-holders.ts";
import type { Obstacle } from "./obstacles.ts";
import type { HostRoom, InstanceRoom } from "./on-instances.ts";
import type { Occupant } from "./occupants.ts";
import { amounts } from "../amounts.ts";
import { waitingText } from "./waiting-reason.ts";

/** What explanations say to people. */

/** How many jobs a sentence names. */
const MAX_NAMED = 5;

export function waitingAnswer(job: Job, blockers: readonly Blocker[]): string {
  const [first] = blockers;
  if (first === undefined) return "Nothing is in its way: the next tick starts it.";
  const more = blockers.length === 1 ? "" : ` (and ${blockers.length - 1} more in its way)`;
  return `${textOf(first, job).replace(/\.$/, "")}${more}.`;
}

export function stated(blocker: Blocker, job: Job): Stated<Blocker> {
  const sentences = { text: textOf(blocker, job), fix: fixOf(blocker, job) };
  if (blocker.kind !== "placement") return { ...blocker, ...sentences };
  const environments = blocker.environments.map(({ obstacles, ...verdict }) => ({
    ...verdict,
    obstacles: obstacles.map((obstacle) => ({ ...obstacle, ...obstacleSentences(obstacle, job) })),
  }));
  return { ...blocker, ...sentences, environments };
}

function textOf(blocker: Blocker, job: Job): string {
  switch (blocker.kind) {
    case "dependency": {
      const { jobId, status, root } = blocker;
      const chain = root === undefined ? "" : `, and at the root of that ${root.jobId}, which is ${root.status}`;
      return `Waiting for job ${jobId}, on which it depends and which is ${status}${chain}.`;
    }
    case "refusal":
      return `It can never start: ${blocker.reason}.`;
    case "placement":
    case "policy":
      return waitingText(blocker.reason, requirementsOf(job));
    case "consumable": {
      const { wantedBefore } = blocker;
      const others = wantedBefore === 0 ? "" : ` ${wantedBefore} before it want of it too.`;
      return `${waitingText(blocker, requirementsOf(job))}${others}`;
    }
    case "crowded": {
      const { siblingsBefore } = blocker;
      const others = siblingsBefore === 0 ? "" : ` ${siblingsBefore} of its siblings are before it.`;
      return `${waitingText(blocker, requirementsOf(job))}${others}`;
    }
    case "behind":
      return waitingText(blocker, requirementsOf(job));
    case "queue-before":
      return queueBeforeText(blocker);
  }
}

function queueBeforeText({ queueArn, priority, headJobId }: BlockerOf<"queue-before">): string {
  if (priority === undefined) {
    return "A job queue of another account is served first, which holds less of the machine, and a job of it waits too.";
  }
  if (queueArn === undefined) {
    return `A job queue of another region (priority ${priority}) is served first, and a job of it waits too.`;
  }
  return `Job queue ${nameOf(queueArn)} (priority ${priority}) is served first, and its job ${headJobId} waits too.`;
}

function fixOf(blocker: Blocker, job: Job): string {
  switch (blocker.kind) {
    case "dependency":
      return `\`longshore explain ${blocker.root?.jobId ?? blocker.jobId}\` says what that one waits for.`;
    case "refusal":
      return "Terminate it, and submit it anew without what is wrong.";
    case "placement":
      return "One of its queue's environments has to take it: see what is in the way in each.";
    case "policy":
      return policyFix(blocker.reason);
    case "consumable":
      return consumableFix(blocker);
    case "crowded":
      return `It starts when its turn comes; the tag ${ARRAY_CONCURRENCY_TAG} of an array is fixed when it is submitted.`;
    case "behind":
      return `\`longshore explain ${blocker.headJobId}\` says what that one waits for.`;
    case "queue-before":
      if (blocker.priority === undefined) return "It starts when more gets free: accounts get what is free in turn.";
      return `Give job queue ${nameOf(job.queueArn)} a higher priority than ${blocker.priority}, or wait.`;
  }
}

function policyFix(reason: PolicyReason): string {
  switch (reason.kind) {
    case "above-quota":
      return "Raise the limits of the quota share (UpdateQuotaShare), or ask for fewer instances.";
    case "quota":
      return "It starts when jobs of its share end, or such as borrow; or raise the limits of the quota share (UpdateQuotaShare).";
    case "reservation":
      return "It starts when jobs in its queue's environments end, or when its share holds nothing; or lower computeReservation (UpdateSchedulingPolicy).";
    case "queue-limit":
      return `It starts when one of them ends; or raise the queue's tag ${MAX_RUNNING_JOBS_TAG}, or take it away.`;
  }
}

function consumableFix({ arn, quantity, available, total, holders, holderCount }: BlockerOf<"consumable">): string {
  const name = nameOf(arn);
  if (total === undefined) return `Create the consumable resource ${name} with at least ${quantity}.`;
  if (quantity > total) return `Raise its total by ${quantity - total} at least; it never suffices as it is.`;
  const held = holderCount === 0 ? "" : `; ${holderCount} hold it: ${named(holders)}`;
  return `${quantity - available} more have to be given back, or added with UpdateConsumableResource${held}.`;
}

type BlockerOf<Kind extends Blocker["kind"]> = Extract<Blocker, { readonly kind: Kind }>;

function obstacleSentences(obstacle: Obstacle, job: Job): Sentences {
  const wanted = requirementsOf(job);
  switch (obstacle.kind) {
    case "gone":
      return { text: "There is no such environment any more.", fix: "Take it out of the queue's list, or create it." };
    case "disabled":
      return { text: "It is DISABLED.", fix: "Enable it with UpdateComputeEnvironment." };
    case "not-valid":
      return {
        text: `It is ${obstacle.status}${obstacle.reason === undefined ? "." : `: ${obstacle.reason}`}`,
        fix: obstacle.status === "CREATING" ? "Wait a moment." : "Repair it, or give the queue another environment.",
      };
    case "unmanaged":
      return {
        text: "It is UNMANAGED, and no container instance is registered in its cluster.",
        fix: "Register a machine that runs Docker (longshore hosts add), or give the queue a managed environment.",
      };
    case "no-container-engine":
      return {
        text: "It runs containers, and no container engine answered when the server started.",
        fix: "Start the container engine, then the server again.",
      };
    case "above-environment-maximum":
      return {
        text: `It asks for ${wanted.vcpuMilli / 1000} vCPU, and maxvCpus is ${obstacle.maxVcpuMilli / 1000}.`,
        fix: `Raise maxvCpus to ${Math.ceil(wanted.vcpuMilli / 1000)} at least, or ask for ${obstacle.maxVcpuMilli / 1000} vCPU at most.`,
      };
    case "above-machine":
      return {
        text: `It asks for ${amounts(wanted)}, and the machine has ${amounts(obstacle.machine)} in all.`,
        fix: `Ask for ${amounts(obstacle.machine)} at most, or start the server with more (--vcpus, --memory-mib).`,
      };
    case "no-gpus":
      return { text: `It asks for ${obstacle.gpus} GPU, and there is none.`, fix: "Ask for no GPU." };
    case "above-service-maximum":
      return {
        text: `It asks for more than the ${obstacle.limit} instances of ${obstacle.type} that there may be.`,
        fix: "Raise the service environment's capacity limit, or ask for fewer instances.",
      };
    case "instances":
      return {
        text: `${obstacle.left} of ${obstacle.type} are free.`,
        fix: `These would have to end: ${named(obstacle.toFree)}; or raise the capacity limit.`,
      };
    case "capacity":
      return {
        text: `It asks for ${amounts(wanted)}, and ${amounts(obstacle.free)} are free.${keptText(obstacle.keptVcpuMilli)}${heldText(obstacle.machineHolders)}`,
        fix: `${endsText(obstacle.toFree)}; or ask for no more than is free.`,
      };
    case "cluster-full":
      return {
        text: `It asks for ${wanted.vcpuMilli / 1000} vCPU, and ${obstacle.freeVcpuMilli / 1000} of the ${obstacle.maxVcpuMilli / 1000} vCPU of maxvCpus are free.`,
        fix: `These would have to end: ${named(obstacle.toFree)}; or raise maxvCpus.`,
      };
    case "cluster-backlog":
      return {
        text: `As many pods as may (${obstacle.pods}) wait in the cluster for a place.`,
        fix: `\`longshore explain\` says what these wait for: ${named(obstacle.waiting)}. More machines in the cluster, or smaller jobs, let them begin.`,
      };
    case "no-such-architecture":
      return {
        text: `It needs ${obstacle.architecture} instances, and none of the types allowed is one.`,
        fix: `Allow a type with ${obstacle.architecture} processors in instanceTypes, or say in the definition's runtimePlatform what the job can run on.`,
      };
    case "no-such-type":
      return {
        text: `Its nodes are to be on instances of type ${obstacle.type}, which is none of the types allowed.`,
        fix: `Allow ${obstacle.type} in instanceTypes, or leave the instance type out of the job definition.`,
      };
    case "no-nodes":
      return {
        text: "It is a multi-node parallel job, and the environment is not a managed one of type EC2.",
        fix: "Give the queue a MANAGED environment of type EC2.",
      };
    case "needs-fargate":
      return {
        text: "The job definition is for Fargate, and the environment has instances.",
        fix: "Give the queue an environment of type FARGATE, or leave FARGATE out of the definition's platformCapabilities.",
      };
    case "above-instance-types":
      return {
        text: `It asks for ${amounts(needOfInstance(demandOf(job)))} on one instance, and the largest type allowed has ${amounts(obstacle.largest)} for jobs.`,
        fix: `Ask for ${amounts(obstacle.largest)} at most, or allow a larger type in instanceTypes.`,
      };
    case "above-machine-in-nodes":
      return {
        text: `It asks for ${obstacle.count} instances, each with ${amounts(needOfInstance(demandOf(job)))}, and the machine has ${amounts(obstacle.machine)} in all.`,
        fix: "Ask for fewer or smaller nodes, or start the server with more (--vcpus, --memory-mib).",
      };
    case "above-hosts":
      return {
        text: `It asks for ${amounts(requirementsOf(job))}, and the largest host that takes jobs has ${amounts(obstacle.largest)}.`,
        fix: `Ask for ${amounts(obstacle.largest)} at most, or register a larger machine (longshore hosts add).`,
      };
    case "host-room":
      return hostRoomSentences(obstacle, requirementsOf(job));
    case "instance-room":
      return instanceRoomSentences(obstacle, demandOf(job));
  }
}

function instanceRoomSentences(room: InstanceRoom, demand: Demand): Sentences {
  const { free, toFree, nodes, launching, failed, machine, machineHolders } = room;
  const need = amounts(needOfInstance(demand));
  const coming = launching === undefined ? "" : ` Instances are launching: ${launching}.`;
  const left =
    machine === undefined || launching !== undefined
      ? ""
      : ` Of the machine ${amounts(machine)} are left for other instances.${heldText(machineHolders)}`;
  const refused = failed === undefined ? "" : ` The last launch failed, of type ${failed.join(", ")}.`;
  const lack =
    nodes === undefined
      ? `It asks for ${need}, and ${freeText(free)}.`
      : `It asks for ${nodes} instances of one type, each with ${need} and with nothing else on it; there are fewer.`;
  const ends = toFree.length === 0 ? "" : ` These would have to end: ${named(toFree)}.`;
  const fix = launching === undefined ? launchText(machineHolders) : "Wait until they run.";
  return { text: `${lack}${coming}${left}${refused}`, fix: `${fix}${ends}` };
}

function hostRoomSentences({ free, toFree, silent }: HostRoom, wanted: Requirements): Sentences {
  const hasRoom = free.vcpuMilli > 0 || free.memoryMiB > 0;
  const left = hasRoom ? `the host with most room has ${amounts(free)} free` : "no host has any room";
  const missing = silent.length === 0 ? "" : ` These do not answer: ${silent.join(", ")}.`;
  const fix = silent.length === 0 ? "Register another machine (longshore hosts add)." : "`longshore hosts` says why.";
  const ends = toFree.length === 0 ? "" : ` These would have to end: ${named(toFree)}.`;
  return { text: `It asks for ${amounts(wanted)}, and ${left}.${missing}`, fix: `${fix}${ends}` };
}

function freeText(free: Capacity): string {
  if (free.vcpuMilli === 0 && free.memoryMiB === 0) return "no instance has any room";
  return `the instance with most room has ${amounts(free)} free`;
}

function launchText(machineHolders: readonly MachineHolder[] | undefined): string {
  if (machineHolders === undefined) return "It starts when an instance was launched for it.";
  return "It starts when there is room on the machine for an instance: one without jobs makes room for another one.";
}

function endsText(toFree: readonly Occupant[]): string {
  if (toFree.length > 0) return `These would have to end: ${named(toFree)}`;
  return "It starts when instances have made room: one without jobs does so at once";
}

function keptText(keptVcpuMilli: number | undefined): string {
  if (keptVcpuMilli === undefined) return "";
  return ` ${keptVcpuMilli / 1000} vCPU are kept for an instance that a job of a queue before waits for.`;
}

/** Who holds the machine, in a sentence of its own. */
function heldText(holders: readonly MachineHolder[] = []): string {
  if (holders.length === 0) return "";
  const shown = holders.slice(0, MAX_NAMED).map(({ environmentArn, instances, ...held }) => {
    const name = environmentArn === undefined ? "an environment of another account or region" : nameOf(environmentArn);
    const what = instances === 0 ? "jobs in" : `${instances} instance${instances === 1 ? "" : "s"} of`;
    return `${what} ${name} ${amounts(held)}`;
  });
  const more = holders.length > MAX_NAMED ? ` and ${holders.length - MAX_NAMED} more environments` : "";
  return ` The machine is held by ${shown.join(", ")}${more}.`;
}

function named(jobs: readonly Occupant[]): string {
  const shown = jobs.slice(0, MAX_NAMED).map(({ jobId, endsBy }) => {
    const name = jobId ?? "a job of another account or region";
    return endsBy === undefined ? name : `${name} (at the latest ${new Date(endsBy).toISOString()})`;
  });
  return [...shown, ...(jobs.length > MAX_NAMED ? [`${jobs.length - MAX_NAMED} more`] : [])].join(", ");
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
