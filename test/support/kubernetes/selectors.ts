import type { KubernetesObject, Pod } from "./objects.ts";
import { badRequest } from "./refusals.ts";

export type Selector = (object: KubernetesObject) => boolean;

/** What a list or a watch asks for: its `labelSelector` and its `fieldSelector`. */
export function selectorOf(query: URLSearchParams): Selector {
  const all = [
    ...split(query.get("labelSelector") ?? "").map(labelRequirement),
    ...split(query.get("fieldSelector") ?? "").map(fieldRequirement),
  ];
  return (object) => all.every((matches) => matches(object));
}

/** Cuts at the commas that are not in parentheses. */
function split(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function labelRequirement(text: string): Selector {
  const label = (object: KubernetesObject, key: string): string | undefined => object.metadata.labels?.[key];
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text);
  if (set !== null) {
    const [, key, operator, list] = set as unknown as [string, string, string, string];
    const values = new Set(list.split(",").map((value) => value.trim()));
    return (object) => values.has(label(object, key) ?? "\0") === (operator === "in");
  }
  const equality = /^([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)$/.exec(text);
  if (equality !== null) {
    const [, key, operator, value] = equality as unknown as [string, string, string, string];
    return (object) => (label(object, key) === value) === (operator !== "!=");
  }
  const existence = /^(!?)\s*([^\s=!()]+)$/.exec(text);
  if (existence === null)
    throw badRequest(`unable to parse requirement: found '${text}', expected: in, notin, =, ==, !=, exists`);
  const [, not, key] = existence as unknown as [string, string, string];
  return (object) => (label(object, key) !== undefined) === (not === "");
}

const FIELDS: Readonly<Record<string, (object: KubernetesObject) => string>> = {
  "metadata.name": ({ metadata }) => metadata.name,
  "metadata.namespace": ({ metadata }) => metadata.namespace ?? "",
  "spec.nodeName": (object) => (object as Pod).spec.nodeName ?? "",
  "spec.restartPolicy": (object) => (object as Pod).spec.restartPolicy ?? "",
  "status.phase": (object) => (object as Pod).status.phase,
  "status.podIP": (object) => (object as Pod).status.podIP ?? "",
};

function fieldRequirement(text: string): Selector {
  const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(text);
  if (match === null) throw badRequest(`invalid field selector: "${text}"; can't understand '${text}'`);
  const [, field, operator, value] = match as unknown as [string, string, string, string];
  const read = FIELDS[field];
  if (read === undefined) throw badRequest(`field label not supported: ${field}`);
  return (object) => (read(object) === value) === (operator !== "!=");
}
