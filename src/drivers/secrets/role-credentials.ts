import { matchesWildcard } from "../../core/wildcard.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AwsCredentials, RoleCredentials } from "../../ports/role-credentials.ts";
import { CredentialsUnavailable } from "../../ports/role-credentials.ts";
import { readCredentials } from "./credential-sources.ts";
import type { RoleSource } from "./role-source.ts";

/** So long before they expire, others are got: SDKs ask a while before, and must get better ones then. */
const RENEWED_BEFORE_MS = 5 * 60_000;

/** The roles that the configuration file gives credentials. Of its entries the first one that matches counts. */
export function createRoleCredentials(sources: readonly RoleSource[], clock: Pick<Clock, "now">): RoleCredentials {
  const known = new Map<string, AwsCredentials>();
  const reading = new Map<string, Promise<AwsCredentials>>();
  const sourceOf = (roleArn: string): RoleSource | undefined =>
    sources.find(({ match }) => namesOf(roleArn).some((name) => matchesWildcard(match, name)));

  /** Those that do not expire are read anew each time: the user may have changed them. */
  function stillGood(roleArn: string): AwsCredentials | undefined {
    const found = known.get(roleArn);
    const isGood = found?.expiresAt !== undefined && found.expiresAt - clock.now() > RENEWED_BEFORE_MS;
    return isGood ? found : undefined;
  }

  async function read(roleArn: string, { from }: RoleSource): Promise<AwsCredentials> {
    const credentials = await readCredentials(from, roleArn);
    if (credentials.expiresAt !== undefined && credentials.expiresAt <= clock.now())
      throw new CredentialsUnavailable(`the credentials of the role ${roleArn} have expired`);
    known.set(roleArn, credentials);
    return credentials;
  }

  return {
    has: (roleArn) => sourceOf(roleArn) !== undefined,
    async of(roleArn) {
      const source = sourceOf(roleArn);
      if (source === undefined)
        throw new CredentialsUnavailable(`the role ${roleArn} is not in "roles" in the configuration file`);
      const good = stillGood(roleArn);
      if (good !== undefined) return good;
      const underWay = reading.get(roleArn) ?? read(roleArn, source).finally(() => reading.delete(roleArn));
      reading.set(roleArn, underWay);
      return underWay;
    },
  };
}

/** The ARN, the name with its path, and the name alone. */
function namesOf(roleArn: string): string[] {
  const path = /^arn:[^:]+:iam::\d*:role\/(.+)$/.exec(roleArn)?.[1];
  return path === undefined ? [roleArn] : [roleArn, path, path.slice(path.lastIndexOf("/") + 1)];
}
