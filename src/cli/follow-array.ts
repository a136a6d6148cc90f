import type { JobDetail } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { arraySizeOf, DESCRIBE_LIMIT, describeJobs, describeOne, hasEnded, isWaiting, logGroupOf } from "./job.ts";
import { logStreamsOf } from "./job-containers.ts";
import { JobOutput, logLagMs, type Listener } from "./job-output.ts";
import { readEndedStreams, STREAMS_PER_FILTER, type Line } from "./log-reader.ts";
import type { Pace } from "./pace.ts";

/** Descriptions of children per look: a bound on the work of one look, whatever the size of the array. */
const PAGES_PER_LOOK = 10;
const CONCURRENT_READS = 8;

/** Follows an array until it has ended and the output of all its children was given to the listener. */
export async function followArray(
  connection: Connection,
  first: JobDetail,
  listener: Listener,
  pace: Pace,
): Promise<JobDetail> {
  const jobId = first.jobId ?? "";
  const children =
    listener.lines === undefined
      ? undefined
      : new ChildrenOutput(connection, jobId, arraySizeOf(first) ?? 0, listener.lines);
  let parent = first;
  let seen = "";
  for (;;) {
    const counts = parent.arrayProperties?.statusSummary ?? {};
    const caughtUp = (await children?.look(parent)) ?? true;
    listener.progress({ counts, waitingReason: children?.waitingReason ?? waitingReasonOf(parent) });
    if (hasEnded(parent) && caughtUp) return parent;
    const now = JSON.stringify([parent.status, counts]);
    await pace.wait(now !== seen);
    seen = now;
    parent = await describeOne(connection, jobId);
  }
}

/** Gives the output that the children have written so far. */
export async function readArray(
  connection: Connection,
  parent: JobDetail,
  take: NonNullable<Listener["lines"]>,
): Promise<void> {
  await new ChildrenOutput(connection, parent.jobId ?? "", arraySizeOf(parent) ?? 0, take).look(parent);
}

function waitingReasonOf(job: JobDetail): string | undefined {
  return isWaiting(job) ? job.statusReason : undefined;
}

/**
 * The output of an array's children. The parent's summary says how many children run and have ended; children start in the
 * order of their index, so those are found among the lowest indexes not settled yet. A look costs in what changed, not in
 * the size of the array.
 *
 * Each log has one reader: a child seen running is read from its stream, step by step; a child first seen ended is read
 * once, together with up to 99 others.
 */
class ChildrenOutput {
  waitingReason: string | undefined;
  readonly #connection: Connection;
  readonly #parentId: string;
  readonly #size: number;
  readonly #take: NonNullable<Listener["lines"]>;
  /** Indexes whose output is not complete yet, ascending. */
  readonly #open: Set<number>;
  readonly #running = new Map<number, JobOutput>();
  /** Where the search for changed children goes on, when one look was not enough. */
  #searchFrom = 0;

  constructor(connection: Connection, parentId: string, size: number, take: NonNullable<Listener["lines"]>) {
    this.#connection = connection;
    this.#parentId = parentId;
    this.#size = size;
    this.#take = take;
    this.#open = new Set(Array.from({ length: size }, (_, index) => index));
  }

  /** Gives the output that there is by now. True when every child has ended and given all of its output. */
  async look(parent: JobDetail): Promise<boolean> {
    const active = await this.#findActive(parent);
    const settledBefore = Date.now() - logLagMs(this.#connection);
    const ended = active.filter((child) => hasEnded(child) && (child.stoppedAt ?? 0) <= settledBefore);
    const unread = ended.filter((child) => !this.#running.has(indexOf(child)));
    await this.#readEnded(unread);
    await this.#readRunning(active.filter((child) => !hasEnded(child) || this.#running.has(indexOf(child))));
    for (const child of ended) {
      this.#running.delete(indexOf(child));
      this.#open.delete(indexOf(child));
    }
    return this.#open.size === 0;
  }

  /** Finds the open children that run or have ended. */
  async #findActive(parent: JobDetail): Promise<JobDetail[]> {
    const expected = this.#expected(parent);
    const found: JobDetail[] = [];
    const waiting: JobDetail[] = [];
    const candidates = this.#candidates();
    for (let page = 0; page * DESCRIBE_LIMIT < candidates.length; page += 1) {
      // The first page is always looked at: it has the child that waits next, and its reason.
      if (page > 0 && found.length >= expected) break;
      if (page === PAGES_PER_LOOK && !hasEnded(parent)) {
        this.#searchFrom = candidates[page * DESCRIBE_LIMIT] ?? 0;
        return found;
      }
      const ids = candidates.slice(page * DESCRIBE_LIMIT, (page + 1) * DESCRIBE_LIMIT);
      const children = await describeJobs(
        this.#connection,
        ids.map((index) => `${this.#parentId}:${index}`),
      );
      for (const child of children) (isWaiting(child) ? waiting : found).push(child);
    }
    this.#searchFrom = 0;
    this.waitingReason = waiting.find((child) => child.status === "RUNNABLE" && child.statusReason)?.statusReason;
    return found;
  }

  #expected(parent: JobDetail): number {
    if (hasEnded(parent)) return this.#open.size;
    const { STARTING = 0, RUNNING = 0, SUCCEEDED = 0, FAILED = 0 } = parent.arrayProperties?.statusSummary ?? {};
    const settled = this.#size - this.#open.size;
    return STARTING + RUNNING + SUCCEEDED + FAILED - settled;
  }

  #candidates(): number[] {
    const open = [...this.#open];
    const start = open.findIndex((index) => index >= this.#searchFrom);
    return start <= 0 ? open : [...open.slice(start), ...open.slice(0, start)];
  }

  async #readEnded(children: readonly JobDetail[]): Promise<void> {
    const indexes = new Map<string, number>();
    for (const child of children) for (const stream of logStreamsOf(child)) indexes.set(stream, indexOf(child));
    const [first] = children;
    const streams = [...indexes.keys()];
    if (first === undefined) return;
    for (let start = 0; start < streams.length; start += STREAMS_PER_FILTER) {
      const page = streams.slice(start, start + STREAMS_PER_FILTER);
      await readEndedStreams(this.#connection, logGroupOf(first), page, (stream, lines: readonly Line[]) =>
        this.#take(indexes.get(stream), lines),
      );
    }
  }

  async #readRunning(children: readonly JobDetail[]): Promise<void> {
    const queue = [...children];
    const worker = async (): Promise<void> => {
      for (let child = queue.shift(); child !== undefined; child = queue.shift()) {
        await this.#outputOf(indexOf(child)).catchUp(child);
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENT_READS, queue.length) }, worker));
  }

  #outputOf(index: number): JobOutput {
    const known = this.#running.get(index);
    if (known !== undefined) return known;
    const output = new JobOutput(this.#connection, index, this.#take);
    this.#running.set(index, output);
    return output;
  }
}

function indexOf(child: JobDetail): number {
  return child.arrayProperties?.index ?? Number((child.jobId ?? ":0").split(":")[1]);
}
