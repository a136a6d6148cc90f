import type { KubernetesObject, Pod } from "./objects.ts";
import { isOver, wholeSeconds } from "./objects.ts";
import type { ObjectStore, Resource } from "./object-store.ts";
import { conflict } from "./refusals.ts";

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

const DEFAULT_GRACE_SECONDS = 30;

/**
 * Deletes an object as the API server does: at once, or, while it has finalizers or a pod of a node has its grace period, by a mark. The object as it is then.
 */
export function deleteObject<T extends KubernetesObject>(
  store: ObjectStore,
  resource: Resource,
  object: T,
  options: DeleteOptions = {},
): T {
  checkPreconditions(resource, object, options);
  const grace = resource === "pods" ? graceSeconds(object as unknown as Pod, options) : 0;
  const { metadata } = object;
  if (grace === 0 && (metadata.finalizers ?? []).length === 0) return store.remove(resource, object);
  const marked = metadata.deletionTimestamp;
  const given = metadata.deletionGracePeriodSeconds ?? 0;
  if (marked !== undefined && grace >= given) return object;
  const at = marked === undefined ? Date.now() + grace * 1000 : Date.parse(marked) - (given - grace) * 1000;
  const mark = { deletionTimestamp: wholeSeconds(at), deletionGracePeriodSeconds: grace };
  return store.replace(resource, { ...object, metadata: { ...metadata, ...mark } });
}

/** Replaces an object. One that is marked as deleted, and that nobody holds back any more, is gone with that. */
export function updateObject<T extends KubernetesObject>(store: ObjectStore, resource: Resource, next: T): T {
  const { finalizers = [], deletionTimestamp, deletionGracePeriodSeconds = 0 } = next.metadata;
  if (finalizers.length === 0 && deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0)
    return store.remove(resource, next);
  return store.replace(resource, next);
}

function checkPreconditions(
  resource: Resource,
  { metadata }: KubernetesObject,
  { preconditions }: DeleteOptions,
): void {
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== metadata.uid) {
    const text = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw conflict(
      resource,
      metadata.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}; ${text}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      resource,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}

/** A pod that is over, or that no node has, needs no time to end. */
function graceSeconds(pod: Pod, { gracePeriodSeconds }: DeleteOptions): number {
  if (pod.spec.nodeName === undefined || isOver(pod)) return 0;
  if (pod.metadata.deletionTimestamp !== undefined && gracePeriodSeconds === undefined)
    return pod.metadata.deletionGracePeriodSeconds ?? 0;
  const seconds = gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  return seconds < 0 ? 1 : seconds;
}
