/** The access keys that the server knows. Their secrets are kept so that nobody reads them out of the store alone. */
export interface AccessKeyTable {
  /** All that there ever were, in order of creation. */
  all(): Promise<StoredKey[]>;
  insert(key: AccessKeyRecord, secretAccessKey: string): Promise<void>;
  /** Forgets the secret and keeps the record. False, and nothing done, when there is no such key or it is revoked. */
  revoke(accessKeyId: string, now: number): Promise<boolean>;
}

export interface AccessKeyRecord {
  readonly accessKeyId: string;
  /** Twelve digits. */
  readonly account: string;
  readonly user: string;
  /** The text of an IAM policy document; without one, the key may do everything in its account. */
  readonly policy?: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly revokedAt?: number;
}

export interface StoredKey extends AccessKeyRecord {
  /** Undefined once the key is revoked. */
  readonly secretAccessKey?: string;
}
