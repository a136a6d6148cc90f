import { readFile } from "node:fs/promises";
import type { AwsCredentials } from "../../ports/role-credentials.ts";
import { CredentialsUnavailable } from "../../ports/role-credentials.ts";
import { outputOf } from "./command.ts";
import { codeOf } from "./error-code.ts";
import type { CredentialSource } from "./role-source.ts";

const MOST_BYTES = 65_536;

/** @throws CredentialsUnavailable. Nothing that was read is in its message. */
export async function readCredentials(from: CredentialSource, roleArn: string): Promise<AwsCredentials> {
  switch (from.kind) {
    case "profile":
      return ofProfile(from.name, roleArn);
    case "file":
      return parseCredentials(await ofFile(from.path, roleArn), roleArn, `the file ${from.path}`);
    case "command": {
      const options = { variables: { LONGSHORE_ROLE: roleArn }, mostBytes: MOST_BYTES };
      const { output, problem } = await outputOf(from.command, options);
      if (output === undefined)
        throw new CredentialsUnavailable(`the command that prints the credentials of the role ${roleArn} ${problem}`);
      return parseCredentials(output, roleArn, "what the command prints");
    }
  }
}

async function ofFile(path: string, roleArn: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CredentialsUnavailable(
      `the credentials of the role ${roleArn} are in ${path}, which cannot be read (${String(codeOf(error))})`,
    );
  }
}

/**
 * With all that a profile may say: keys, a role to assume, SSO, a process. The SDK's own client reads it; where the profile gives nothing, it goes on to the
 * machine's role, which is nobody's but the machine's.
 */
async function ofProfile(profile: string, roleArn: string): Promise<AwsCredentials> {
  const { BatchClient } = await import("@aws-sdk/client-batch");
  const { loadSharedConfigFiles } = await import("@smithy/core/config");
  try {
    // Or the SDK would go on with what the files said when it first read them.
    await loadSharedConfigFiles({ ignoreCache: true });
    const client = new BatchClient({ profile, region: "us-east-1", logger: SILENT });
    const identity = await client.config.credentials().finally(() => client.destroy());
    if (!isOfProfile(identity)) throw new Error("There is no such profile, or it has no credentials");
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = identity;
    return {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      ...(expiration !== undefined && { expiresAt: expiration.getTime() }),
    };
  } catch (error) {
    // The SDK's own words are about profiles, sessions and services; of keys it says nothing.
    const why = error instanceof Error ? error.message : String(error);
    throw new CredentialsUnavailable(`the profile ${profile} gives no credentials for the role ${roleArn}: ${why}`);
  }
}

const drop = (): void => {};
/** The SDK would warn of the server's own keys beside the profile. */
const SILENT = { trace: drop, debug: drop, info: drop, warn: drop, error: drop };

/** The SDK notes where it found them. */
function isOfProfile(identity: object): boolean {
  const source: unknown = Reflect.get(identity, "$source");
  return (
    typeof source === "object" &&
    source !== null &&
    Object.keys(source).some((from) => from.startsWith("CREDENTIALS_PROFILE"))
  );
}

/** What a `credential_process` prints. The parser's error is not passed on: it quotes the text. */
function parseCredentials(text: string, roleArn: string, where: string): AwsCredentials {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = parsed(text);
  const expiresAt = typeof Expiration === "string" ? Date.parse(Expiration) : undefined;
  if (typeof AccessKeyId !== "string" || typeof SecretAccessKey !== "string" || Number.isNaN(expiresAt))
    throw new CredentialsUnavailable(
      `${where} gives no credentials for the role ${roleArn}: it must be JSON as of a credential_process, {"Version": 1, "AccessKeyId": "...", "SecretAccessKey": "...", "SessionToken": "...", "Expiration": "2030-01-01T00:00:00Z"}; the last two may be missing`,
    );
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(typeof SessionToken === "string" && { sessionToken: SessionToken }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
