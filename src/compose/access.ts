import type { Admission } from "../api/access/admission.ts";
import { createAdmission } from "../api/access/admission.ts";
import { keyFinder } from "../api/access/find-key.ts";
import type { Seal } from "../api/servers/seal.ts";
import type { JobKeys } from "../api/access/job-credentials.ts";
import { jobKeys } from "../api/access/job-credentials.ts";
import { KeyRing } from "../api/access/key-ring.ts";
import type { SessionTimes } from "../api/access/sessions.ts";
import { Sessions } from "../api/access/sessions.ts";
import type { AdmissionOptions } from "../api/access/admission.ts";
import { rateLimited } from "../api/load/rate-limited.ts";
import type { Clock } from "../ports/clock.ts";
import type { JobTable } from "../ports/store.ts";
import { accessKeyTable } from "../store/access-keys.ts";
import type { Database } from "../store/database.ts";
import { endedSessionTable } from "../store/ended-sessions.ts";
import { SealBroken } from "../store/sealing.ts";
import { ownerSecret } from "./owner.ts";
import { openSecrets, type Secrets } from "./secrets.ts";
import { StartError } from "./start-error.ts";

/** The account of everybody who names no other: the conventional one of examples and emulators. */
export const DEFAULT_ACCOUNT = "123456789012";

export interface Access {
  readonly ring: KeyRing;
  readonly admission: Admission;
  readonly jobKeys: JobKeys;
  readonly keyFingerprint: string;
  /** The key of an access key id, of whatever kind. */
  readonly findKey: AdmissionOptions["findKey"];
  /** Of people who sign in at the console; undefined where nobody needs to. */
  readonly sessions: Sessions | undefined;
}

/** Who may call. The database's schema is up to date. */
export async function openAccess(options: {
  readonly database: Database;
  readonly dataDir: string;
  readonly jobs: JobTable;
  readonly clock: Clock;
  readonly isOpen: boolean;
  /** Of each account; undefined: any number. */
  readonly requestsPerSecond: number | undefined;
  readonly sessionTimes: SessionTimes;
  /** Of requests that other servers forward; undefined where there are none. */
  readonly seal: Seal | undefined;
  onError(what: string, error: unknown): void;
}): Promise<Access> {
  const { database, dataDir, jobs, clock, isOpen, requestsPerSecond, seal, sessionTimes: times } = options;
  const secrets = openSecrets(dataDir);
  const ring = await openKeyRing(database, secrets, clock);
  const ended = endedSessionTable(database);
  const sessions = isOpen ? undefined : new Sessions({ key: secrets.sessions, clock, times, ended });
  await sessions?.reload();
  hearOfKeys(() => Promise.all([ring.reload(), sessions?.reload()]), options);
  const forJobs = jobKeys(secrets.jobs);
  const owner = { account: DEFAULT_ACCOUNT, secretAccessKey: ownerSecret(secrets) };
  const findKey = keyFinder({ ring, jobKeys: forJobs, jobs, owner, isOpen });
  const admission = createAdmission({
    ...{ findKey, clock, isOpen, seal, rereadKeys: () => ring.reload() },
    defaultAccount: DEFAULT_ACCOUNT,
  });
  return {
    ring,
    admission: rateLimited(admission, requestsPerSecond, clock),
    jobKeys: forJobs,
    keyFingerprint: secrets.fingerprint,
    ...{ findKey, sessions },
  };
}

const RETRY_MS = 500;

/** Keys that are made and revoked, and sessions that are ended, through other servers count here too. */
function hearOfKeys(
  reload: () => Promise<unknown>,
  { database, clock, onError }: { database: Database; clock: Clock; onError(what: string, error: unknown): void },
): void {
  const read = (): void => {
    reload().catch((error: unknown) => {
      onError("the access keys could not be read again", error);
      clock.after(RETRY_MS, read);
    });
  };
  database.signals?.listen((news) => {
    if (news === "keys" || news === "reconnected") read();
  });
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
