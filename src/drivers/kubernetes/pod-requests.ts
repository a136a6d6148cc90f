import type { ApiRequest } from "./api/connection.ts";
import type { Pod, Secret } from "./api/objects.ts";
import { ANNOTATION, FINALIZER, LABEL } from "./names.ts";
import type { Ending } from "./names.ts";

const MERGE_PATCH = "application/merge-patch+json";

export function podsPath(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
}

export function podPath(namespace: string, name: string): string {
  return `${podsPath(namespace)}/${encodeURIComponent(name)}`;
}

export function createPod(pod: Pod): ApiRequest {
  return { method: "POST", path: podsPath(pod.metadata!.namespace!), body: pod };
}

export function createSecret(secret: Secret): ApiRequest {
  const namespace = encodeURIComponent(secret.metadata!.namespace!);
  return { method: "POST", path: `/api/v1/namespaces/${namespace}/secrets`, body: secret };
}

/** Of several gates the others stay. */
export function openGate(path: string, pod: Pod, gate: string): ApiRequest {
  const left = (pod.spec?.schedulingGates ?? []).filter(({ name }) => name !== gate);
  return mergePatch(path, { spec: { schedulingGates: left.length === 0 ? null : left } });
}

export function noteEnding(path: string, ending: Ending): ApiRequest {
  return mergePatch(path, { metadata: { annotations: { [ANNOTATION.ending]: JSON.stringify(ending) } } });
}

/** Lets go of it: from now on it may vanish. Finalizers of others stay. */
export function release(path: string, pod: Pod | undefined): ApiRequest {
  return mergePatch(path, { metadata: { finalizers: finalizersLeft(pod) } });
}

/** Lets go of it, and leaves it to people until then (epoch ms). */
export function leaveUntil(path: string, pod: Pod, until: number): ApiRequest {
  return mergePatch(path, {
    metadata: {
      finalizers: finalizersLeft(pod),
      labels: { [LABEL.kept]: "true" },
      annotations: { [ANNOTATION.keptUntil]: new Date(until).toISOString() },
    },
  });
}

function finalizersLeft(pod: Pod | undefined): readonly string[] | null {
  const left = (pod?.metadata?.finalizers ?? []).filter((name) => name !== FINALIZER);
  return left.length === 0 ? null : left;
}

/** SIGTERM now, SIGKILL after the grace. Only this very pod. */
export function deletePod(path: string, graceSeconds: number | undefined, uid: string | undefined): ApiRequest {
  return {
    method: "DELETE",
    path,
    body: {
      apiVersion: "v1",
      kind: "DeleteOptions",
      ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
      ...(uid !== undefined && { preconditions: { uid } }),
    },
  };
}

function mergePatch(path: string, body: object): ApiRequest {
  return { method: "PATCH", path, body, contentType: MERGE_PATCH };
}
