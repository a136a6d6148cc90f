import { crashPoint } from "../../ports/crash-points.ts";
import { statusOf, unlessGone } from "./api/api-error.ts";
import type { Pod } from "./api/objects.ts";
import { FINALIZER } from "./names.ts";
import { isTerminal } from "./outcome.ts";
import type { PodContext } from "./pod-context.ts";
import { deletePod, leaveUntil, release } from "./pod-requests.ts";

/** Deletes a pod of which all is known, or leaves it to people for a while, and lets go of it; harmless twice. Rejects when the API refuses. */
export async function removePod(context: PodContext, id: string, path: string, pod: Pod): Promise<void> {
  const { client, term } = context;
  const before = () => term.confirm();
  const { deletionTimestamp, uid, finalizers } = pod.metadata ?? {};
  crashPoint("kubernetes.forget");
  if (deletionTimestamp === undefined && pod.status?.phase === "Failed" && context.keepFailedMs > 0) {
    const until = context.clock.now() + context.keepFailedMs;
    await client.persist(id, leaveUntil(path, pod, until), { before }).catch(unlessGoneOrAnother);
    context.kept.keep(path, until);
    return;
  }
  if (deletionTimestamp === undefined || !isTerminal(pod)) {
    // A node that does not answer does not delete what it has.
    const graceSeconds = !isTerminal(pod) && isNodeAway(context, pod) ? 0 : undefined;
    await client.persist(id, deletePod(path, graceSeconds, uid), { before }).catch(unlessGoneOrAnother);
  }
  crashPoint("kubernetes.deleted");
  if (finalizers?.includes(FINALIZER) === true)
    await client.persist(id, release(path, pod), { before }).catch(unlessGoneOrAnother);
  crashPoint("kubernetes.forgotten");
}

function isNodeAway({ nodeCondition }: PodContext, { spec }: Pod): boolean {
  return Boolean(spec?.nodeName) && nodeCondition(spec!.nodeName!).kind !== "ready";
}

/** A precondition that fails says that the pod is another one. */
function unlessGoneOrAnother(error: unknown): void {
  if (statusOf(error) !== 409) unlessGone(error);
}
