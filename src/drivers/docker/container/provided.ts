import type { ContainerProperties, Secret } from "@aws-sdk/client-batch";
import type { AttemptSpec } from "../../../ports/driver.ts";
import type { Secrets } from "../../../ports/secrets.ts";
import { SecretUnavailable } from "../../../ports/secrets.ts";
import { AttemptFailure } from "../failure.ts";
import type { FileSystems } from "./file-systems.ts";
import { directoriesOf } from "./file-systems.ts";
import type { RegistryLogin } from "../images/registry.ts";
import { loginIn } from "../images/registry.ts";

/** What a job definition only names, and this machine has: read when the container is made, given to the engine, and kept nowhere else. */
export interface Provided {
  /** The values of `secrets`, by variable. */
  readonly variables: Readonly<Record<string, string>>;
  /** The values of `secretOptions`, by option of the log driver. */
  readonly logOptions: Readonly<Record<string, string>>;
  /** For the registry that the image is pulled from. */
  readonly login?: RegistryLogin;
  /** Why a pod has no login that it names: as with Kubernetes that is no failure as long as it goes without. */
  readonly missingLogins: readonly string[];
  /** The directory that stands for each volume of EFS or S3 Files, by volume. */
  readonly directories: ReadonlyMap<string, string>;
}

/** Where it comes from. */
export interface Sources {
  readonly secrets: Secrets;
  readonly fileSystems: FileSystems;
}

export const NOTHING_PROVIDED: Provided = {
  variables: {},
  logOptions: {},
  missingLogins: [],
  directories: new Map(),
};

/** Rejects with AttemptFailure (ResourceInitializationError), in ECS's words, when something is missing. */
export async function provide(attempt: AttemptSpec, image: string, sources: Sources): Promise<Provided> {
  const directories = await directoriesOf(attempt.container, sources.fileSystems);
  return { ...(await readSecrets(attempt, image, sources.secrets)), directories };
}

async function readSecrets(
  { container, pullSecrets = [] }: AttemptSpec,
  image: string,
  secrets: Secrets,
): Promise<Omit<Provided, "directories">> {
  try {
    const [variables, logOptions, login] = await Promise.all([
      valuesOf(container.secrets, secrets),
      valuesOf(container.logConfiguration?.secretOptions, secrets),
      ownLogin(container, image, secrets),
    ]);
    if (login !== undefined) return { variables, logOptions, login, missingLogins: [] };
    return { variables, logOptions, ...(await firstLogin(pullSecrets, image, secrets)) };
  } catch (error) {
    if (!(error instanceof SecretUnavailable)) throw error;
    throw new AttemptFailure(
      "ResourceInitializationError",
      `unable to pull secrets or registry auth: ${error.message}`,
    );
  }
}

async function valuesOf(named: readonly Secret[] = [], secrets: Secrets): Promise<Record<string, string>> {
  const read = named.map(async ({ name, valueFrom }) => [name!, await secrets.valueOf(valueFrom!)] as const);
  return Object.fromEntries(await Promise.all(read));
}

async function ownLogin(
  { repositoryCredentials }: ContainerProperties,
  image: string,
  secrets: Secrets,
): Promise<RegistryLogin | undefined> {
  const name = repositoryCredentials?.credentialsParameter;
  return name === undefined ? undefined : readLogin(name, image, secrets);
}

async function readLogin(name: string, image: string, secrets: Secrets): Promise<RegistryLogin> {
  const login = loginIn(await secrets.valueOf(name), image);
  if (login !== undefined) return login;
  throw new SecretUnavailable(
    `the secret ${name} has no login for the image ${image}: it must be {"username": "...", "password": "..."}`,
  );
}

async function firstLogin(
  names: readonly string[],
  image: string,
  secrets: Secrets,
): Promise<Pick<Provided, "login" | "missingLogins">> {
  const missingLogins: string[] = [];
  for (const name of names) {
    try {
      return { login: await readLogin(name, image, secrets), missingLogins };
    } catch (error) {
      if (!(error instanceof SecretUnavailable)) throw error;
      missingLogins.push(error.message);
    }
  }
  return { missingLogins };
}

/** The names of what is secret, for the container's label: who finds the container later knows what not to tell. */
export function secretNames({ secrets = [], logConfiguration }: ContainerProperties): string[] {
  return [...secrets, ...(logConfiguration?.secretOptions ?? [])].map(({ name }) => name!);
}
