import type { ServerResponse } from "node:http";
import type { ApiRequest } from "./api-request.ts";
import type { Kubelet } from "./kubelet.ts";
import type { Json, KubernetesObject, Pod } from "./objects.ts";
import { withCondition } from "./objects.ts";
import type { ObjectLists } from "./object-lists.ts";
import { changeObject, createObject, kindOf } from "./object-registry.ts";
import type { ObjectStore, Resource } from "./object-store.ts";
import { deleteObject, updateObject } from "./pod-deletion.ts";
import type { DeleteOptions } from "./pod-deletion.ts";
import { servePodLog } from "./pod-logs.ts";
import { badRequest, notFound, Refusal } from "./refusals.ts";
import { selectorOf } from "./selectors.ts";
import { jsonOf, WatchStream } from "./watch-stream.ts";

export interface ResourceParts {
  readonly store: ObjectStore;
  readonly lists: ObjectLists;
  readonly bookmarkEveryMs: number;
  kubeletOf(node: string): Kubelet | undefined;
  /** A fault of the double itself: its test is to fail. */
  broke(error: unknown): void;
}

export interface Result {
  readonly code: number;
  readonly text: string;
}

const RESOURCES: ReadonlySet<string> = new Set<Resource>(["pods", "nodes", "secrets", "namespaces", "events"]);
const NAMESPACED: ReadonlySet<string> = new Set<Resource>(["pods", "secrets", "events"]);

/** Carries out a request. Without a result, it has answered by itself. */
export async function serveResource(
  parts: ResourceParts,
  request: ApiRequest,
  body: Json | undefined,
  response: ServerResponse,
  watches: Set<WatchStream>,
): Promise<Result | undefined> {
  if (!RESOURCES.has(request.resource))
    throw new Refusal(404, "NotFound", "the server could not find the requested resource");
  const resource = request.resource as Resource;
  if (request.subresource !== undefined) return serveSubresource(parts, resource, request, body, response);
  const { store } = parts;
  switch (request.verb) {
    case "create":
      requireNamespace(resource, request);
      return told(201, createObject(store, resource, request, body));
    case "get":
      return told(200, found(store, resource, request));
    case "list":
      return { code: 200, text: parts.lists.page(resource, request) };
    case "watch":
      return watch(parts, resource, request, response, watches);
    case "update":
    case "patch":
      return told(200, changeObject(store, resource, request, body ?? null));
    case "delete":
      return told(200, deleteObject(store, resource, found(store, resource, request), deleteOptions(request, body)));
    case "deletecollection":
      return deleteAll(store, resource, request, body);
  }
}

async function serveSubresource(
  parts: ResourceParts,
  resource: Resource,
  request: ApiRequest,
  body: Json | undefined,
  response: ServerResponse,
): Promise<Result | undefined> {
  const { store } = parts;
  const { verb, subresource, namespace, name } = request;
  if (resource === "pods" && subresource === "log" && verb === "get") {
    await servePodLog(store.get("pods", namespace, name!), request, parts.kubeletOf, response);
    return undefined;
  }
  if (subresource === "status" && verb === "get") return told(200, found(store, resource, request));
  if (subresource === "status" && (verb === "patch" || verb === "update"))
    return told(200, changeObject(store, resource, request, body ?? null));
  if (resource === "pods" && subresource === "eviction" && verb === "create") {
    const pod = found(store, resource, request) as Pod;
    const conditions = withCondition(pod.status.conditions, {
      type: "DisruptionTarget",
      status: "True",
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    });
    deleteObject(store, "pods", updateObject(store, "pods", { ...pod, status: { ...pod.status, conditions } }));
    return {
      code: 201,
      text: JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 }),
    };
  }
  throw new Refusal(404, "NotFound", "the server could not find the requested resource");
}

function told(code: number, object: KubernetesObject): Result {
  return { code, text: jsonOf(object) };
}

function found(store: ObjectStore, resource: Resource, { namespace, name }: ApiRequest): KubernetesObject {
  const object = store.get(resource, namespace, name!);
  if (object === undefined) throw notFound(resource, name!);
  return object;
}

function requireNamespace(resource: Resource, { namespace, name }: ApiRequest): void {
  if (name !== undefined || NAMESPACED.has(resource) !== (namespace !== undefined))
    throw new Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

function watch(
  { store, bookmarkEveryMs }: ResourceParts,
  resource: Resource,
  { namespace, name, query }: ApiRequest,
  response: ServerResponse,
  watches: Set<WatchStream>,
): undefined {
  if (query.get("sendInitialEvents") === "true" && query.get("resourceVersionMatch") !== "NotOlderThan")
    throw badRequest("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (name !== undefined) query.append("fieldSelector", `metadata.name=${name}`);
  const stream = new WatchStream(
    { store, resource, kind: kindOf(resource), namespace, query, bookmarkEveryMs },
    response,
  );
  watches.add(stream);
  stream.open(() => watches.delete(stream));
  return undefined;
}

function deleteAll(store: ObjectStore, resource: Resource, request: ApiRequest, body: Json | undefined): Result {
  const all = store.list(resource, request.namespace).filter(selectorOf(request.query));
  const items = all.map((object) => deleteObject(store, resource, object, deleteOptions(request, body)));
  return {
    code: 200,
    text: JSON.stringify({
      kind: `${kindOf(resource)}List`,
      apiVersion: "v1",
      metadata: { resourceVersion: String(store.revision) },
      items,
    }),
  };
}

/** From the body, or from the query. */
function deleteOptions({ query }: ApiRequest, body: Json | undefined): DeleteOptions {
  const given = (body ?? {}) as DeleteOptions;
  const seconds = query.get("gracePeriodSeconds");
  return { ...given, ...(seconds !== null && { gracePeriodSeconds: Number(seconds) }) };
}
