import { isTerminal } from "../../core/job.ts";
import type { JobTable } from "../../ports/store.ts";
import { expiredToken, unrecognizedClient } from "../wire/signature-errors.ts";
import type { AdmissionOptions, KeyContext } from "./admission.ts";
import { jobCaller, userCaller } from "./callers.ts";
import type { JobKeys } from "./job-credentials.ts";
import type { KeyRing, KnownKey } from "./key-ring.ts";
import { OWNER_KEY_ID } from "./owner.ts";

export interface KeySources {
  readonly ring: KeyRing;
  readonly jobKeys: JobKeys;
  readonly jobs: Pick<JobTable, "origin">;
  readonly owner: { readonly account: string; readonly secretAccessKey: string };
  /** Whether jobs can be submitted without a known key. */
  readonly isOpen: boolean;
}

/** Every kind of known key: those that were created, the owner's, and those of jobs. */
export function keyFinder({ ring, jobKeys, jobs, owner, isOpen }: KeySources): AdmissionOptions["findKey"] {
  const ownerKey: KnownKey = {
    secretAccessKey: owner.secretAccessKey,
    caller: userCaller(owner.account, "owner", OWNER_KEY_ID),
    policy: undefined,
  };
  const findSubmitter = (id: string): KnownKey | undefined => (id === OWNER_KEY_ID ? ownerKey : ring.find(id));

  const findJobKey = async (accessKeyId: string, jobId: string): Promise<KnownKey> => {
    const origin = await jobs.origin(jobId);
    if (origin === undefined) throw unrecognizedClient();
    if (isTerminal(origin.status)) throw expiredToken();
    const { scope, submittedBy } = origin;
    const submitter = submittedBy === undefined ? undefined : findSubmitter(submittedBy);
    // A job may do what its submitter may do now: nothing, once that key is revoked. Whoever needed none to submit it vouches wherever the job
    // calls from; its own key is needed all the same.
    const isVouchedFor = submittedBy === undefined ? isOpen : submitter !== undefined;
    if (!isVouchedFor) throw unrecognizedClient();
    return {
      secretAccessKey: jobKeys.secretOf(accessKeyId),
      caller: jobCaller(scope.split("/")[0]!, jobId, accessKeyId, submittedBy),
      policy: submitter?.policy,
    };
  };

  return (accessKeyId: string, { isFromHere }: KeyContext) => {
    const key = ring.find(accessKeyId);
    if (key !== undefined) return key;
    if (ring.isRevoked(accessKeyId)) throw unrecognizedClient();
    if (accessKeyId === OWNER_KEY_ID) {
      if (!isFromHere) throw unrecognizedClient();
      return ownerKey;
    }
    const jobId = jobKeys.jobIdOf(accessKeyId);
    return jobId === undefined ? undefined : findJobKey(accessKeyId, jobId);
  };
}
