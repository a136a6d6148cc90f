import type { Json } from "./objects.ts";
import { badRequest, Refusal } from "./refusals.ts";

type JsonObject = { readonly [name: string]: Json };

/** Lists that a strategic merge patch merges instead of replacing, by the name of their member: the member that their items are known by. "" is for lists of plain values. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  finalizers: "",
  ownerReferences: "uid",
  conditions: "type",
  containers: "name",
  initContainers: "name",
  env: "name",
  volumes: "name",
  volumeMounts: "mountPath",
  schedulingGates: "name",
  imagePullSecrets: "name",
};

/** Applies a patch by its content type. */
export function applyPatch(object: Json, contentType: string, patch: Json): Json {
  switch (contentType.split(";")[0]!.trim()) {
    case "application/merge-patch+json":
      return merge(object, patch);
    case "application/strategic-merge-patch+json":
      return strategicMerge(object, patch);
    case "application/json-patch+json":
      return jsonPatch(object, patch);
    default:
      throw new Refusal(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
      );
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 7386. */
function merge(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: Record<string, Json> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  }
  return merged;
}

function strategicMerge(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  if (patch["$patch"] === "replace") return without(patch, "$patch");
  const merged: Record<string, Json> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    const deletedFrom = /^\$deleteFromPrimitiveList\/(.+)$/.exec(name)?.[1];
    if (deletedFrom !== undefined) {
      const gone = value as readonly Json[];
      merged[deletedFrom] = ((merged[deletedFrom] ?? []) as readonly Json[]).filter((item) => !gone.includes(item));
    } else if (name.startsWith("$")) continue;
    else if (value === null) delete merged[name];
    else if (Array.isArray(value) && MERGE_KEYS[name] !== undefined)
      merged[name] = mergeList((merged[name] ?? []) as readonly Json[], value as readonly Json[], MERGE_KEYS[name]);
    else merged[name] = strategicMerge(merged[name], value);
  }
  return merged;
}

function mergeList(target: readonly Json[], patch: readonly Json[], key: string): Json {
  if (key === "") return [...new Set([...target, ...patch])];
  if (patch.some((item) => isObject(item) && item["$patch"] === "replace"))
    return patch.filter((item) => isObject(item) && item["$patch"] === undefined);
  const merged = [...target];
  for (const item of patch as readonly JsonObject[]) {
    const at = merged.findIndex((known) => isObject(known) && known[key] === item[key]);
    if (item["$patch"] === "delete") {
      if (at !== -1) merged.splice(at, 1);
    } else if (at === -1) merged.push(item);
    else merged[at] = strategicMerge(merged[at], item);
  }
  return merged;
}

function without(object: JsonObject, name: string): JsonObject {
  const { [name]: _gone, ...rest } = object;
  return rest;
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: Json;
}

/** RFC 6902. */
function jsonPatch(object: Json, patch: Json): Json {
  if (!Array.isArray(patch)) throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  const root = { root: structuredClone(object) as unknown };
  for (const operation of patch as unknown as readonly Operation[]) applyOperation(root, operation);
  return root.root as Json;
}

function applyOperation(root: { root: unknown }, { op, path, from, value }: Operation): void {
  switch (op) {
    case "add":
      return put(root, path, value, true);
    case "replace":
      read(root, path);
      return put(root, path, value, false);
    case "remove":
      return void take(root, path);
    case "test":
      if (JSON.stringify(read(root, path)) !== JSON.stringify(value))
        throw unprocessable(`testing value ${path} failed`);
      return;
    case "move":
      return put(root, path, take(root, from!), true);
    case "copy":
      return put(root, path, structuredClone(read(root, from!)), true);
    default:
      throw badRequest(`Unexpected kind: ${op}`);
  }
}

function unprocessable(message: string): Refusal {
  return new Refusal(422, "Invalid", `the server rejected our request due to an error in our request: ${message}`, {});
}

type Parent = Record<string, unknown> | unknown[];

function parentOf(root: { root: unknown }, path: string): { readonly parent: Parent; readonly name: string } {
  const names = ["root", ...path.split("/").slice(1)].map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  let parent: unknown = root;
  for (const name of names.slice(0, -1)) parent = (parent as Record<string, unknown> | undefined)?.[name];
  if (typeof parent !== "object" || parent === null)
    throw unprocessable(`add operation does not apply: doc is missing path: "${path}"`);
  return { parent: parent as Parent, name: names.at(-1)! };
}

function read(root: { root: unknown }, path: string): unknown {
  const { parent, name } = parentOf(root, path);
  const value = (parent as Record<string, unknown>)[name];
  if (value === undefined) throw unprocessable(`operation does not apply: doc is missing key: ${path}`);
  return value;
}

function put(root: { root: unknown }, path: string, value: unknown, inserts: boolean): void {
  const { parent, name } = parentOf(root, path);
  if (!Array.isArray(parent)) parent[name] = value;
  else if (name === "-") parent.push(value);
  else parent.splice(Number(name), inserts ? 0 : 1, value);
}

function take(root: { root: unknown }, path: string): unknown {
  const value = read(root, path);
  const { parent, name } = parentOf(root, path);
  if (Array.isArray(parent)) parent.splice(Number(name), 1);
  else delete parent[name];
  return value;
}
