import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { TEXTS } from "../texts.ts";

/** An account may have three times as many jobs as may still come: alone it gets three quarters of all. */
const FACTOR = 3;
/** Beyond it jobs may still end and be stopped, which takes some memory, too. */
const HEAP_FULL_OF_JOBS = 0.8;
/** Where another server has the jobs, the store is asked for their number, which costs it something. */
const ASK_EVERY_MS = 5_000;

interface RoomParts extends Pick<Backend, "maxJobs" | "heapUsed" | "clock"> {
  readonly scheduler: Pick<Backend["scheduler"], "unfinished">;
  readonly store: { readonly jobs: Pick<Backend["store"]["jobs"], "countUnfinished"> };
}

/** How many jobs that are not over there may be: the scheduler has them all in memory. */
export class JobRoom {
  readonly #backend: RoomParts;
  #asked: { readonly at: number; readonly total: Promise<number> } | undefined;

  constructor(backend: RoomParts) {
    this.#backend = backend;
  }

  /** Rejects with a ClientException when there is no room for one more: it may be long until there is, and clients should not try again by themselves. */
  async check({ account }: Pick<Call, "account">): Promise<void> {
    const { scheduler, maxJobs, heapUsed } = this.#backend;
    if (heapUsed() >= HEAP_FULL_OF_JOBS) throw clientException(TEXTS.heapFullOfJobs);
    const count = scheduler.unfinished(account);
    const total = count?.total ?? (await this.#ask());
    if (total >= maxJobs) throw clientException(TEXTS.tooManyUnfinishedJobs(total));
    if (count !== undefined && count.ofAccount > FACTOR * (maxJobs - total))
      throw clientException(TEXTS.tooManyUnfinishedJobsOfAccount(count.ofAccount, maxJobs));
  }

  #ask(): Promise<number> {
    const { store, clock } = this.#backend;
    const now = clock.now();
    if (this.#asked === undefined || Math.abs(now - this.#asked.at) >= ASK_EVERY_MS)
      this.#asked = { at: now, total: store.jobs.countUnfinished() };
    return this.#asked.total;
  }
}
