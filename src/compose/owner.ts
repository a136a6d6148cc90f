import { OWNER_KEY_ID } from "../api/access/owner.ts";
import type { AccessKey } from "../ports/credentials.ts";
import { readSecrets, type Secrets } from "./secrets.ts";

/** What the owner of a data directory calls its server with; undefined when no server has run on it yet. */
export function ownerKey(dataDir: string): AccessKey | undefined {
  const secrets = readSecrets(dataDir);
  return secrets && { accessKeyId: OWNER_KEY_ID, secretAccessKey: ownerSecret(secrets) };
}

export function ownerSecret(secrets: Secrets): string {
  return secrets.owner.toString("hex");
}
