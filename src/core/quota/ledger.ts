import { instanceKey } from "../holdings.ts";
import type { InstanceNeed } from "../job.ts";
import type { Environment, QuotaShare } from "../resources.ts";
import { endingKey, shareKey } from "./holdings.ts";
import { borrowLimit, lends, ownLimit } from "./limits.ts";

export type Needs = readonly InstanceNeed[];

/** How much is held under a key of holdings. */
export type InUse = (key: string) => number;

/** What some attempts hold of their quota shares, by `shareKey`. */
export type Freed = ReadonlyMap<string, number>;

/**
 * What the quota shares of one queue use, lend and borrow of a service environment (reference 3.9). Two views of it: now, and (with `freed`) later, when
 * all that was told to end has ended, that which is freed too, and every claim has been served.
 *
 * A claim is a placement in what is about to be free: capacity that jobs were told to give back goes to whom they were stopped for.
 */
export class QuotaLedger {
  readonly shares: readonly QuotaShare[];
  readonly #environment: Environment;
  readonly #inUse: InUse;
  /** By `shareKey`. */
  readonly #claims = new Map<string, number>();

  constructor(shares: readonly QuotaShare[], environment: Environment, inUse: InUse) {
    this.shares = shares;
    this.#environment = environment;
    this.#inUse = inUse;
  }

  claim({ arn }: QuotaShare, needs: Needs): void {
    for (const { type, count } of needs) {
      const key = shareKey(arn, type);
      this.#claims.set(key, this.#claimed(arn, type) + count);
    }
  }

  used({ arn }: QuotaShare, type: string, freed?: Freed): number {
    const used = this.#inUse(shareKey(arn, type));
    if (freed === undefined) return used;
    const leaving = this.#inUse(endingKey(arn, type)) + (freed.get(shareKey(arn, type)) ?? 0);
    return used - leaving + this.#claimed(arn, type);
  }

  /** Whether a share that uses so much more stays within its own limits. */
  isWithinOwn(share: QuotaShare, needs: Needs, freed?: Freed): boolean {
    return needs.every(({ type, count }) => this.used(share, type, freed) + count <= ownLimit(share, type));
  }

  /** Whether a share may go beyond its own limits as far as it has to: it may borrow so much, and others have so much to lend. */
  mayBorrow(share: QuotaShare, needs: Needs, freed?: Freed): boolean {
    return needs.every(({ type, count }) => {
      const beyond = this.used(share, type, freed) + count - ownLimit(share, type);
      if (beyond <= 0) return true;
      return beyond <= borrowLimit(share, type) && beyond <= this.lendable(share, type, freed);
    });
  }

  /**
   * Whether the environment has the instances. Those that RESERVE shares keep for themselves do not count, unless that is to be overlooked: where shares
   * have more than the environment, somebody has to begin.
   */
  hasRoom(share: QuotaShare, needs: Needs, { freed, keepsReserves }: { freed?: Freed; keepsReserves: boolean }) {
    return needs.every(({ type, count }) => {
      const kept = keepsReserves ? this.#reservedFor(share, type, freed) : 0;
      return count <= this.#free(type, freed) - kept;
    });
  }

  /** What all shares but this one use beyond their own limits. */
  borrowedByOthers(share: QuotaShare, type: string, freed?: Freed): number {
    return this.#sumOfOthers(share, (other) => Math.max(0, this.#expected(other, type, freed) - ownLimit(other, type)));
  }

  /** What the others have to lend to this share in all, what it borrows already among it: what is idle there and not lent to anybody else. */
  lendable(share: QuotaShare, type: string, freed?: Freed): number {
    const idle = this.#sumOfOthers(share, (other) => (lends(other) ? this.#idle(other, type, freed) : 0));
    return idle - this.borrowedByOthers(share, type, freed);
  }

  /** How much of its own a share uses, of the type of which it uses most: from 0, in millionths. */
  useOfOwn(share: QuotaShare): number {
    const parts = [...share.limits].map(([type, limit]) => Math.floor((this.used(share, type) * 1_000_000) / limit));
    return Math.max(0, ...parts);
  }

  #claimed(arn: string, type: string): number {
    return this.#claims.get(shareKey(arn, type)) ?? 0;
  }

  /** What a share uses, or is about to use. */
  #expected(share: QuotaShare, type: string, freed?: Freed): number {
    return Math.max(this.used(share, type, freed), this.used(share, type, freed ?? NOTHING));
  }

  /** What a share does not use of its own, and has not claimed back. */
  #idle(share: QuotaShare, type: string, freed?: Freed): number {
    const claimed = freed === undefined ? this.#claimed(share.arn, type) : 0;
    return Math.max(0, ownLimit(share, type) - this.used(share, type, freed) - claimed);
  }

  #reservedFor(share: QuotaShare, type: string, freed?: Freed): number {
    return this.#sumOfOthers(share, (other) => (lends(other) ? 0 : this.#idle(other, type, freed)));
  }

  /** Now: of what is free, so much is promised to claims as is not about to come for them. */
  #free(type: string, freed?: Freed): number {
    const total = this.#environment.maxInstances?.get(type) ?? 0;
    const free = total - this.#inUse(instanceKey(this.#environment.arn, type));
    const sum = (of: (share: QuotaShare) => number): number =>
      this.shares.reduce((before, share) => before + of(share), 0);
    const claimed = sum(({ arn }) => this.#claimed(arn, type));
    const ending = sum(({ arn }) => this.#inUse(endingKey(arn, type)));
    if (freed === undefined) return free - Math.max(0, claimed - ending);
    return free + ending + sum(({ arn }) => freed.get(shareKey(arn, type)) ?? 0) - claimed;
  }

  #sumOfOthers(share: QuotaShare, of: (other: QuotaShare) => number): number {
    return this.shares.reduce((sum, other) => (other.arn === share.arn ? sum : sum + of(other)), 0);
  }
}

const NOTHING: Freed = new Map();
