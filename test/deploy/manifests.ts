import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { V1ClusterRole, V1Deployment, V1PolicyRule, V1Role } from "@kubernetes/client-node";
import { dumpYaml, loadYaml } from "@kubernetes/client-node";
import { ROOT } from "../../scripts/lock.ts";

/** What `kubectl kustomize` makes of deploy/kubernetes, as the objects of the cluster. */

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** With components: kubectl 1.21, of which Debian 12's is one too old. */
const FIRST_VERSION = 21;

/** Why manifests cannot be made here; undefined when they can. */
export function kustomizeUnavailable(): string | undefined {
  const { stdout } = spawnSync("kubectl", ["version", "--client", "--output=json"], { encoding: "utf8" });
  const minor = /"minor": "(\d+)/.exec(stdout ?? "")?.[1];
  if (minor === undefined) return "there is no kubectl on this machine";
  return Number(minor) < FIRST_VERSION ? `kubectl 1.${minor} is too old: 1.${FIRST_VERSION} or newer` : undefined;
}

/** YAML documents: of a kustomization, by its folder in deploy/kubernetes. */
export function kustomize(folder: string): string[] {
  const directory = join(ROOT, "deploy", "kubernetes", folder);
  return execFileSync("kubectl", ["kustomize", directory], { encoding: "utf8" }).split(/^---$/m);
}

/** As it is written, whatever it is. The library looks into kinds that it knows only: so it is given one that it does not. */
export function parseYaml(text: string): unknown {
  const wrapped = `apiVersion: any/v1\nkind: Any\ndocument:\n${text.replace(/^/gm, "  ")}`;
  return loadYaml<{ readonly document: unknown }>(wrapped).document;
}

/** What is left of it that the cluster's own types have: other members, and those in the wrong place, are gone. */
export function asTyped(text: string): unknown {
  return parseYaml(dumpYaml(loadYaml(text)));
}

export function manifestsOf(folder: string): Manifest[] {
  return kustomize(folder).map((text) => parseYaml(text) as Manifest);
}

export function deploymentIn(manifests: readonly Manifest[]): V1Deployment {
  return manifests.find(({ kind }) => kind === "Deployment") as unknown as V1Deployment;
}

/** `create pods`, sorted: of what is granted in namespaces, and everywhere. */
export function rightsIn(manifests: readonly Manifest[]): {
  readonly inNamespaces: string[];
  readonly everywhere: string[];
} {
  const of = (wanted: string): string[] =>
    manifests
      .filter(({ kind }) => kind === wanted)
      .flatMap((role) => (role as unknown as V1Role | V1ClusterRole).rules!.flatMap(rights))
      .toSorted();
  return { inNamespaces: of("Role"), everywhere: of("ClusterRole") };
}

function rights({ verbs, resources = [] }: V1PolicyRule): string[] {
  return resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`));
}
