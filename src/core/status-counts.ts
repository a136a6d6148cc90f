import type { Job, JobStatus } from "./job.ts";
import { isArrayParent, isTerminal } from "./job.ts";

/** What has come to a queue and left it. Children of arrays count one by one, their parents do not. */
export interface Flow {
  submitted: number;
  succeeded: number;
  failed: number;
}

export type CountsByStatus = ReadonlyMap<JobStatus, number>;

interface OfArray {
  readonly queueArn: string;
  readonly status: JobStatus;
  readonly count: number;
}

const NONE: CountsByStatus = new Map();

/** How many jobs each queue has that are not over, by status, and what has come and gone: counted as it happens, so that nobody ever counts the jobs. */
export class StatusCounts {
  readonly #byQueue = new Map<string, Map<JobStatus, number>>();
  /** By array: its children that have no record. */
  readonly #rests = new Map<string, OfArray>();
  #flows = new Map<string, Flow>();

  of(queueArn: string): CountsByStatus {
    return this.#byQueue.get(queueArn) ?? NONE;
  }

  /** By queue ARN; those without jobs may be left out. */
  all(): ReadonlyMap<string, CountsByStatus> {
    return this.#byQueue;
  }

  /** By queue ARN, what has come and gone since this was called last. Costs in the queues where something did. */
  takeFlows(): ReadonlyMap<string, Readonly<Flow>> {
    const taken = this.#flows;
    if (taken.size > 0) this.#flows = new Map();
    return taken;
  }

  /** A job, or a child that has a record, has come or is another one now. */
  changed(before: Job | undefined, after: Job): void {
    if (isArrayParent(after)) return;
    const { queueArn, state } = after;
    if (before?.state.status === state.status) return;
    if (before !== undefined) this.#add(queueArn, before.state.status, -1);
    else if (after.parent === undefined) this.#flow(queueArn).submitted += 1;
    if (!isTerminal(state.status)) this.#add(queueArn, state.status, 1);
    else if (before === undefined || !isTerminal(before.state.status)) this.#ended(queueArn, state.status, 1);
  }

  /** A job is no longer looked after. */
  removed(job: Job): void {
    if (!isArrayParent(job) && !isTerminal(job.state.status)) this.#add(job.queueArn, job.state.status, -1);
  }

  /** An array has come, or so many of its children have no record now. */
  restChanged(array: Job, count: number): void {
    const { id, queueArn, state } = array;
    const before = this.#rests.get(id);
    if (before === undefined) this.#flow(queueArn).submitted += array.scheduling.arraySize ?? 0;
    else this.#add(queueArn, before.status, -before.count);
    const status = isTerminal(state.status) ? "FAILED" : (state.rest?.status ?? state.status);
    if (status !== "FAILED") {
      this.#add(queueArn, status, count);
      this.#rests.set(id, { queueArn, status, count });
      return;
    }
    // They end without having had a record. From now on there are none of them.
    this.#ended(queueArn, "FAILED", before?.count ?? count);
    this.#rests.set(id, { queueArn, status, count: 0 });
  }

  arrayRemoved(arrayId: string): void {
    const rest = this.#rests.get(arrayId);
    if (rest !== undefined) this.#add(rest.queueArn, rest.status, -rest.count);
    this.#rests.delete(arrayId);
  }

  #ended(queueArn: string, status: JobStatus, count: number): void {
    this.#flow(queueArn)[status === "SUCCEEDED" ? "succeeded" : "failed"] += count;
  }

  #flow(queueArn: string): Flow {
    let flow = this.#flows.get(queueArn);
    if (flow === undefined) this.#flows.set(queueArn, (flow = { submitted: 0, succeeded: 0, failed: 0 }));
    return flow;
  }

  #add(queueArn: string, status: JobStatus, by: number): void {
    if (by === 0) return;
    let counts = this.#byQueue.get(queueArn);
    if (counts === undefined) this.#byQueue.set(queueArn, (counts = new Map()));
    const count = (counts.get(status) ?? 0) + by;
    if (count !== 0) counts.set(status, count);
    else if (counts.delete(status) && counts.size === 0) this.#byQueue.delete(queueArn);
  }
}
