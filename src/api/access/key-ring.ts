import { randomBytes } from "node:crypto";
import type { AccessKeyRecord, AccessKeyTable, StoredKey } from "../../ports/access-keys.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Caller } from "../wire/operations.ts";
import { base32, userCaller } from "./callers.ts";
import { CredentialFault } from "./credential-fault.ts";
import type { Policy } from "./policy.ts";
import { parsePolicy } from "./policy.ts";

/** A key that requests are verified with. */
export interface KnownKey {
  readonly secretAccessKey: string;
  readonly caller: Caller;
  /** Without one, everything in the caller's account is allowed. */
  readonly policy: Policy | undefined;
}

export interface KeyRequest {
  /** Twelve digits. */
  readonly account: string;
  readonly user: string;
  /** The text of an IAM policy document. */
  readonly policy?: string;
}

/** The only moment in which a secret is told. */
export type NewKey = AccessKeyRecord & { readonly secretAccessKey: string };

/** Revoked ones count: they must stay known, so that an open server does not take them for unknown ones. */
const MAX_KEYS = 10_000;
const ACCOUNT = /^\d{12}$/;
const USER = /^[\w+=,.@-]{1,64}$/;
/** Ours begin with their own letters, so that nobody takes them for AWS's. */
const PREFIX = "LSAK";
const ID_CHARACTERS = 16;
/** Forty characters of base64. */
const SECRET_BYTES = 30;

/** The access keys of this server: all in memory, because each request asks for one, and the same in the store. */
export class KeyRing {
  readonly #table: AccessKeyTable;
  readonly #clock: Pick<Clock, "now">;
  readonly #records = new Map<string, AccessKeyRecord>();
  readonly #active = new Map<string, KnownKey>();

  static async load(table: AccessKeyTable, clock: Pick<Clock, "now">): Promise<KeyRing> {
    const ring = new KeyRing(table, clock);
    await ring.reload();
    return ring;
  }

  private constructor(table: AccessKeyTable, clock: Pick<Clock, "now">) {
    this.#table = table;
    this.#clock = clock;
  }

  /** Takes over what others have written. No key is ever removed, and none that was revoked comes back. */
  async reload(): Promise<void> {
    for (const { secretAccessKey, ...record } of await this.#table.all()) {
      if (record.revokedAt !== undefined) this.#active.delete(record.accessKeyId);
      if (!this.isRevoked(record.accessKeyId)) this.#keep(record, secretAccessKey);
    }
  }

  find(accessKeyId: string): KnownKey | undefined {
    return this.#active.get(accessKeyId);
  }

  isRevoked(accessKeyId: string): boolean {
    return this.#records.get(accessKeyId)?.revokedAt !== undefined;
  }

  /** Whether there is a key that requests can be signed with. */
  get isUsable(): boolean {
    return this.#active.size > 0;
  }

  /** In order of creation. */
  list(): readonly AccessKeyRecord[] {
    return [...this.#records.values()];
  }

  /** @throws CredentialFault */
  async create({ account, user, policy }: KeyRequest): Promise<NewKey> {
    if (!ACCOUNT.test(account)) throw new CredentialFault("The account must be 12 digits.");
    if (!USER.test(user)) {
      throw new CredentialFault("The user name must be 1 to 64 letters, digits and characters of _+=,.@-");
    }
    if (policy !== undefined) parsePolicy(policy);
    if (this.#records.size >= MAX_KEYS) throw new CredentialFault(`There can be at most ${MAX_KEYS} access keys.`);
    const accessKeyId = PREFIX + base32(randomBytes(ID_CHARACTERS));
    const createdAt = this.#clock.now();
    const record = { accessKeyId, account, user, ...(policy !== undefined && { policy }), createdAt };
    const secretAccessKey = randomBytes(SECRET_BYTES).toString("base64");
    await this.#table.insert(record, secretAccessKey);
    this.#keep(record, secretAccessKey);
    return { ...record, secretAccessKey };
  }

  /** Refused from now on. @throws CredentialFault when there is no such key. */
  async revoke(accessKeyId: string): Promise<AccessKeyRecord> {
    const record = this.#records.get(accessKeyId);
    if (record === undefined) throw new CredentialFault(`There is no access key ${accessKeyId.slice(0, 128)}.`);
    if (record.revokedAt !== undefined) return record;
    const revoked = { ...record, revokedAt: this.#clock.now() };
    this.#active.delete(accessKeyId);
    this.#records.set(accessKeyId, revoked);
    await this.#table.revoke(accessKeyId, revoked.revokedAt);
    return revoked;
  }

  #keep(record: AccessKeyRecord, secretAccessKey: StoredKey["secretAccessKey"]): void {
    const { accessKeyId, account, user, policy } = record;
    this.#records.set(accessKeyId, record);
    if (secretAccessKey === undefined) return;
    this.#active.set(accessKeyId, {
      secretAccessKey,
      caller: userCaller(account, user, accessKeyId),
      policy: policy === undefined ? undefined : parsePolicy(policy),
    });
  }
}
