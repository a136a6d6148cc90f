import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import type { JobCredentials } from "../../ports/credentials.ts";

/** The credentials that jobs call with. An access key id names its job, and the secret follows from it: nothing is stored. */
export interface JobKeys extends JobCredentials {
  /** The job whose access key id this would be, whether there is such a job or not; undefined for any other access key id. */
  jobIdOf(accessKeyId: string): string | undefined;
  secretOf(accessKeyId: string): string;
  /** The access key of the job that a path names; undefined when it names none, or wrongly. `rest`: what follows. */
  callerOf(path: string): PathCaller | undefined;
}

/** Who sends a request, as its path says. */
export interface PathCaller {
  readonly accessKeyId: string;
  /** The path that is asked for. */
  readonly rest: string;
}

/** @param serverSecret who knows it can call as any job. */
export function jobKeys(serverSecret: Buffer): JobKeys {
  const key = createSecretKey(serverSecret);
  const derived = (text: string): string =>
    createHmac("sha256", key).update(text).digest("base64url").slice(0, SECRET_CHARACTERS);
  const secretOf = derived;
  // No access key id has a space in it.
  const proofOf = (accessKeyId: string): string => derived(`path ${accessKeyId}`);
  return {
    jobIdOf,
    secretOf,
    pathOf(jobId) {
      const accessKeyId = accessKeyIdOf(jobId);
      return `/as/${accessKeyId}/${proofOf(accessKeyId)}`;
    },
    callerOf(path) {
      const [, accessKeyId = "", proof = "", rest = ""] = PATH.exec(path) ?? [];
      if (accessKeyId === "" || !isSame(proof, proofOf(accessKeyId))) return undefined;
      return { accessKeyId, rest: rest.startsWith("/") ? rest : `/${rest}` };
    },
    tokenOf: (containerId) => derived(`container ${containerId}`),
    issue(jobId) {
      const accessKeyId = accessKeyIdOf(jobId);
      return { accessKeyId, secretAccessKey: secretOf(accessKeyId) };
    },
  };
}

/** What stands before a job's paths. Some clients leave the path `/` out behind it. */
const PATH = /^\/as\/([A-Z0-9]{1,64})\/([A-Za-z0-9_-]{40})([/?].*)?$/s;

/** In a time that tells nothing. */
export function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** As many as AWS's have. */
const SECRET_CHARACTERS = 40;
const PREFIX = "LSJOB";
const JOB_ID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})(?::(0|[1-9]\d{0,6}))?$/;
const ACCESS_KEY_ID = /^LSJOB([0-9A-F]{8})([0-9A-F]{4})([0-9A-F]{4})([0-9A-F]{4})([0-9A-F]{12})(?:C(0|[1-9]\d{0,6}))?$/;

/** Letters and digits only, as clients expect of access key ids: `C` stands before the index of an array's child. */
function accessKeyIdOf(jobId: string): string {
  const match = JOB_ID.exec(jobId);
  if (match === null) throw new Error(`${jobId} is not the id of a job`);
  const [, a = "", b = "", c = "", d = "", e = "", index] = match;
  const hex = `${a}${b}${c}${d}${e}`.toUpperCase();
  return `${PREFIX}${hex}${index === undefined ? "" : `C${index}`}`;
}

function jobIdOf(accessKeyId: string): string | undefined {
  const match = ACCESS_KEY_ID.exec(accessKeyId);
  if (match === null) return undefined;
  const [, a, b, c, d, e, index] = match;
  const id = [a, b, c, d, e].join("-").toLowerCase();
  return index === undefined ? id : `${id}:${index}`;
}
