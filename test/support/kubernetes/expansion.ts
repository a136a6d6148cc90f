import { badRequest } from "./refusals.ts";
import type { Container, Pod, Secret } from "./objects.ts";

/**
 * Replaces `$(NAME)` by the variable's value; of one that is unknown, the text stays. `$$` is one `$`. As `k8s.io/kubernetes/third_party/forked/golang/expansion`.
 */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (whole === "$$") return "$";
    return variables[name!] ?? whole;
  });
}

/** Why the environment of a container cannot be made now: the `message` of CreateContainerConfigError. */
export class ConfigError extends Error {}

/** The variables that the container's `env` and `envFrom` say. Each may refer to those before it. */
export function environmentOf(
  container: Container,
  pod: Pod,
  secretNamed: (name: string) => Secret | undefined,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { prefix = "", secretRef } of container.envFrom ?? []) {
    if (secretRef === undefined) continue;
    for (const [key, value] of Object.entries(secretData(secretRef.name, secretNamed)))
      environment[prefix + key] = decoded(value);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    if (valueFrom?.secretKeyRef !== undefined) {
      const { name: secret, key, optional } = valueFrom.secretKeyRef;
      if (optional === true && secretNamed(secret)?.data?.[key] === undefined) continue;
      const found = secretData(secret, secretNamed)[key];
      if (found === undefined)
        throw new ConfigError(`couldn't find key ${key} in Secret ${pod.metadata.namespace!}/${secret}`);
      environment[name] = decoded(found);
    } else if (valueFrom?.fieldRef !== undefined) environment[name] = field(pod, valueFrom.fieldRef.fieldPath);
    else environment[name] = expand(value ?? "", environment);
  }
  return environment;
}

function secretData(name: string, secretNamed: (name: string) => Secret | undefined): Readonly<Record<string, string>> {
  const secret = secretNamed(name);
  if (secret === undefined) throw new ConfigError(`secret "${name}" not found`);
  return secret.data ?? {};
}

function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

function field(pod: Pod, path: string): string {
  const entry = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (entry !== null) return pod.metadata[entry[1] as "labels" | "annotations"]?.[entry[2]!] ?? "";
  const read = FIELDS[path];
  if (read === undefined) throw badRequest(`error converting fieldPath: field label not supported: ${path}`);
  return read(pod) ?? "";
}

const FIELDS: Readonly<Record<string, (pod: Pod) => string | undefined>> = {
  "metadata.name": ({ metadata }) => metadata.name,
  "metadata.namespace": ({ metadata }) => metadata.namespace,
  "metadata.uid": ({ metadata }) => metadata.uid,
  "spec.nodeName": ({ spec }) => spec.nodeName,
  "spec.serviceAccountName": (pod) => (pod.spec as { serviceAccountName?: string }).serviceAccountName,
  "status.hostIP": ({ status }) => status.hostIP,
  "status.podIP": ({ status }) => status.podIP,
  "status.podIPs": ({ status }) => status.podIP,
};
