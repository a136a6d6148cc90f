import type { Socket } from "node:net";
import type { Clock } from "../../ports/clock.ts";
import type { ClaimedCredential } from "../wire/credential.ts";
import { claimedCredential } from "../wire/credential.ts";
import type { Call } from "../wire/operations.ts";
import type { SignedRequest } from "../wire/signature.ts";
import { readSignature } from "../wire/signature.ts";
import {
  incompleteSignature,
  invalidSignature,
  missingAuthenticationToken,
  unrecognizedClient,
} from "../wire/signature-errors.ts";
import { checkTime, verify } from "../wire/verify.ts";
import { rootCaller } from "./callers.ts";
import { denialBy, everythingAllowed } from "./denial.ts";
import type { KnownKey } from "./key-ring.ts";
import { SigningKeys } from "./signing-keys.ts";

export interface AdmissionRequest extends SignedRequest {
  /** Where the request came in, and from where. */
  readonly socket: Pick<Socket, "localAddress" | "remoteAddress">;
}

/** What is served here, by the name that stands in a signature's scope. `longshore` is the server's own administration. */
export type ServiceName = "batch" | "logs" | "sts" | "ecs" | "ec2" | "longshore";

/** What a request may count on. Without a region in its signature, the server's default is meant. */
export type Admitted = Pick<Call, "account" | "caller" | "denial"> & { readonly region: string | undefined };

/** Finds out who calls. Both reject with an ApiError when the request must not be served. */
export interface Admission {
  /** Asked before a body is read: strangers' are not, where only known keys are served. */
  greet(request: Omit<AdmissionRequest, "body">): Promise<void>;
  /** Asked once the body is there. */
  admit(request: AdmissionRequest, service: ServiceName): Promise<Admitted>;
}

export interface AdmissionOptions {
  /** The key of that id; throws or rejects with an ApiError when it was known and may not be used (any more). */
  readonly findKey: (accessKeyId: string, request: KeyContext) => KnownKey | undefined | Promise<KnownKey | undefined>;
  readonly clock: Clock;
  /** Whether requests without a known key are served, where they come in on a loopback address. */
  readonly isOpen: boolean;
  /** The account of callers whose access key names none. */
  readonly defaultAccount: string;
}

export interface KeyContext {
  /** Whether the client runs on this machine. */
  readonly isFromHere: boolean;
}

/** Emulators' convention: an unknown access key of twelve digits names the account. */
const ACCOUNT = /^\d{12}$/;

/** A known key is verified wherever it comes in; an unknown one, or none, is all that an open server asks for. */
export function createAdmission(options: AdmissionOptions): Admission {
  const signingKeys = new SigningKeys();
  const isOpenTo = ({ socket }: Pick<AdmissionRequest, "socket">): boolean =>
    options.isOpen && isLoopbackAddress(socket.localAddress);
  const findKey = async (request: Omit<AdmissionRequest, "body">, claimed: ClaimedCredential | undefined) => {
    const key = claimed && (await options.findKey(claimed.accessKeyId, { isFromHere: isFromHere(request) }));
    if (key === undefined && !isOpenTo(request)) throw refusalOf(request);
    return key;
  };
  return {
    async greet(request) {
      if (!isOpenTo(request)) await findKey(request, claimOf(request));
    },
    async admit(request, service) {
      const claimed = claimOf(request);
      const key = await findKey(request, claimed);
      if (key === undefined) return anyone(claimed?.accessKeyId, claimed?.region, options.defaultAccount);
      verifyFor(request, service, key, signingKeys, options.clock.now());
      const { caller } = key;
      return { account: caller.account, region: claimed?.region, caller, denial: denialBy(key.policy, caller) };
    },
  };
}

function claimOf({ headers, search }: Omit<SignedRequest, "body">): ClaimedCredential | undefined {
  return claimedCredential(headers.authorization, search);
}

function anyone(accessKeyId: string | undefined, region: string | undefined, defaultAccount: string): Admitted {
  const account = accessKeyId !== undefined && ACCOUNT.test(accessKeyId) ? accessKeyId : defaultAccount;
  const caller = { ...rootCaller(account), ...(accessKeyId !== undefined && { accessKeyId }) };
  return { account, region, caller, denial: everythingAllowed };
}

function verifyFor(
  request: SignedRequest,
  service: ServiceName,
  { secretAccessKey, caller }: KnownKey,
  signingKeys: SigningKeys,
  now: number,
): void {
  const signature = readSignature(request);
  // What was claimed and found must be what the whole signature says.
  if (signature.accessKeyId !== caller.accessKeyId) throw incompleteSignature("The credential is not clear.");
  if (carriesToken(request)) throw unrecognizedClient();
  checkTime(signature, now);
  if (signature.service !== service) {
    throw invalidSignature(`Credential should be scoped to correct service: '${service}'.`);
  }
  if (claimOf(request)?.region !== signature.region) {
    throw invalidSignature("Credential should be scoped to a valid region.");
  }
  verify(request, signature, signingKeys.get(secretAccessKey, signature));
}

/** No key that is known here comes with a session token. */
function carriesToken({ headers, search }: SignedRequest): boolean {
  return headers["x-amz-security-token"] !== undefined || new URLSearchParams(search).has("X-Amz-Security-Token");
}

function refusalOf(request: Omit<SignedRequest, "body">): Error {
  const isSigned = request.headers.authorization !== undefined || request.search.includes("X-Amz-");
  if (!isSigned) return missingAuthenticationToken();
  readSignature(request);
  return unrecognizedClient();
}

function isFromHere({ socket: { remoteAddress, localAddress } }: Pick<AdmissionRequest, "socket">): boolean {
  return remoteAddress !== undefined && (isLoopbackAddress(remoteAddress) || remoteAddress === localAddress);
}

function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(address);
}
