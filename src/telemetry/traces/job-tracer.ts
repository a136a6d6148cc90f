import { parseChildId } from "../../core/ids.ts";
import type { JobState } from "../../core/job.ts";
import { submittedContext } from "../../core/submission/submitted-context.ts";
import { waitingText } from "../../core/explain/waiting-reason.ts";
import { requirementsOf } from "../../core/job.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EngineObserver, TickReport } from "../../ports/observer.ts";
import type { JobRecord, JobTable } from "../../ports/store.ts";
import type { AttemptWatcher, Placed } from "../attempt-watch.ts";
import type { EndedSpan, Notes } from "./job-spans.ts";
import { NO_NOTES, spansOf } from "./job-spans.ts";

const FLUSH_EVERY_MS = 1_000;
const JOBS_AT_ONCE = 100;
/** Ended jobs whose spans are not made yet: of those beyond, there are none. */
const MAX_ENDED = 5_000;
/** Jobs that are remembered while they are not over: of those beyond, spans have what is in their records. */
const MAX_NOTED = 100_000;
const MAX_REASONS = 20;

export interface TracerOptions {
  readonly jobs: Pick<JobTable, "origin" | "find" | "specs">;
  readonly clock: Clock;
  /** Takes spans that are over, and never waits. */
  readonly sink: (span: EndedSpan) => void;
  onError(what: string, error: unknown): void;
}

interface OwnNotes extends Notes {
  runnableSince?: number;
  readonly placedAt: Map<string, number>;
  readonly reasons: { at: number; reason: string }[];
}

interface Ended {
  readonly jobId: string;
  readonly notes: Notes;
  readonly at: number;
}

/** Makes the spans of each job when it is over, from its record and from what was seen of it. Jobs do not wait for it, whatever becomes of the spans. */
export class JobTracer implements Pick<EngineObserver, "committed">, AttemptWatcher {
  readonly #options: TracerOptions;
  readonly #notes = new Map<string, OwnNotes>();
  #ended: Ended[] = [];
  #isWorking = false;
  #cancel: (() => void) | undefined;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  /** What is at the front of its queue, or of its share's lane, and cannot start, and why. */
  committed({ world, plan, at }: TickReport): void {
    for (const { head, lanes } of plan.blocked.values()) {
      for (const blocked of head === undefined ? lanes.values() : [head, ...lanes.values()]) {
        const job = world.jobs.get(blocked.jobId);
        const notes = job && this.#noted(blocked.jobId);
        if (job === undefined || notes === undefined || notes.reasons.length >= MAX_REASONS) continue;
        const reason = waitingText(blocked.reason, requirementsOf(job));
        if (notes.reasons.at(-1)?.reason !== reason) notes.reasons.push({ at, reason });
      }
    }
  }

  placed({ jobId, attemptId, at, runnableSince }: Placed): void {
    const notes = this.#noted(jobId);
    if (notes === undefined) return;
    notes.placedAt.set(attemptId, at);
    if (runnableSince !== undefined) notes.runnableSince ??= runnableSince;
  }

  jobEnded({ jobId, at }: { readonly jobId: string; readonly state: JobState; readonly at: number }): void {
    const notes = this.#notes.get(jobId) ?? NO_NOTES;
    this.#notes.delete(jobId);
    if (this.#ended.length >= MAX_ENDED) return;
    this.#ended.push({ jobId, notes, at });
    this.#cancel ??= this.#options.clock.after(FLUSH_EVERY_MS, () => void this.flush());
  }

  /** Makes the spans of all jobs that are over. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (this.#ended.length > 0) await this.#trace(this.#ended.splice(0, JOBS_AT_ONCE));
    } catch (error) {
      this.#options.onError("the traces of some jobs were not made", error);
    } finally {
      this.#isWorking = false;
    }
  }

  #noted(jobId: string): OwnNotes | undefined {
    let notes = this.#notes.get(jobId);
    if (notes === undefined && this.#notes.size < MAX_NOTED)
      this.#notes.set(jobId, (notes = { placedAt: new Map(), reasons: [] }));
    return notes;
  }

  async #trace(ended: readonly Ended[]): Promise<void> {
    const { jobs, sink } = this.#options;
    const records = await this.#recordsOf(ended.map(({ jobId }) => jobId));
    const specs = await jobs.specs([...new Set(ended.map(({ jobId }) => ownerOf(jobId)))]);
    for (const { jobId, notes, at } of ended) {
      const record = records.get(jobId);
      const spec = specs.get(ownerOf(jobId));
      if (record === undefined) continue;
      const submitted = spec && submittedContext(spec);
      if (submitted?.isSampled === false) continue;
      for (const span of spansOf(record, notes, submitted, at)) sink(span);
    }
  }

  async #recordsOf(ids: readonly string[]): Promise<Map<string, JobRecord>> {
    const { jobs } = this.#options;
    const byScope = new Map<string, string[]>();
    for (const id of ids) {
      const scope = (await jobs.origin(ownerOf(id)))?.scope;
      if (scope !== undefined) byScope.set(scope, [...(byScope.get(scope) ?? []), id]);
    }
    const found = await Promise.all([...byScope].map(([scope, some]) => jobs.find(scope, some)));
    return new Map(found.flat().map((record) => [record.id, record]));
  }
}

function ownerOf(jobId: string): string {
  return parseChildId(jobId)?.parentId ?? jobId;
}
