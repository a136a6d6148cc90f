/**
 * Which of several servers leads. All of them use one store and answer the API; the leader alone commits what the scheduler decides and speaks to drivers
 * and provisioners.
 */
export interface Lease {
  /** So long a lead lasts when it is not renewed, ms, counted by the store's own clock. Infinity where there can be one server only. */
  readonly durationMs: number;
  /** Who leads now. */
  look(): Promise<Standing>;
  /** Takes the lead if nobody else has it, with an epoch higher than all before: what leaders of those commit is refused. Undefined when somebody has. */
  take(): Promise<number | undefined>;
  /** From now on it lasts `durationMs` again. False, and nothing done, when another server has led since. */
  renew(epoch: number): Promise<boolean>;
  /** Gives it back: another server may lead at once. */
  release(epoch: number): Promise<void>;
  /** Calls `listener` when somebody else may lead, or nobody, sooner than the last look has said. */
  watch(listener: () => void): void;
}

export type Standing =
  /** Nobody leads. */
  | { readonly kind: "free" }
  /** Unless it renews, for so long. */
  | { readonly kind: "held"; readonly leader: Leader; readonly expiresInMs: number };

export interface Leader {
  /** Of the server. */
  readonly id: string;
  /** Where other servers reach it. */
  readonly url: string;
  readonly epoch: number;
}

/** One server's lead, from its beginning to its end. */
export interface Term {
  readonly epoch: number;
  /**
   * Resolves when this server leads at this very moment, whatever has kept it from running meanwhile; renews the lease for that if need be. Rejects with
   * StaleEpoch when it does not lead any more, or cannot know. Whoever starts, stops or forgets something waits for it first, with nothing to wait for
   * in between.
   */
  confirm(): Promise<void>;
  /** The same, for what cannot wait: false also when it does not know at this moment. */
  holds(): boolean;
}

/** Where there is no other server. */
export const ONLY_SERVER: Pick<Term, "confirm" | "holds"> = { confirm: () => Promise.resolve(), holds: () => true };

/** Acts if this server leads. If it does not, what is left undone is the next leader's, who finds it. */
export async function asLeader(term: Pick<Term, "confirm">, act: () => void): Promise<void> {
  try {
    await term.confirm();
  } catch {
    return;
  }
  act();
}

/** What a server is to the others. */
export type Role =
  | { readonly kind: "leads" }
  | { readonly kind: "follows"; readonly leader: Leader }
  /** Nobody leads, as far as it knows, or it is about to lead itself. */
  | { readonly kind: "waits" };

/** This server among the others. */
export interface Leadership {
  readonly role: Role;
  /** Calls `listener` each time that the role has become another one. Returns how to stop that. */
  watch(listener: () => void): () => void;
}
