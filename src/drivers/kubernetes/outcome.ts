import { OUT_OF_MEMORY } from "../../ports/driver.ts";
import type { ContainerStatus, Pod } from "./api/objects.ts";
import type { Ending, Member } from "./names.ts";
import { instantOf, latestWithin } from "./times.ts";

/** How far one container of a pod is, as far as its attempt is concerned. */
export type MemberPhase =
  | { readonly kind: "pending" }
  | { readonly kind: "running"; readonly startedAt: number }
  | MemberEnd;

/** As in the driver's `exited`: without an exit code it was lost, without startedAt too it never began. */
export interface MemberEnd {
  readonly kind: "ended";
  readonly at: number;
  readonly startedAt?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  /** It never began, and that was the cluster's doing. */
  readonly isLost?: true;
}

/** What is known beside the pod itself. */
export interface Knowledge {
  /** By the clock. */
  readonly now: number;
  /** When the container was seen to begin. */
  readonly startedAt?: number | undefined;
  /** Set when the pod is being deleted by us. */
  readonly ending?: Ending | undefined;
}

/** What kept a container's program from running: containerd's and Docker's words. */
const START_FAILURES = new Set(["StartError", "ContainerCannotRun"]);
const STATUS_UNKNOWN = "ContainerStatusUnknown";
const KILLED = new Set([137, 143]);

export function phaseOf(pod: Pod, member: Member, known: Knowledge): MemberPhase {
  const status = statusOf(pod, member);
  const { terminated, running } = status?.state ?? {};
  if (terminated !== undefined) return endOf(pod, terminated, known);
  if (isTerminal(pod) || isDeletedUnplaced(pod)) return neverTold(pod, known);
  if (running === undefined) return { kind: "pending" };
  return { kind: "running", startedAt: known.startedAt ?? startOf(running.startedAt, known.now) };
}

export function statusOf({ status }: Pod, { container, isInit }: Member): ContainerStatus | undefined {
  const statuses = isInit ? status?.initContainerStatuses : status?.containerStatuses;
  return statuses?.find(({ name }) => name === container);
}

/** Nothing of it runs any more, or will. */
export function isTerminal({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** No node has ever heard of it. */
function isDeletedUnplaced({ metadata, spec }: Pod): boolean {
  return metadata?.deletionTimestamp !== undefined && !spec?.nodeName;
}

type Terminated = NonNullable<NonNullable<ContainerStatus["state"]>["terminated"]>;

function endOf(pod: Pod, terminated: Terminated, known: Knowledge): MemberEnd {
  const { reason = "", message = "", exitCode } = terminated;
  if (reason === STATUS_UNKNOWN) return neverTold(pod, known);
  // What a node's runtime says of what ran when the machine was started anew.
  if (reason === "Unknown" && exitCode === 255)
    return neverTold(pod, { ...known, startedAt: known.startedAt ?? instantOf(terminated.startedAt) });
  const finishedAt = instantOf(terminated.finishedAt);
  const at = finishedAt === undefined ? known.now : latestWithin(finishedAt, known.now);
  if (START_FAILURES.has(reason)) return { kind: "ended", at, reason: startFailure(message || reason) };
  const startedAt = known.startedAt ?? instantOf(terminated.startedAt) ?? at;
  const end = { kind: "ended", at: Math.max(at, startedAt), startedAt } as const;
  if (reason === "OOMKilled" && exitCode !== 0) return { ...end, exitCode, reason: OUT_OF_MEMORY };
  const disruption = disruptionOf(pod, known.ending);
  if (disruption !== undefined && wasKilledBy(disruption, exitCode, finishedAt))
    return { ...end, reason: disruption.reason };
  return { ...end, exitCode, ...(known.ending?.reason !== undefined && { reason: known.ending.reason }) };
}

export function startFailure(message: string): string {
  return `CannotStartContainerError: ${message}`;
}

/** A program that ended well before it was to go, or all the same, has ended. */
function wasKilledBy({ since }: Disruption, exitCode: number, finishedAt: number | undefined): boolean {
  if (exitCode === 0) return false;
  if (since === undefined || finishedAt === undefined) return KILLED.has(exitCode);
  return finishedAt >= since;
}

/** The pod is over, and of this container nobody says how: it never began, or is lost with its node. */
function neverTold(pod: Pod, { now, startedAt, ending }: Knowledge): MemberEnd {
  const disruption = disruptionOf(pod, ending);
  const reason = disruption?.reason ?? (startedAt === undefined ? ending?.reason : LOST);
  return {
    kind: "ended",
    at: Math.max(now, startedAt ?? 0),
    ...(startedAt !== undefined && { startedAt }),
    ...(reason !== undefined && { reason }),
    ...(startedAt === undefined && disruption !== undefined && { isLost: true }),
  };
}

const LOST = "The cluster does not know how the container ended";

/** Somebody else than its job or we had the pod end. */
interface Disruption {
  readonly reason: string;
  /** Epoch ms, where it is known. */
  readonly since?: number | undefined;
}

/** Reasons of pods that are the cluster's doing; a node that refuses a pod says OutOf and what it is out of. */
const POD_REASONS =
  /^(Evicted|Preempting|NodeLost|NodeShutdown|Shutdown|Terminated|NodeAffinity|UnexpectedAdmissionError|OutOf\w+|.*AdmissionError|PodOSNotSupported|InvalidNodeInfo|TopologyAffinityError)$/i;

function disruptionOf({ metadata, status }: Pod, ending: Ending | undefined): Disruption | undefined {
  const condition = status?.conditions?.find(
    ({ type, status: holds }) => type === "DisruptionTarget" && holds === "True",
  );
  const { reason, message } = status ?? {};
  const since = instantOf(condition?.lastTransitionTime);
  if (reason !== undefined && POD_REASONS.test(reason)) return { reason: said(reason, message), since };
  if (ending !== undefined) return undefined;
  if (condition !== undefined) return { reason: said(condition.reason ?? condition.type, condition.message), since };
  const deletedAt = instantOf(metadata?.deletionTimestamp);
  if (deletedAt === undefined) return undefined;
  // What the API shows is when its grace is over.
  const graceMs = (metadata?.deletionGracePeriodSeconds ?? 0) * 1000;
  return { reason: DELETED, since: deletedAt - graceMs };
}

const DELETED = "The pod was deleted by somebody else than Longshore";

function said(reason: string, message: string | undefined): string {
  return message ? `${reason}: ${message}` : reason;
}

function startOf(startedAt: string | undefined, now: number): number {
  const second = instantOf(startedAt);
  if (second === undefined) return now;
  return now < second + 1000 ? Math.max(second, now) : second;
}
