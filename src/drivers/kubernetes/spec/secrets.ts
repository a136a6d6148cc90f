import type { AttemptSpec } from "../../../ports/driver.ts";
import type { Secrets } from "../../../ports/secrets.ts";
import { SecretUnavailable } from "../../../ports/secrets.ts";
import type { Container, Pod, Secret } from "../api/objects.ts";
import { LABEL, podName } from "../names.ts";
import { Refusal } from "./refusal.ts";

/** Keeps a pod from being placed until what it takes its secrets from is there. */
export const SECRETS_GATE = "longshore.dev/secrets";

type Kind = "variables" | "login";

export function secretName({ attemptId, pod }: AttemptSpec, kind: Kind): string {
  return `${podName(pod?.id ?? attemptId)}.${kind}`;
}

/** Whether anything about them is secret. */
export function hasSecrets(specs: readonly AttemptSpec[]): boolean {
  return specs.some(({ container }) => container.secrets?.length || container.repositoryCredentials !== undefined);
}

/** No value is in the pod itself. */
export function secretVariables(spec: AttemptSpec, index: number): NonNullable<Container["env"]> {
  const name = secretName({ ...spec }, "variables");
  return (spec.container.secrets ?? []).map((secret, number) => ({
    name: secret.name!,
    valueFrom: { secretKeyRef: { name, key: keyOf(index, number) } },
  }));
}

function keyOf(index: number, number: number): string {
  return `${index}-${number}`;
}

/**
 * What the pod takes its secrets from; the cluster removes it with the pod, which owns it. Rejects with Refusal, in ECS's words, when a value is missing.
 *
 * @param pod as the API gave it.
 * @param images of the specs.
 */
export async function secretsOf(
  specs: readonly AttemptSpec[],
  images: readonly string[],
  pod: Pod,
  secrets: Secrets,
): Promise<Secret[]> {
  try {
    const made: Secret[] = [];
    const variables = await variablesOf(specs, secrets);
    const own = (kind: Kind): Secret => ({
      ...owned(pod),
      metadata: { ...owned(pod).metadata, name: secretName(specs[0]!, kind) },
    });
    if (Object.keys(variables).length > 0) made.push({ ...own("variables"), type: "Opaque", data: variables });
    const auths = await loginsOf(specs, images, secrets);
    if (Object.keys(auths).length > 0) {
      const data = { ".dockerconfigjson": base64(JSON.stringify({ auths })) };
      made.push({ ...own("login"), type: "kubernetes.io/dockerconfigjson", data });
    }
    return made;
  } catch (error) {
    if (!(error instanceof SecretUnavailable)) throw error;
    throw new Refusal(`ResourceInitializationError: unable to pull secrets or registry auth: ${error.message}`);
  }
}

function owned({ metadata }: Pod): Secret & { metadata: NonNullable<Secret["metadata"]> } {
  const { name, uid, namespace, labels = {} } = metadata!;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      namespace: namespace!,
      labels: { [LABEL.cluster]: labels[LABEL.cluster]!, [LABEL.pod]: labels[LABEL.pod]! },
      ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: name!, uid: uid! }],
    },
    immutable: true,
  };
}

async function variablesOf(specs: readonly AttemptSpec[], secrets: Secrets): Promise<Record<string, string>> {
  const read = specs.flatMap(({ container }, index) =>
    (container.secrets ?? []).map(
      async ({ valueFrom }, number) => [keyOf(index, number), base64(await secrets.valueOf(valueFrom!))] as const,
    ),
  );
  return Object.fromEntries(await Promise.all(read));
}

async function loginsOf(
  specs: readonly AttemptSpec[],
  images: readonly string[],
  secrets: Secrets,
): Promise<Record<string, object>> {
  const auths: Record<string, object> = {};
  for (const [index, { container }] of specs.entries()) {
    const reference = container.repositoryCredentials?.credentialsParameter;
    if (reference === undefined) continue;
    const { username, password } = loginIn(await secrets.valueOf(reference), reference);
    auths[registryOf(images[index]!)] = { username, password, auth: base64(`${username}:${password}`) };
  }
  return auths;
}

function loginIn(value: string, reference: string): { username: string; password: string } {
  try {
    const { username, password } = JSON.parse(value) as { username?: unknown; password?: unknown };
    if (typeof username === "string" && typeof password === "string") return { username, password };
  } catch {
    // Said below, without a part of the value.
  }
  throw new SecretUnavailable(`the secret ${reference} is no login: it must be {"username": "...", "password": "..."}`);
}

/** As Docker reads names of images. */
function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return isHost ? first : "https://index.docker.io/v1/";
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
