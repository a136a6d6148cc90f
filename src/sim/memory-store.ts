import type { Change, Fact } from "../core/changes.ts";
import type { Job } from "../core/job.ts";
import type { Launch, SchedulingStore } from "../ports/store.ts";

export interface MemoryStoreOptions {
  /** Compute environments, queues and all else that there is from the start. */
  readonly resources: readonly Fact[];
  /** What an open job runs. */
  launchOf(jobId: string): Launch;
  /** Told of all that was committed. */
  onCommit(changes: readonly Change[]): void;
}

/**
 * What the engine reads and writes, in memory and of one simulation: there is one leader, nothing fails, and the engine reads the world once. So
 * nothing is kept of a job but what is still to be read of it.
 */
export class MemoryStore implements SchedulingStore {
  readonly #options: MemoryStoreOptions;
  #news: Job[] = [];
  /** How many of the news have been read. */
  #read = 0;

  constructor(options: MemoryStoreOptions) {
    this.#options = options;
  }

  /** Jobs come in order of `seq`. */
  submit(job: Job): void {
    this.#news.push(job);
  }

  async lead(): Promise<number> {
    return 1;
  }

  async load(): Promise<Fact[]> {
    return [...this.#options.resources];
  }

  async resources(): Promise<Fact[]> {
    return [...this.#options.resources];
  }

  async news(afterSeq: number, limit: number): ReturnType<SchedulingStore["news"]> {
    const jobs = this.#news.slice(this.#read, this.#read + limit);
    this.#read += jobs.length;
    const isPartial = this.#read < this.#news.length;
    if (!isPartial) {
      this.#news = [];
      this.#read = 0;
    }
    return { jobs, stops: [], lastSeq: jobs.at(-1)?.seq ?? afterSeq, isPartial };
  }

  /** Nobody changes one. */
  async priorities(): ReturnType<SchedulingStore["priorities"]> {
    return [];
  }

  async shareUses(): ReturnType<SchedulingStore["shareUses"]> {
    return [];
  }

  /** No job of a workload depends on another one. */
  async outcomes(jobIds: readonly string[]): ReturnType<SchedulingStore["outcomes"]> {
    return new Map(jobIds.map((jobId) => [jobId, { succeeded: false }]));
  }

  async launches(jobs: readonly Pick<Job, "id" | "parent">[]): Promise<Map<string, Launch>> {
    return new Map(
      jobs.map(({ id, parent }) => {
        const ownerId = parent?.id ?? id;
        return [ownerId, this.#options.launchOf(ownerId)];
      }),
    );
  }

  async hasAttemptsOn(): Promise<boolean> {
    return false;
  }

  async commit(_epoch: number, changes: readonly Change[]): Promise<void> {
    this.#options.onCommit(changes);
  }
}
