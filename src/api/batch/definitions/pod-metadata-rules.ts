import type { EksMetadata } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

const NAMESPACE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const KEY_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const KEY_PREFIX = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const RESERVED_PREFIX = /(^|\.)(kubernetes|k8s)\.io$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** The key of a label or an annotation: an optional prefix, a slash, a name. */
interface Key {
  readonly kind: "label" | "annotation";
  readonly key: string;
}

const KEY_RULES: readonly Rule<Key>[] = [
  quotingRule("metadataKey", ({ kind, key }) => {
    const { prefix, name } = split(key);
    return KEY_NAME.test(name) && (prefix === undefined || KEY_PREFIX.test(prefix)) ? undefined : [kind, key];
  }),
  quotingRule("metadataPrefix", ({ kind, key }) => {
    const { prefix = "" } = split(key);
    return RESERVED_PREFIX.test(prefix) ? [kind, prefix] : undefined;
  }),
];

/** A pod's metadata, in a definition or in an override (reference 3.4). */
export const METADATA_RULES: readonly Rule<EksMetadata>[] = [
  rule("namespaceLength", ({ namespace = "" }) => namespace.length > 63),
  rule("namespacePattern", ({ namespace = "x" }) => !NAMESPACE.test(namespace)),
  rule("namespaceDefault", ({ namespace }) => namespace === "default"),
  rule("namespaceReserved", ({ namespace = "" }) => namespace.startsWith("kube-")),
  each(({ labels = {} }) => Object.keys(labels).map((key) => ({ kind: "label", key })), KEY_RULES),
  each(({ annotations = {} }) => Object.keys(annotations).map((key) => ({ kind: "annotation", key })), KEY_RULES),
  quotingRule("labelValue", ({ labels = {} }) => {
    const [bad] = Object.entries(labels).find(([, value]) => !LABEL_VALUE.test(value)) ?? [];
    return bad === undefined ? undefined : [bad];
  }),
  quotingRule("annotationValue", ({ annotations = {} }) => {
    const [bad] = Object.entries(annotations).find(([, value]) => value.length > 255) ?? [];
    return bad === undefined ? undefined : [bad];
  }),
];

function split(key: string): { prefix?: string; name: string } {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { prefix: key.slice(0, slash), name: key.slice(slash + 1) };
}
