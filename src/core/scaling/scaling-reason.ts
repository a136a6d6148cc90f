import { amounts } from "../amounts.ts";
import type { Requirements } from "../job.ts";
import type { Need } from "./need.ts";

/** Why an instance is launched or let go. */
export type ScalingReason =
  /** Jobs wait for it. */
  | {
      readonly kind: "jobs-wait";
      readonly queueArn?: string;
      /** About how many of one shape there are, and what each needs of an instance. */
      readonly about: number;
      readonly requirements: Requirements;
      /** Of a job of several nodes. */
      readonly nodes?: number;
    }
  /** minvCpus, or the desiredvCpus that somebody asked for. */
  | { readonly kind: "minimum" }
  /** Nothing has run on it for as long as an idle instance is kept. */
  | { readonly kind: "idle" }
  /** Nothing runs on it, and the environment has more than its maximum. */
  | { readonly kind: "above-maximum" }
  /** Nothing runs on it, and jobs wait for an instance in its place. */
  | { readonly kind: "makes-room" }
  | { readonly kind: "environment-deleted" }
  /** The environment has become a share of the machine. */
  | { readonly kind: "no-instances-any-more" }
  /** An update of the environment's infrastructure. */
  | { readonly kind: "replaced" }
  | { readonly kind: "overdue" }
  | { readonly kind: "environment-invalid" }
  | { readonly kind: "host-registered" }
  | { readonly kind: "host-leaves" };

/** So many jobs of a need wait for what has no room. */
export function waitFor({ queueArn, nodes, requirements }: Need, about: number): ScalingReason {
  return {
    ...{ kind: "jobs-wait", about, requirements },
    ...(queueArn !== undefined && { queueArn }),
    ...(nodes !== undefined && { nodes }),
  };
}

/** In words. */
export function scalingText(reason: ScalingReason): string {
  switch (reason.kind) {
    case "jobs-wait": {
      const { queueArn, about, nodes, requirements } = reason;
      const jobs = about === 1 ? "A job waits" : `About ${about} jobs wait`;
      const where = queueArn === undefined ? "" : ` in job queue ${queueArn.slice(queueArn.indexOf("/") + 1)}`;
      const each = nodes === undefined ? "" : `${nodes} instances of one type, with `;
      return `${jobs}${where} for room that no instance has: each asks for ${each}${amounts(requirements)}.`;
    }
    case "minimum":
      return "The compute environment has less than its minvCpus or desiredvCpus.";
    case "idle":
      return "Nothing has run on it for as long as an idle instance is kept, and the minimum is there without it.";
    case "above-maximum":
      return "Nothing runs on it, and the compute environment has more than its maxvCpus.";
    case "makes-room":
      return "Nothing runs on it, and jobs wait for other instances in its place.";
    case "environment-deleted":
      return "The compute environment is being deleted.";
    case "no-instances-any-more":
      return "The compute environment has no instances any more: it is a share of the machine.";
    case "replaced":
      return "An update of the compute environment replaces its instances.";
    case "overdue":
      return "It has not joined the cluster in time.";
    case "environment-invalid":
      return "None of the instances joined the cluster: the compute environment is INVALID.";
    case "host-registered":
      return "The host is registered and active.";
    case "host-leaves":
      return "The host was removed, is drained, or has become another one.";
  }
}
