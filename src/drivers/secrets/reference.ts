/** What a job definition calls a secret by, taken apart. */
export interface SecretReference {
  /** What a `match` may fit: the ARN and the name, in the forms that AWS takes. The first one is the secret without what follows. */
  readonly names: readonly [string, ...string[]];
  /** What a file of the secret may be called: paths without a leading slash. */
  readonly fileNames: readonly string[];
  /** The member of a secret that is a JSON object. */
  readonly jsonKey?: string;
  /** Not the current version, but the one with this stage or id. */
  readonly version?: string;
}

const SECRETS_MANAGER =
  /^(arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:([^:]+))(?::([^:]*))?(?::([^:]*))?(?::([^:]*))?$/;
const PARAMETER = /^arn:[^:]+:ssm:[^:]*:[^:]*:parameter\/?(.+)$/;
/** What Secrets Manager puts behind the name of a secret in its ARN. */
const RANDOM_END = /-[A-Za-z0-9]{6}$/;
const CURRENT = "AWSCURRENT";

/**
 * The forms are ECS's: `arn:…:secret:NAME-xxxxxx`, with `:JSON-KEY:STAGE:VERSION` behind it, any of which may be empty; `arn:…:parameter/NAME`; or a
 * parameter's name.
 */
export function parseReference(reference: string): SecretReference {
  const secret = SECRETS_MANAGER.exec(reference);
  if (secret === null) return parameter(reference, PARAMETER.exec(reference)?.[1]);
  const [, arn = "", fullName = "", jsonKey, stage, id] = secret;
  const name = fullName.replace(RANDOM_END, "");
  const version = id || (stage === CURRENT ? "" : stage);
  return {
    names: [arn, ...new Set([name, fullName])],
    fileNames: [...new Set([name, fullName])],
    ...(jsonKey && { jsonKey }),
    ...(version && { version }),
  };
}

/** In the ARN nothing tells the parameters `/a` and `a` apart. */
function parameter(reference: string, nameInArn: string | undefined): SecretReference {
  const name = (nameInArn ?? reference).replace(/^\/+/, "");
  return { names: [reference, `/${name}`, name], fileNames: [name] };
}
