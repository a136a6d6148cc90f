import type { Admission } from "../api/access/admission.ts";
import { createAdmission } from "../api/access/admission.ts";
import { keyFinder } from "../api/access/find-key.ts";
import { jobKeys } from "../api/access/job-credentials.ts";
import { KeyRing } from "../api/access/key-ring.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobCredentials } from "../ports/credentials.ts";
import type { JobTable } from "../ports/store.ts";
import { accessKeyTable } from "../store/access-keys.ts";
import type { Database } from "../store/database.ts";
import { SealBroken } from "../store/sealing.ts";
import { ownerSecret } from "./owner.ts";
import { openSecrets, type Secrets } from "./secrets.ts";
import { StartError } from "./start-error.ts";

/** The account of everybody who names no other: the conventional one of examples and emulators. */
export const DEFAULT_ACCOUNT = "123456789012";

export interface Access {
  readonly ring: KeyRing;
  readonly admission: Admission;
  readonly jobCredentials: JobCredentials;
}

/** Who may call. The database's schema is up to date. */
export async function openAccess(options: {
  readonly database: Database;
  readonly dataDir: string;
  readonly jobs: JobTable;
  readonly clock: Clock;
  readonly isOpen: boolean;
}): Promise<Access> {
  const { database, dataDir, jobs, clock, isOpen } = options;
  const secrets = openSecrets(dataDir);
  const ring = await openKeyRing(database, secrets, clock);
  const forJobs = jobKeys(secrets.jobs);
  const owner = { account: DEFAULT_ACCOUNT, secretAccessKey: ownerSecret(secrets) };
  const findKey = keyFinder({ ring, jobKeys: forJobs, jobs, owner, isOpen });
  const admission = createAdmission({ findKey, clock, isOpen, defaultAccount: DEFAULT_ACCOUNT });
  return { ring, admission, jobCredentials: forJobs };
}

export async function openKeyRing(database: Database, secrets: Secrets, clock: Pick<Clock, "now">): Promise<KeyRing> {
  try {
    return await KeyRing.load(accessKeyTable(database, secrets.sealing), clock);
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    const message =
      "The access keys in the data directory cannot be opened with its key file secret.key. Restore the file that belongs to it from a backup.";
    throw new StartError("DATA_DIR_DAMAGED", message);
  }
}
