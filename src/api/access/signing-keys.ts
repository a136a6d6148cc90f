import type { KeyObject } from "node:crypto";
import type { Signature } from "../wire/signature.ts";
import { deriveSigningKey } from "../wire/verify.ts";

/** Bounds the memory: a client uses one a day, region and service. */
const MAX_KEYS = 1_000;

/** Derived signing keys: making one costs more than using it. */
export class SigningKeys {
  readonly #keys = new Map<string, KeyObject>();

  get(secretAccessKey: string, signature: Signature): KeyObject {
    const { accessKeyId, date, region, service } = signature;
    const name = `${accessKeyId}/${date}/${region}/${service}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
    const key = deriveSigningKey(secretAccessKey, signature);
    this.#keys.set(name, key);
    return key;
  }
}
