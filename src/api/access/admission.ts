import type { Socket } from "node:net";
import type { Clock } from "../../ports/clock.ts";
import type { ClaimedCredential } from "../wire/credential.ts";
import { claimedCredential } from "../wire/credential.ts";
import type { Call } from "../wire/operations.ts";
import type { Seal, SealedRequest, Voucher } from "../servers/seal.ts";
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
import { OWNER_KEY_ID } from "./owner.ts";
import { allowsByName } from "./policy.ts";
import { CONSOLE_CLAIM } from "./sessions.ts";
import { SigningKeys } from "./signing-keys.ts";

export interface AdmissionRequest extends SignedRequest {
  /** Where the request came in, and from where. */
  readonly socket: Pick<Socket, "localAddress" | "remoteAddress">;
  /** Of a job that proved in the request's path who it is: whatever the request is signed with is for others. */
  readonly provenKeyId?: string;
}

/** What is served here, by the name that stands in a signature's scope. `longshore` is the server's own administration. */
export type ServiceName = "batch" | "logs" | "sts" | "ecs" | "ec2" | "longshore";

/** What a request may count on. Without a region in its signature, the server's default is meant. */
export type Admitted = Pick<Call, "account" | "caller" | "denial"> & {
  readonly region: string | undefined;
  /** Whether the caller may do what concerns every account: the owner, anybody on an open server, and whose policy allows the action by its name. */
  readonly mayForAll: (action: string) => boolean;
};

/** Finds out who calls. `greet` and `admit` reject with an ApiError when the request must not be served. */
export interface Admission {
  /** Whose account the request says that it is of, before anything is verified: what it costs is counted there. `""`: of nobody who is known. */
  accountOf(request: Omit<AdmissionRequest, "body">): string | Promise<string>;
  /** Asked before a body is read: strangers' are not, where only known keys are served. */
  greet(request: Omit<AdmissionRequest, "body">): Promise<void>;
  /** Asked once the body is there. */
  admit(request: AdmissionRequest, service: ServiceName): Promise<Admitted>;
  /**
   * The same for a request that was admitted before, as things are now: whether its key is known still, and what that may do. What proved who sends it
   * is not looked at again.
   */
  readmit(request: Omit<AdmissionRequest, "body">): Promise<Admitted>;
  /** Whether another server of the store has forwarded it. Throws an ApiError when it only says so. */
  isForwarded(request: SealedRequest): boolean;
  /** What another server is told of who sent a request that was admitted here. */
  vouch(request: AdmissionRequest): Promise<Voucher>;
}

export interface AdmissionOptions {
  /** The key of that id; throws or rejects with an ApiError when it was known and may not be used (any more). */
  readonly findKey: (accessKeyId: string, request: KeyContext) => KnownKey | undefined | Promise<KnownKey | undefined>;
  readonly clock: Clock;
  /** Whether requests without a known key are served, where they come in on a loopback address. */
  readonly isOpen: boolean;
  /** Of requests that other servers of the store have admitted. Absent where there are none. */
  readonly seal?: Pick<Seal, "open"> | undefined;
  /** Reads the known keys again: the server that has admitted a request may know of one that was made just now. */
  readonly rereadKeys?: () => Promise<void>;
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
  const provenKey = async (request: Omit<AdmissionRequest, "body">, keyId: string): Promise<KnownKey> => {
    const key = await options.findKey(keyId, { isFromHere: isFromHere(request) });
    if (key === undefined) throw unrecognizedClient();
    return key;
  };
  const accounts = new AccountsOfJobs();
  const accountOf = (request: Omit<AdmissionRequest, "body">): string | Promise<string> => {
    const voucher = options.seal?.open(request);
    const accessKeyId = voucher?.keyId ?? request.provenKeyId ?? claimOf(request)?.accessKeyId;
    const unknown = isOpenTo(request) ? accountNamedBy(accessKeyId, options.defaultAccount) : NOBODY;
    if (accessKeyId === undefined) return unknown;
    try {
      const known = accounts.get(accessKeyId) ?? options.findKey(accessKeyId, { isFromHere: isFromHere(request) });
      if (known === undefined || typeof known === "string") return known ?? unknown;
      if (!(known instanceof Promise)) return known.caller.account;
      return known.then(
        (key) => (key === undefined ? unknown : accounts.set(accessKeyId, key.caller.account)),
        () => NOBODY,
      );
    } catch {
      return NOBODY;
    }
  };
  const admitForwarded = async ({ keyId, accessKeyId, region, isFromHere }: Voucher): Promise<Admitted> => {
    if (keyId === undefined) {
      if (!options.isOpen) throw missingAuthenticationToken();
      return anyone(accessKeyId, region, options.defaultAccount);
    }
    let key = await options.findKey(keyId, { isFromHere });
    if (key === undefined) {
      await options.rereadKeys?.();
      key = await options.findKey(keyId, { isFromHere });
    }
    if (key === undefined) throw unrecognizedClient();
    return admittedAs(key, region);
  };
  return {
    accountOf,
    isForwarded: (request) => options.seal?.open(request) !== undefined,
    async vouch(request) {
      const claimed = claimOf(request);
      const isHere = isFromHere(request);
      const region = claimed?.region;
      const about = { isFromHere: isHere, ...(region !== undefined && { region }) };
      if (request.provenKeyId !== undefined) return { keyId: request.provenKeyId, ...about };
      if (claimed === undefined) return about;
      const isKnown = (await options.findKey(claimed.accessKeyId, { isFromHere: isHere })) !== undefined;
      return { [isKnown ? "keyId" : "accessKeyId"]: claimed.accessKeyId, ...about };
    },
    async greet(request) {
      if (options.seal?.open(request) !== undefined) return;
      if (request.provenKeyId !== undefined) await provenKey(request, request.provenKeyId);
      else if (!isOpenTo(request)) await findKey(request, claimOf(request));
    },
    async admit(request, service) {
      const voucher = options.seal?.open(request, { bytes: request.body });
      if (voucher !== undefined) return admitForwarded(voucher);
      const claimed = claimOf(request);
      if (request.provenKeyId !== undefined)
        return admittedAs(await provenKey(request, request.provenKeyId), claimed?.region);
      const key = await findKey(request, claimed);
      if (key === undefined) return anyone(claimed?.accessKeyId, claimed?.region, options.defaultAccount);
      verifyFor(request, service, key, signingKeys, options.clock.now());
      return admittedAs(key, claimed?.region);
    },
    async readmit(request) {
      const claimed = claimOf(request);
      const { provenKeyId } = request;
      const key = await (provenKeyId === undefined ? findKey(request, claimed) : provenKey(request, provenKeyId));
      if (key === undefined) return anyone(claimed?.accessKeyId, claimed?.region, options.defaultAccount);
      return admittedAs(key, claimed?.region);
    },
  };
}

function admittedAs({ caller, policy }: KnownKey, region: string | undefined): Admitted {
  const isOwner = caller.accessKeyId === OWNER_KEY_ID;
  const mayForAll = (action: string): boolean => isOwner || (policy !== undefined && allowsByName(policy, action));
  return { account: caller.account, region, caller, denial: denialBy(policy, caller), mayForAll };
}

function claimOf({ headers, search }: Omit<SignedRequest, "body">): ClaimedCredential | undefined {
  return claimedCredential(headers.authorization, search);
}

/** Who may not be served is counted together. */
const NOBODY = "";

function accountNamedBy(accessKeyId: string | undefined, defaultAccount: string): string {
  return accessKeyId !== undefined && ACCOUNT.test(accessKeyId) ? accessKeyId : defaultAccount;
}

const MAX_REMEMBERED = 10_000;

/** The accounts of jobs that have called: they never change, and the store need not be asked each time. */
class AccountsOfJobs {
  readonly #byKey = new Map<string, string>();

  get(accessKeyId: string): string | undefined {
    return this.#byKey.get(accessKeyId);
  }

  set(accessKeyId: string, account: string): string {
    if (this.#byKey.size >= MAX_REMEMBERED) this.#byKey.clear();
    this.#byKey.set(accessKeyId, account);
    return account;
  }
}

function anyone(accessKeyId: string | undefined, region: string | undefined, defaultAccount: string): Admitted {
  const account = accountNamedBy(accessKeyId, defaultAccount);
  const caller = { ...rootCaller(account), ...(accessKeyId !== undefined && { accessKeyId }) };
  return { account, region, caller, denial: everythingAllowed, mayForAll: () => true };
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
  // It has no session (any more), and never has a signature.
  if (claimOf(request)?.accessKeyId === CONSOLE_CLAIM) return unrecognizedClient();
  readSignature(request);
  return unrecognizedClient();
}

export function isFromHere({ socket: { remoteAddress, localAddress } }: Pick<AdmissionRequest, "socket">): boolean {
  return remoteAddress !== undefined && (isLoopbackAddress(remoteAddress) || remoteAddress === localAddress);
}

function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(address);
}
