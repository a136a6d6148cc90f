import { accountOf } from "./account.ts";
import type { ArrayProgress } from "./array.ts";
import type { Job } from "./job.ts";
import { StatusCounts } from "./status-counts.ts";

/** Jobs that are not over, by id. It knows how many each account has. */
export class UnfinishedJobs extends Map<string, Job> {
  readonly statuses = new StatusCounts();
  readonly #byAccount = new Map<string, number>();

  countOf(account: string): number {
    return this.#byAccount.get(account) ?? 0;
  }

  /** How many children an array has without a record. Nothing for what is no array. */
  countRest(arrays: ReadonlyMap<string, ArrayProgress>, arrayId: string): void {
    const progress = arrays.get(arrayId);
    if (progress !== undefined) this.statuses.restChanged(this.get(arrayId)!, progress.size - progress.recorded);
  }

  override set(id: string, job: Job): this {
    const before = this.get(id);
    if (before === undefined) this.#count(job, 1);
    this.statuses.changed(before, job);
    return super.set(id, job);
  }

  override delete(id: string): boolean {
    const job = this.get(id);
    if (job !== undefined) {
      this.#count(job, -1);
      this.statuses.removed(job);
    }
    return super.delete(id);
  }

  #count({ queueArn }: Job, by: 1 | -1): void {
    const account = accountOf(queueArn);
    const count = this.countOf(account) + by;
    if (count === 0) this.#byAccount.delete(account);
    else this.#byAccount.set(account, count);
  }
}
