import { randomBytes } from "node:crypto";
import type { ApiRequest } from "./api-request.ts";
import { withDefaults } from "./defaults.ts";
import { compareWithType } from "./field-types.ts";
import { checkMetadata, Findings } from "./object-rules.ts";
import type { Json, KubernetesObject, Node, Pod } from "./objects.ts";
import type { ObjectStore, Resource } from "./object-store.ts";
import { applyPatch } from "./patches.ts";
import { updateObject } from "./pod-deletion.ts";
import { checkPod } from "./pod-rules.ts";
import { badRequest, invalid, modifiedSince, notFound, Refusal } from "./refusals.ts";

const KINDS: Readonly<Record<Resource, string>> = {
  pods: "Pod",
  nodes: "Node",
  secrets: "Secret",
  namespaces: "Namespace",
  events: "Event",
};

export function kindOf(resource: Resource): string {
  return KINDS[resource];
}

/** Keeps a new object of a request: decoded, its defaults filled in, checked. */
export function createObject(
  store: ObjectStore,
  resource: Resource,
  request: ApiRequest,
  body: Json | undefined,
): KubernetesObject {
  const given = decode(resource, request, body);
  const { namespace } = request;
  if (namespace !== undefined && store.get("namespaces", undefined, namespace) === undefined)
    throw notFound("namespaces", namespace);
  const { generateName } = given.metadata ?? {};
  const name =
    given.metadata?.name ??
    (generateName === undefined ? "" : generateName + randomBytes(3).toString("hex").slice(0, 5));
  if (namespace !== undefined && given.metadata?.namespace !== undefined && given.metadata.namespace !== namespace)
    throw badRequest(`the namespace of the provided object does not match the namespace sent on the request`);
  const { deletionTimestamp: _never, deletionGracePeriodSeconds: _neither, ...kept } = given.metadata ?? {};
  const object = {
    ...given,
    metadata: { ...kept, name, ...(namespace !== undefined && { namespace }) },
  } as KubernetesObject;
  if (resource === "pods") {
    checkPod(object as Pod);
    return store.create(resource, withDefaults(object as Pod));
  }
  const findings = new Findings();
  checkMetadata(object.metadata, findings);
  if (findings.causes.length > 0) throw invalid(KINDS[resource], name, findings.causes);
  return store.create(resource, resource === "secrets" ? encodedSecret(object) : object);
}

/** Changes an object by a patch or to a whole new one, within what may change. */
export function changeObject(
  store: ObjectStore,
  resource: Resource,
  request: ApiRequest,
  body: Json,
): KubernetesObject {
  const current = store.get(resource, request.namespace, request.name!);
  if (current === undefined) throw notFound(resource, request.name!);
  const patched = request.verb === "patch" ? applyPatch(current as unknown as Json, request.contentType, body) : body;
  const next = decode(resource, { ...request, contentType: "application/json" }, patched);
  const version = next.metadata?.resourceVersion;
  if (version !== undefined && version !== "" && version !== current.metadata.resourceVersion)
    throw modifiedSince(resource, request.name!);
  const { uid, creationTimestamp, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds, name, namespace } =
    current.metadata;
  const { deletionTimestamp: _theirs, deletionGracePeriodSeconds: _neither, ...metadata } = next.metadata;
  const fixed = {
    ...metadata,
    ...{ uid, creationTimestamp, resourceVersion, name },
    ...(namespace !== undefined && { namespace }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    ...(deletionGracePeriodSeconds !== undefined && { deletionGracePeriodSeconds }),
  };
  const isStatus = request.subresource === "status";
  const changed = { ...(isStatus ? current : next), metadata: fixed } as KubernetesObject;
  const findings = new Findings();
  checkMetadata(changed.metadata, findings);
  checkFinalizers(current, changed, findings);
  if (resource === "pods" && !isStatus) checkPodChange(current as Pod, changed as Pod, findings);
  if (findings.causes.length > 0) throw invalid(KINDS[resource], name, findings.causes);
  if (resource === "pods" || resource === "nodes") {
    const { status } = (isStatus ? next : current) as Pod | Node;
    return updateObject(store, resource, { ...changed, status } as KubernetesObject);
  }
  return updateObject(store, resource, resource === "secrets" ? encodedSecret(changed) : changed);
}

function decode(resource: Resource, { query, contentType }: ApiRequest, body: Json | undefined): KubernetesObject {
  if (!contentType.startsWith("application/json"))
    throw new Refusal(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: application/json`,
    );
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("the object provided is unrecognized");
  const kind = KINDS[resource];
  const object = body as unknown as KubernetesObject;
  if ((object.kind ?? kind) !== kind || (object.apiVersion ?? "v1") !== "v1") {
    const got = `${object.apiVersion ?? ""}, Kind=${object.kind ?? ""}`;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): no kind "${object.kind}" is registered for ${got}`,
    );
  }
  const { unknown, wrong } = compareWithType(
    body,
    `V1${kind === "Event" ? "CoreV1Event" : kind}`.replace("V1Core", "Core"),
  );
  if (wrong.length > 0)
    throw badRequest(
      `${kind} in version "v1" cannot be handled as a ${kind}: json: cannot unmarshal: ${wrong.join(", ")}`,
    );
  if (unknown.length > 0 && query.get("fieldValidation") === "Strict")
    throw badRequest(
      `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: ${unknown.map((one) => `unknown field "${one}"`).join(", ")}`,
    );
  return { ...object, apiVersion: "v1", kind };
}

function checkFinalizers(current: KubernetesObject, next: KubernetesObject, findings: Findings): void {
  if (current.metadata.deletionTimestamp === undefined) return;
  const known = current.metadata.finalizers ?? [];
  const more = (next.metadata.finalizers ?? []).filter((one) => !known.includes(one));
  if (more.length > 0)
    findings.forbidden(
      "metadata.finalizers",
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${more.map((one) => JSON.stringify(one)).join(", ")}}`,
    );
}

/** Of the spec of a pod there may change: images, the deadline, more tolerations, fewer gates. */
function checkPodChange(current: Pod, next: Pod, findings: Findings): void {
  const gates = (current.spec.schedulingGates ?? []).map(({ name }) => name);
  for (const { name } of next.spec.schedulingGates ?? [])
    if (!gates.includes(name))
      findings.forbidden("spec.schedulingGates", `only deletion is allowed, but found new scheduling gate '${name}'`);
  if (JSON.stringify(fixedSpec(current, gates.length > 0)) !== JSON.stringify(fixedSpec(next, gates.length > 0)))
    findings.forbidden(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`," +
        "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    );
}

function fixedSpec({ spec }: Pod, isGated: boolean): unknown {
  const { schedulingGates: _gates, activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...rest } = spec;
  const noImage = (container: object): object => ({ ...container, image: "" });
  const more = isGated ? { nodeSelector: undefined } : {};
  return sorted({
    ...rest,
    ...more,
    containers: spec.containers.map(noImage),
    initContainers: (spec.initContainers ?? []).map(noImage),
  });
}

/** With the members of all objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, item]) => [name, sorted(item)]),
  );
}

/** `stringData` becomes `data`. */
function encodedSecret(object: KubernetesObject): KubernetesObject {
  const {
    stringData = {},
    data = {},
    ...rest
  } = object as KubernetesObject & Record<"stringData" | "data", Readonly<Record<string, string>> | undefined>;
  const encoded = Object.entries(stringData).map(
    ([key, value]) => [key, Buffer.from(value).toString("base64")] as const,
  );
  return { type: "Opaque", ...rest, data: { ...data, ...Object.fromEntries(encoded) } } as KubernetesObject;
}
