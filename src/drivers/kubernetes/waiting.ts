import type { Pod } from "./api/objects.ts";
import type { Member } from "./names.ts";
import { ROOM_GATE } from "./names.ts";
import { startFailure, statusOf } from "./outcome.ts";

/** A container that its node cannot get to run, and tries again. */
export interface Stuck {
  /** What its attempt has as its reason when nobody waits any longer. */
  readonly reason: string;
  /** Trying again would not help. */
  readonly isFinal: boolean;
}

const PULL_REASONS = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "RegistryUnavailable",
  "ImageInspectError",
  "SignatureValidationFailed",
]);
const CREATE_REASONS = /^(Create\w*Error|RunContainerError|PreCreateHookError|PreStartHookError|PostStartHookError)$/;

/** What a registry, or the way to it, says when the next try may well succeed. */
const TRANSIENT =
  /timeout|timed out|deadline exceeded|connection re(set|fused)|broken pipe|\bEOF\b|temporary failure|server misbehaving|no such host|too ?many ?requests|QPS exceeded|bad gateway|service unavailable|gateway time-?out|internal server error|unexpected status[^:]*: 5\d\d/i;
/** What a node says of a program that is not there. */
const NO_PROGRAM = /executable file not found|no such file or directory|permission denied|is a directory/i;

export function stuckOf(pod: Pod, members: readonly Member[]): Stuck | undefined {
  for (const member of members) {
    const { reason = "", message = "" } = statusOf(pod, member)?.state?.waiting ?? {};
    if (PULL_REASONS.has(reason)) return pullFailure(reason, message);
    if (CREATE_REASONS.test(reason))
      return { reason: startFailure(message || reason), isFinal: NO_PROGRAM.test(message) };
  }
  return undefined;
}

function pullFailure(reason: string, message: string): Stuck {
  if (reason === "ErrImageNeverPull") return { reason: `${reason}: ${message}`, isFinal: true };
  const text = { reason: `CannotPullContainerError: ${message || reason}` };
  if (reason === "InvalidImageName") return { ...text, isFinal: true };
  // While a node pauses between tries it may not say what was wrong.
  const saysWhy = reason === "ErrImagePull" || /ErrImagePull|failed to|not found|denied/i.test(message);
  return { ...text, isFinal: saysWhy && !TRANSIENT.test(message) };
}

/** What a pod that has not begun waits for, in the cluster's own words. */
export function waitsFor(pod: Pod, members: readonly Member[]): string | undefined {
  const { status, spec } = pod;
  const placed = status?.conditions?.find(({ type }) => type === "PodScheduled");
  const isGated = spec?.schedulingGates?.some(({ name }) => name !== ROOM_GATE) === true;
  if (isGated) return "the pod waits for a scheduling gate to be removed";
  if (placed?.status === "False") return placed.message || placed.reason;
  if (!spec?.nodeName) return "the pod waits for the cluster's scheduler";
  for (const member of members) {
    const state = statusOf(pod, member)?.state;
    if (member.isInit && state?.running !== undefined) return `the init container ${member.container} runs`;
    const { reason, message } = state?.waiting ?? {};
    if (reason === undefined || reason === "PodInitializing") continue;
    if (reason === "ContainerCreating")
      return `the node ${spec.nodeName} makes the container ${member.container} ready: its image, its volumes`;
    return message ? `${reason}: ${message}` : reason;
  }
  return undefined;
}
