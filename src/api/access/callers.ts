import { createHash } from "node:crypto";
import type { Caller } from "../wire/operations.ts";

/** What there is of IAM: the names that callers go by. Ids are derived from names, so that they are always the same. */

export function rootCaller(account: string): Caller {
  return { account, arn: `arn:aws:iam::${account}:root`, userId: account };
}

export function userCaller(account: string, user: string, accessKeyId: string): Caller {
  const arn = `arn:aws:iam::${account}:user/${user}`;
  return { account, arn, userId: uniqueId("AIDA", arn), accessKeyId, keyId: accessKeyId };
}

const JOB_ROLE = "longshore-job";

/** A job calls as a session of a role, as it would in AWS. `submittedBy` is the known key that it was submitted with. */
export function jobCaller(account: string, jobId: string, accessKeyId: string, submittedBy?: string): Caller {
  // Names of sessions have no colons.
  const session = jobId.replace(":", ".");
  return {
    account,
    arn: `arn:aws:sts::${account}:assumed-role/${JOB_ROLE}/${session}`,
    userId: `${uniqueId("AROA", `${account} ${JOB_ROLE}`)}:${session}`,
    accessKeyId,
    ...(submittedBy !== undefined && { keyId: submittedBy }),
  };
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_CHARACTERS = 17;

function uniqueId(prefix: string, name: string): string {
  return prefix + base32(createHash("sha256").update(name).digest().subarray(0, ID_CHARACTERS));
}

/** A letter or digit for each byte, from its last five bits. */
export function base32(bytes: Buffer): string {
  return Array.from(bytes, (byte) => BASE32[byte & 31]).join("");
}
